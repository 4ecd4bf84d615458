//! Proof that a feed is whole and unchanged: positions without holes, versions without holes, and
//! the hash chain from the first event to the head.

use crate::{
    hash::{GENESIS, Hash, Link},
    reader::EventReader,
};
use domain::{ids::FeedId, limits::PAGE_EVENTS_MAX};
use sqlx::{Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// What was found in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The feed.
    pub feed: FeedId,
    /// Events that were read.
    pub events: u64,
    /// What is wrong, in the order in which it was met. Empty: the feed is proven.
    pub findings: Vec<Finding>,
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A position is missing (or was met twice).
    #[error("position {expected} is missing: {found} stands there")]
    Position {
        /// What should follow.
        expected: u64,
        /// What follows.
        found: u64,
    },
    /// A version of an aggregate is missing.
    #[error("aggregate {aggregate} has version {found} at position {position}, not {expected}")]
    Version {
        /// Where.
        position: u64,
        /// Whose.
        aggregate: Uuid,
        /// What should follow.
        expected: u64,
        /// What follows.
        found: u64,
    },
    /// The stored hash is not the hash of the event and what stands before it.
    #[error("the event at position {position} is not what was written there")]
    Hash {
        /// Where.
        position: u64,
    },
    /// The head says something else than the events.
    #[error("the head stands at {head}, the events end at {last}")]
    Head {
        /// The head's position.
        head: u64,
        /// The last event's position.
        last: u64,
    },
    /// The head's hash is not that of the last event.
    #[error("the head's hash is not that of the last event")]
    HeadHash,
    /// There is no such feed.
    #[error("there is no such feed")]
    NoFeed,
}

/// Most findings of one report; a broken chain need not be told a million times.
const FINDINGS_MAX: usize = 100;

struct Walk {
    position: u64,
    previous: Hash,
    versions: HashMap<Uuid, u64>,
    findings: Vec<Finding>,
}

/// Reads a whole feed, a page at a time, and checks every event against the one before it.
///
/// A hash that differs is told once, at the event that was changed: the walk goes on from the stored
/// hash, so that what follows is judged by itself.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn verify_feed(reader: &EventReader, feed: FeedId) -> Result<Report, sqlx::Error> {
    let mut walk = Walk { position: 0, previous: GENESIS, versions: HashMap::new(), findings: Vec::new() };
    // The head is read first: events that come later are left for the next time.
    let head = sqlx::query("SELECT position, last_hash FROM feed_heads WHERE feed_id = ?")
        .bind(feed.0)
        .fetch_optional(reader.pool())
        .await?;
    let Some(head) = head else { return Ok(Report { feed, events: 0, findings: vec![Finding::NoFeed] }) };
    let (end, end_hash): (u64, &[u8]) = (head.try_get("position")?, head.try_get("last_hash")?);
    let mut events = 0;
    while walk.findings.len() < FINDINGS_MAX {
        let page = page(reader, feed, walk.position, end).await?;
        if page.is_empty() {
            break;
        }
        events += page.len() as u64;
        for row in &page {
            walk.check(feed, row)?;
        }
    }
    if walk.position != end {
        walk.findings.push(Finding::Head { head: end, last: walk.position });
    } else if walk.previous != end_hash {
        walk.findings.push(Finding::HeadHash);
    }
    Ok(Report { feed, events, findings: walk.findings })
}

async fn page(reader: &EventReader, feed: FeedId, after: u64, end: u64) -> Result<Vec<MySqlRow>, sqlx::Error> {
    sqlx::query(
        "SELECT position, event_id, aggregate_id, version, type, schema_version, recorded_at, metadata, payload, hash \
           FROM events WHERE feed_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?",
    )
    .bind(feed.0)
    .bind(after)
    .bind(end)
    .bind(u32::try_from(PAGE_EVENTS_MAX).unwrap_or(u32::MAX))
    .fetch_all(reader.pool())
    .await
}

impl Walk {
    fn check(&mut self, feed: FeedId, row: &MySqlRow) -> Result<(), sqlx::Error> {
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
        let position = link.position;
        if position != self.position + 1 {
            self.findings.push(Finding::Position { expected: self.position + 1, found: position });
        }
        self.check_version(&link);
        let stored: Hash = row.try_get::<&[u8], _>("hash")?.try_into().unwrap_or(GENESIS);
        if link.hash(&self.previous) != stored {
            self.findings.push(Finding::Hash { position });
        }
        (self.position, self.previous) = (position, stored);
        Ok(())
    }

    fn check_version(&mut self, link: &Link<'_>) {
        let last = self.versions.entry(link.aggregate_id).or_insert(0);
        let expected = *last + 1;
        *last = link.version;
        if link.version != expected {
            let (position, aggregate, found) = (link.position, link.aggregate_id, link.version);
            self.findings.push(Finding::Version { position, aggregate, expected, found });
        }
    }
}
