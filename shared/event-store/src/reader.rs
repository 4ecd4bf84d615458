//! Reading feeds from MySQL: heads and pages.

mod page;
pub(crate) mod search;
pub(crate) mod streams;

pub use search::{Found, Needle};

use self::page::Page;
use crate::{
    pool::{READ_WITHIN, within},
    rows,
};
use chrono::{DateTime, Utc};
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::{FeedId, TenantId},
    limits::PAGE_EVENTS_MAX,
};
use sqlx::{MySqlPool, QueryBuilder, Row, mysql::MySqlRow};
use uuid::Uuid;

/// Where a feed stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The feed.
    pub feed: FeedId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// Its last position.
    pub cursor: Cursor,
    /// The time of its last event.
    pub recorded_at: DateTime<Utc>,
}

/// Reads feeds. Cheap to clone. Each read is answered, or fails, within [`READ_WITHIN`].
#[derive(Debug, Clone)]
pub struct EventReader {
    pool: MySqlPool,
}

const FEED_PAGE: &str = "SELECT e.position, h.epoch, h.tenant_id, e.event_id, e.aggregate_type, e.aggregate_id, \
        e.version, e.type, e.schema_version, e.recorded_at, e.metadata, e.payload \
   FROM events e JOIN feed_heads h ON h.feed_id = e.feed_id \
  WHERE e.feed_id = ? AND e.position > ? ORDER BY e.position LIMIT ?";

const TAIL: &str = "SELECT MIN(position) AS first FROM \
        (SELECT position, SUM(LENGTH(payload)) OVER (ORDER BY position DESC) AS bytes \
           FROM events WHERE feed_id = ? AND position > ? AND position <= ?) sized \
  WHERE bytes <= ?";

const HEAD_COLUMNS: &str = "SELECT feed_id, tenant_id, position, epoch, recorded_at FROM feed_heads ";

impl EventReader {
    /// A reader over this pool.
    #[must_use]
    pub fn new(pool: MySqlPool) -> Self {
        Self { pool }
    }

    /// The pool that it reads through.
    #[must_use]
    pub fn pool(&self) -> &MySqlPool {
        &self.pool
    }

    /// Where the feed stands; `None` where there is no such feed.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn head(&self, feed: FeedId) -> Result<Option<Head>, sqlx::Error> {
        let head =
            sqlx::query("SELECT feed_id, tenant_id, position, epoch, recorded_at FROM feed_heads WHERE feed_id = ?")
                .bind(feed.0)
                .fetch_optional(&self.pool);
        within(READ_WITHIN, head).await?.as_ref().map(head_of).transpose()
    }

    /// Where these feeds stand; unknown ones are left out.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn heads(&self, feeds: &[FeedId]) -> Result<Vec<Head>, sqlx::Error> {
        let mut heads = Vec::with_capacity(feeds.len());
        for chunk in feeds.chunks(PAGE_EVENTS_MAX) {
            let mut query = QueryBuilder::new(HEAD_COLUMNS);
            query.push("WHERE feed_id IN (");
            let mut ids = query.separated(", ");
            // Padding to a power of two keeps the statement texts few.
            let padded = chunk.len().next_power_of_two();
            for feed in chunk.iter().chain(std::iter::repeat_n(&chunk[0], padded - chunk.len())) {
                ids.push_bind(feed.0);
            }
            query.push(")");
            for row in within(READ_WITHIN, query.build().fetch_all(&self.pool)).await? {
                heads.push(head_of(&row)?);
            }
        }
        Ok(heads)
    }

    /// All feeds in the order of their ids, a page at a time.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn all_heads(&self, after: Option<FeedId>, limit: u32) -> Result<Vec<Head>, sqlx::Error> {
        let after: &[u8] = after.as_ref().map_or(&[], |feed| feed.0.as_bytes());
        let heads = sqlx::query(
            "SELECT feed_id, tenant_id, position, epoch, recorded_at FROM feed_heads \
             WHERE feed_id > ? ORDER BY feed_id LIMIT ?",
        )
        .bind(after)
        .bind(limit)
        .fetch_all(&self.pool);
        within(READ_WITHIN, heads).await?.iter().map(head_of).collect()
    }

    /// The events after this position in order: at most `limit` of them and about
    /// [`PAGE_BYTES_MAX`](domain::limits::PAGE_BYTES_MAX), but at least one if there is one.
    ///
    /// # Errors
    /// When MySQL cannot answer, or a row is not what this build writes.
    pub async fn page(&self, feed: FeedId, after: u64, limit: usize) -> Result<Vec<RecordedEvent>, sqlx::Error> {
        let mut page = Page::default();
        while let Some(asked) = page.wants(limit) {
            let after = page.last().map_or(after, |event| event.cursor.position);
            let look = sqlx::query(FEED_PAGE).bind(feed.0).bind(after).bind(asked).fetch_all(&self.pool);
            let rows = within(READ_WITHIN, look).await?;
            page.take(asked, rows.iter().map(|row| rows::recorded_event(feed, row)))?;
        }
        Ok(page.into_events())
    }

    /// The place from which on the feed has at most `events` events up to `head` and about `bytes` bytes
    /// of payload.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn tail(&self, feed: FeedId, head: u64, events: u64, bytes: u64) -> Result<u64, sqlx::Error> {
        let tail = sqlx::query(TAIL)
            .bind(feed.0)
            .bind(head.saturating_sub(events))
            .bind(head)
            .bind(bytes)
            .fetch_one(&self.pool);
        let first: Option<u64> = within(READ_WITHIN, tail).await?.try_get("first")?;
        Ok(first.map_or(head, |first| first.saturating_sub(1)))
    }
}

#[cfg(test)]
mod plans;

fn head_of(row: &MySqlRow) -> Result<Head, sqlx::Error> {
    Ok(Head {
        feed: FeedId::from(row.try_get::<Uuid, _>("feed_id")?),
        tenant: TenantId::from(row.try_get::<Uuid, _>("tenant_id")?),
        cursor: Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? },
        recorded_at: row.try_get("recorded_at")?,
    })
}
