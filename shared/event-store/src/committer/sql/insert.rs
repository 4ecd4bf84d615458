//! Events and their outbox rows.

use super::{super::stage::NewEvent, pieces, with_rows};
use sqlx::MySqlConnection;

/// Appends events.
pub(crate) async fn events(connection: &mut MySqlConnection, events: &[NewEvent]) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO events (feed_id, position, aggregate_id, aggregate_type, version, event_id, \
                          type, schema_version, recorded_at, metadata, payload, hash) VALUES ";
    for piece in pieces(events) {
        let sql = with_rows(INSERT, "(?,?,?,?,?,?,?,?,?,?,?,?)", piece.len(), "");
        let mut query = sqlx::query(&sql);
        for event in piece {
            query = query
                .bind(event.feed.0)
                .bind(event.position)
                .bind(event.stream.id)
                .bind(event.stream.kind.as_str())
                .bind(event.version)
                .bind(event.event_id)
                .bind(event.event_type)
                .bind(event.schema_version)
                .bind(event.recorded_at)
                .bind(event.metadata.as_ref())
                .bind(event.payload.as_ref())
                .bind(event.hash.as_slice());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Points the relay at the events.
pub(crate) async fn outbox(connection: &mut MySqlConnection, events: &[NewEvent]) -> Result<(), sqlx::Error> {
    for piece in pieces(events) {
        let sql = with_rows("INSERT INTO outbox (shard, feed_id, position) VALUES ", "(?,?,?)", piece.len(), "");
        let mut query = sqlx::query(&sql);
        for event in piece {
            query = query.bind(event.feed.shard()).bind(event.feed.0).bind(event.position);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
