//! Loading aggregates, and what other processes wrote.

use super::{super::cache::Versioned, super::error::RunError, padded, with_rows};
use crate::snapshots::{self, Snapshots};
use domain::{
    event::Event,
    ids::FeedId,
    stream::{AggregateKind, State, StreamId},
};
use sqlx::{MySqlConnection, MySqlPool, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Most events that a cache catches up with under the lock; further behind, it loads anew before.
pub(crate) const CATCH_UP_MAX: u32 = 1_000;

/// Streams and what they fold to.
type Loaded = HashMap<(FeedId, StreamId), Versioned>;

/// Folds these streams, from where their state was kept or from their first event. A stream without
/// events is absent.
pub(crate) async fn streams(
    connection: &mut MySqlConnection,
    snapshots: &Snapshots,
    wanted: &[(FeedId, StreamId)],
) -> Result<Loaded, RunError> {
    if wanted.is_empty() {
        return Ok(Loaded::new());
    }
    let mut loaded: Loaded =
        wanted.iter().map(|(feed, stream)| ((*feed, *stream), Versioned::absent(*stream))).collect();
    for ((feed, stream), (state, version)) in snapshots::read(connection, wanted).await? {
        snapshots.used(feed, stream, version, &state);
        loaded.insert((feed, stream), Versioned { state, version });
    }
    let from: HashMap<_, _> = loaded.iter().map(|(stream, aggregate)| (*stream, aggregate.version)).collect();
    let (kept, whole): (Vec<_>, Vec<_>) = wanted.iter().partition(|stream| from.get(stream).is_some_and(|at| *at > 0));
    fold_whole(connection, &whole, &mut loaded).await?;
    let kept: Vec<_> = kept.into_iter().map(|stream| (stream, from[&stream])).collect();
    fold_after(connection, &kept, &mut loaded).await?;
    for ((feed, stream), aggregate) in &loaded {
        snapshots.loaded(*feed, *stream, from[&(*feed, *stream)], aggregate.version, &aggregate.state);
    }
    Ok(loaded)
}

async fn fold_whole(
    connection: &mut MySqlConnection,
    wanted: &[(FeedId, StreamId)],
    loaded: &mut Loaded,
) -> Result<(), RunError> {
    const SELECT: &str = "SELECT feed_id, aggregate_id, aggregate_type, version, type, schema_version, payload \
                          FROM events FORCE INDEX (events_aggregate_version) WHERE (feed_id, aggregate_id) IN (";
    for piece in padded(wanted) {
        let sql = with_rows(SELECT, "(?,?)", piece.len(), ") ORDER BY feed_id, aggregate_id, version");
        let mut query = sqlx::query(&sql);
        for (feed, stream) in &piece {
            query = query.bind(feed.0).bind(stream.id);
        }
        fold(query.fetch_all(&mut *connection).await?, loaded)?;
    }
    Ok(())
}

/// Stream by stream: only kinds with kept states come here, and few of them at once.
async fn fold_after(
    connection: &mut MySqlConnection,
    kept: &[((FeedId, StreamId), u64)],
    loaded: &mut Loaded,
) -> Result<(), RunError> {
    for ((feed, stream), version) in kept {
        let rows = sqlx::query(
            "SELECT feed_id, aggregate_id, aggregate_type, version, type, schema_version, payload \
               FROM events FORCE INDEX (events_aggregate_version) \
              WHERE feed_id = ? AND aggregate_id = ? AND version > ? ORDER BY version",
        )
        .bind(feed.0)
        .bind(stream.id)
        .bind(version)
        .fetch_all(&mut *connection)
        .await?;
        fold(rows, loaded)?;
    }
    Ok(())
}

fn fold(rows: Vec<MySqlRow>, loaded: &mut Loaded) -> Result<(), RunError> {
    for row in rows {
        let feed = FeedId::from(row.try_get::<Uuid, _>("feed_id")?);
        // An id of another kind than asked for names nothing of this kind: it stays absent.
        let Some(stream) = stream_of(&row)? else { continue };
        if let Some(aggregate) = loaded.get_mut(&(feed, stream)) {
            aggregate.apply(event_of(&row)?);
        }
    }
    Ok(())
}

/// What the first `version` events of a stream fold to; `None` if one of them is missing or cannot be read.
///
/// # Errors
/// When MySQL cannot answer.
pub(crate) async fn fold_to(
    pool: &MySqlPool,
    feed: FeedId,
    stream: StreamId,
    version: u64,
) -> Result<Option<State>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT type, schema_version, payload FROM events FORCE INDEX (events_aggregate_version) \
          WHERE feed_id = ? AND aggregate_id = ? AND version <= ? ORDER BY version",
    )
    .bind(feed.0)
    .bind(stream.id)
    .bind(version)
    .fetch_all(pool)
    .await?;
    let mut aggregate = Versioned::absent(stream);
    for row in &rows {
        let Ok(event) = event_of(row) else { return Ok(None) };
        aggregate.apply(event);
    }
    Ok((aggregate.version == version).then_some(aggregate.state))
}

/// An event that another process wrote into a feed.
pub(crate) struct Written {
    pub(crate) stream: StreamId,
    pub(crate) version: u64,
    pub(crate) event: Event,
}

/// The events of a feed after this position; `None` if there are more than [`CATCH_UP_MAX`].
pub(crate) async fn written_after(
    connection: &mut MySqlConnection,
    feed: FeedId,
    position: u64,
) -> Result<Option<Vec<Written>>, RunError> {
    let rows = sqlx::query(
        "SELECT aggregate_id, aggregate_type, version, type, schema_version, payload \
           FROM events WHERE feed_id = ? AND position > ? ORDER BY position LIMIT ?",
    )
    .bind(feed.0)
    .bind(position)
    .bind(CATCH_UP_MAX + 1)
    .fetch_all(connection)
    .await?;
    if rows.len() > CATCH_UP_MAX as usize {
        return Ok(None);
    }
    let mut written = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(stream) = stream_of(row)? {
            written.push(Written { stream, version: row.try_get("version")?, event: event_of(row)? });
        }
    }
    Ok(Some(written))
}

fn stream_of(row: &MySqlRow) -> Result<Option<StreamId>, sqlx::Error> {
    let kind = AggregateKind::from_name(row.try_get("aggregate_type")?);
    let id = row.try_get("aggregate_id")?;
    Ok(kind.map(|kind| StreamId { kind, id }))
}

fn event_of(row: &MySqlRow) -> Result<Event, RunError> {
    Ok(Event::decode(row.try_get("type")?, row.try_get("schema_version")?, row.try_get("payload")?)?)
}
