//! What became of an event after its commit, for those who look: the row in the outbox, how far the
//! feed was published, the receipt of the command, the links of the hash chain.

use crate::{
    hash::{GENESIS, Hash, Link},
    pool::{READ_WITHIN, within},
    reader::EventReader,
};
use chrono::{DateTime, Utc};
use domain::{envelope::Cursor, ids::FeedId};
use sqlx::Row;
use uuid::Uuid;

/// Whether an event was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery {
    /// Its row waits in the outbox.
    pub waiting: bool,
    /// How far the feed was published; `None`: nothing of it yet.
    pub published: Option<Cursor>,
}

/// The stored answer of a command, without the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptSeen {
    /// The HTTP status of the answer.
    pub status: u16,
    /// The position that the answer named.
    pub position: u64,
    /// When it was kept; it goes a day later.
    pub recorded_at: DateTime<Utc>,
}

/// The hash of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    /// As it is stored, 64 hexadecimal digits.
    pub hash: String,
    /// Whether it is the hash of the event and of what is stored before it.
    pub fits: bool,
}

/// One key, three tables, one moment.
pub(crate) const DELIVERY: &str = "SELECT EXISTS (SELECT 1 FROM outbox WHERE shard = ? AND feed_id = h.feed_id AND position = ?) AS waiting, \
        p.epoch, p.position \
   FROM feed_heads h LEFT JOIN published p ON p.feed_id = h.feed_id WHERE h.feed_id = ?";

/// All of one principal in one feed, of a day at most: the front of the primary key.
pub(crate) const RECEIPT: &str = "SELECT status, position, recorded_at \
   FROM receipts FORCE INDEX (PRIMARY) WHERE feed_id = ? AND principal = ? AND command_id = ? LIMIT 1";

impl EventReader {
    /// Whether the event at this position was published.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn delivery(&self, feed: FeedId, position: u64) -> Result<Delivery, sqlx::Error> {
        let look = sqlx::query(DELIVERY).bind(feed.shard()).bind(position).bind(feed.0).fetch_optional(self.pool());
        let row = within(READ_WITHIN, look).await?;
        let Some(row) = row else { return Ok(Delivery { waiting: false, published: None }) };
        let epoch: Option<u32> = row.try_get("epoch")?;
        let published = match epoch {
            Some(epoch) => Some(Cursor { epoch, position: row.try_get("position")? }),
            None => None,
        };
        Ok(Delivery { waiting: row.try_get("waiting")?, published })
    }

    /// The receipt of a command; `None` once it is older than a day, or where none was kept.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn receipt_of(
        &self,
        feed: FeedId,
        principal: &str,
        command: Uuid,
    ) -> Result<Option<ReceiptSeen>, sqlx::Error> {
        let look =
            sqlx::query(RECEIPT).bind(feed.0).bind(principal.as_bytes()).bind(command).fetch_optional(self.pool());
        within(READ_WITHIN, look)
            .await?
            .map(|row| {
                Ok(ReceiptSeen {
                    status: row.try_get("status")?,
                    position: row.try_get("position")?,
                    recorded_at: row.try_get("recorded_at")?,
                })
            })
            .transpose()
    }

    /// The hash of the event at this position; `None` where there is no event.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn chain_link(&self, feed: FeedId, position: u64) -> Result<Option<ChainLink>, sqlx::Error> {
        let look = sqlx::query(
            "SELECT position, event_id, aggregate_id, version, type, schema_version, recorded_at, metadata, payload, \
                    hash FROM events WHERE feed_id = ? AND position BETWEEN ? AND ? ORDER BY position DESC",
        )
        .bind(feed.0)
        .bind(position.saturating_sub(1))
        .bind(position)
        .fetch_all(self.pool());
        let rows = within(READ_WITHIN, look).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let link = Link {
            feed,
            position: row.try_get("position")?,
            event_id: row.try_get("event_id")?,
            aggregate_id: row.try_get("aggregate_id")?,
            version: row.try_get("version")?,
            event_type: row.try_get("type")?,
            schema_version: row.try_get("schema_version")?,
            recorded_at: row.try_get("recorded_at")?,
            metadata: row.try_get("metadata")?,
            payload: row.try_get("payload")?,
        };
        if link.position != position {
            return Ok(None);
        }
        let before: Option<Hash> = match rows.get(1) {
            Some(row) => row.try_get::<&[u8], _>("hash")?.try_into().ok(),
            None => (position == 1).then_some(GENESIS),
        };
        let stored: &[u8] = row.try_get("hash")?;
        let fits = before.is_some_and(|before| link.hash(&before) == stored);
        let hash = stored.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Some(ChainLink { hash, fits }))
    }
}
