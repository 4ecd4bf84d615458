//! From rows to events.

use bytes::Bytes;
use domain::{
    envelope::{Cursor, Metadata, RecordedEvent},
    ids::{FeedId, TenantId},
};
use sqlx::{Row, mysql::MySqlRow};
use uuid::Uuid;

/// Reads a row with the columns of `events` and the feed's `epoch` and `tenant_id`.
///
/// # Errors
/// When a column is missing or is not what this build writes.
pub fn recorded_event(feed: FeedId, row: &MySqlRow) -> Result<RecordedEvent, sqlx::Error> {
    let metadata: &[u8] = row.try_get("metadata")?;
    Ok(RecordedEvent {
        feed,
        tenant: TenantId::from(row.try_get::<Uuid, _>("tenant_id")?),
        cursor: Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? },
        event_id: row.try_get("event_id")?,
        aggregate_type: row.try_get("aggregate_type")?,
        aggregate_id: row.try_get("aggregate_id")?,
        version: row.try_get("version")?,
        event_type: row.try_get("type")?,
        schema_version: row.try_get("schema_version")?,
        recorded_at: row.try_get("recorded_at")?,
        metadata: parse_metadata(metadata)?,
        payload: Bytes::copy_from_slice(row.try_get("payload")?),
    })
}

pub(crate) fn parse_metadata(bytes: &[u8]) -> Result<Metadata, sqlx::Error> {
    serde_json::from_slice(bytes)
        .map_err(|source| sqlx::Error::ColumnDecode { index: "metadata".to_owned(), source: source.into() })
}
