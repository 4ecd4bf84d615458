//! Loading aggregates, and what other processes wrote.

use super::{super::cache::Versioned, super::error::RunError, padded, with_rows};
use domain::{
    event::Event,
    ids::FeedId,
    stream::{AggregateKind, StreamId},
};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Most events that a cache catches up with under the lock; further behind, it loads anew before.
pub(crate) const CATCH_UP_MAX: u32 = 1_000;

/// Folds these streams from their events. A stream without events is absent.
pub(crate) async fn streams(
    connection: &mut MySqlConnection,
    wanted: &[(FeedId, StreamId)],
) -> Result<HashMap<(FeedId, StreamId), Versioned>, RunError> {
    const SELECT: &str = "SELECT feed_id, aggregate_id, aggregate_type, version, type, schema_version, payload \
                          FROM events FORCE INDEX (events_aggregate_version) WHERE (feed_id, aggregate_id) IN (";
    let mut loaded: HashMap<_, _> =
        wanted.iter().map(|(feed, stream)| ((*feed, *stream), Versioned::absent(*stream))).collect();
    for piece in padded(wanted) {
        let sql = with_rows(SELECT, "(?,?)", piece.len(), ") ORDER BY feed_id, aggregate_id, version");
        let mut query = sqlx::query(&sql);
        for (feed, stream) in &piece {
            query = query.bind(feed.0).bind(stream.id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let feed = FeedId::from(row.try_get::<Uuid, _>("feed_id")?);
            // An id of another kind than asked for names nothing of this kind: it stays absent.
            let Some(stream) = stream_of(&row)? else { continue };
            if let Some(aggregate) = loaded.get_mut(&(feed, stream)) {
                aggregate.apply(event_of(&row)?);
            }
        }
    }
    Ok(loaded)
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
