//! Finding kept states.

use super::schema_hash;
use crate::committer::{padded, with_rows};
use domain::{
    ids::FeedId,
    stream::{State, StreamId},
};
use sqlx::{MySqlConnection, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// A kept state and its version.
pub(crate) type Kept = HashMap<(FeedId, StreamId), (State, u64)>;

/// `events` is asked by its unique key, so that the event of the state is one look-up.
pub(crate) const SELECT: &str = "SELECT s.feed_id, s.aggregate_id, s.version, s.schema_hash, s.state FROM snapshots s FORCE INDEX (PRIMARY) \
       STRAIGHT_JOIN events e FORCE INDEX (events_aggregate_version) \
         ON e.feed_id = s.feed_id AND e.aggregate_id = s.aggregate_id AND e.version = s.version AND e.hash = s.event_hash \
      WHERE (s.feed_id, s.aggregate_id) IN (";

/// The states of these streams that were kept by this code and whose event stands unchanged.
///
/// # Errors
/// When MySQL cannot answer.
pub(crate) async fn read(connection: &mut MySqlConnection, wanted: &[(FeedId, StreamId)]) -> Result<Kept, sqlx::Error> {
    let wanted: Vec<_> = wanted.iter().copied().filter(|(_, stream)| schema_hash(stream.kind).is_some()).collect();
    let mut kept = Kept::new();
    for piece in padded(&wanted) {
        let sql = with_rows(SELECT, "(?,?)", piece.len(), ")");
        let mut query = sqlx::query(&sql);
        for (feed, stream) in &piece {
            query = query.bind(feed.0).bind(stream.id);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let (feed, id) =
                (FeedId::from(row.try_get::<Uuid, _>("feed_id")?), row.try_get::<Uuid, _>("aggregate_id")?);
            let (hash, bytes): (&[u8], &[u8]) = (row.try_get("schema_hash")?, row.try_get("state")?);
            let of = piece.iter().find(|(of, stream)| *of == feed && stream.id == id);
            let Some((_, stream)) = of.filter(|(_, stream)| schema_hash(stream.kind).is_some_and(|it| it == hash))
            else {
                continue;
            };
            if let Some(state) = State::from_snapshot(stream.kind, bytes) {
                kept.insert((feed, *stream), (state, row.try_get("version")?));
            }
        }
    }
    Ok(kept)
}
