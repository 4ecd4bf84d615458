//! From events to revocations.

use super::matters_until;
use anyhow::Result;
use chrono::{DateTime, Utc};
use domain::ids::{FeedId, SessionId};
use event_store::{
    pool::{READ_WITHIN, within},
    reader::EventReader,
};
use identity::revocation::{Entry, Revoked};
use serde::Deserialize;
use sqlx::{Row, mysql::MySqlRow};

/// Of `table-session.closed`, what matters here.
#[derive(Deserialize)]
struct Closed {
    session_id: SessionId,
}

/// What the events of a part of a feed take back.
pub(super) async fn of(reader: &EventReader, feed: FeedId, after: u64, to: u64) -> Result<Vec<(Revoked, Entry)>> {
    // One range of the clustered key; MySQL sends only what matters.
    let query = sqlx::query(
        "SELECT type, recorded_at, payload FROM events \
          WHERE feed_id = ? AND position > ? AND position <= ? AND type = 'table-session.closed' ORDER BY position",
    )
    .bind(feed.0)
    .bind(after)
    .bind(to);
    let rows = within(READ_WITHIN, query.fetch_all(reader.pool())).await?;
    let now = Utc::now();
    rows.iter().filter_map(|row| consequence(row, now).transpose()).collect()
}

fn consequence(row: &MySqlRow, now: DateTime<Utc>) -> Result<Option<(Revoked, Entry)>> {
    let Some(until) = matters_until(row.try_get("recorded_at")?, now) else { return Ok(None) };
    let Closed { session_id } = serde_json::from_slice(row.try_get("payload")?)?;
    Ok(Some((Revoked::TableSession(session_id), Entry::until(until))))
}
