//! Proof that a feed is whole and unchanged: positions without holes, versions without holes, the
//! hash chain from the first event to the head; and that what stands beside the events (claims,
//! outbox) is what they say.
//!
//! Not covered, because nothing else says the same: the tenant and the epoch of a feed's head. And who
//! may write every table of this schema can write another history; `verify` finds a change, not a
//! forgery of everything.

mod claims;
mod finding;
mod walk;

pub use finding::Finding;

use crate::reader::EventReader;
use chrono::{DateTime, Utc};
use claims::Held;
use domain::{ids::FeedId, limits::PAGE_EVENTS_MAX};
use sqlx::{Row, mysql::MySqlRow};
use uuid::Uuid;
use walk::Walk;

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

/// Most findings of one report; a broken chain need not be told a million times.
const FINDINGS_MAX: usize = 100;

/// Most claims of one feed that are compared: many times what tables, open orders and a menu can hold.
const CLAIMS_MAX: usize = 200_000;

/// A feed's head, and the claims of the same moment.
struct Head {
    position: u64,
    hash: Vec<u8>,
    recorded_at: DateTime<Utc>,
    claims: Held,
}

/// Reads a whole feed, a page at a time, and checks every event against the one before it.
///
/// A hash that differs is told once, at the event that was changed: the walk goes on from the stored
/// hash, so that what follows is judged by itself. Service may go on meanwhile: events that come later
/// are left for the next time.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn verify_feed(reader: &EventReader, feed: FeedId) -> Result<Report, sqlx::Error> {
    let Some(head) = head(reader, feed).await? else {
        return Ok(Report { feed, events: 0, findings: vec![Finding::NoFeed] });
    };
    let mut walk = Walk::new();
    let mut events = 0;
    // Ends: every page moves on, and there are none after the head.
    while walk.findings.len() < FINDINGS_MAX {
        let page = page(reader, feed, walk.position, head.position).await?;
        if page.is_empty() {
            break;
        }
        events += page.len() as u64;
        for row in &page {
            walk.check(feed, row)?;
        }
    }
    if walk.findings.len() < FINDINGS_MAX {
        end(&mut walk, &head);
        walk.findings.extend(outside(reader, feed).await?);
        walk.findings.extend(outbox(reader, feed).await?);
    }
    walk.findings.truncate(FINDINGS_MAX);
    Ok(Report { feed, events, findings: walk.findings })
}

/// The next feed that has events, in the order of ids, and whether it has a head: a feed whose head is
/// gone stands in no list of feeds.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn next_feed_of_events(
    reader: &EventReader,
    after: Option<FeedId>,
) -> Result<Option<(FeedId, bool)>, sqlx::Error> {
    let after: &[u8] = after.as_ref().map_or(&[], |feed| feed.0.as_bytes());
    sqlx::query(
        "SELECT e.feed_id, h.feed_id IS NOT NULL AS has_head \
           FROM (SELECT feed_id FROM events WHERE feed_id > ? ORDER BY feed_id, position LIMIT 1) e \
           LEFT JOIN feed_heads h ON h.feed_id = e.feed_id",
    )
    .bind(after)
    .fetch_optional(reader.pool())
    .await?
    .map(|row| Ok((FeedId::from(row.try_get::<Uuid, _>("feed_id")?), row.try_get("has_head")?)))
    .transpose()
}

/// The end of the walk, against the head that was read before it.
fn end(walk: &mut Walk, head: &Head) {
    if walk.position != head.position {
        walk.findings.push(Finding::Head { head: head.position, last: walk.position });
        // The claims of the missing events are unknown.
        return;
    }
    if !walk.ends_with(&head.hash) {
        walk.findings.push(Finding::HeadHash);
    }
    if walk.recorded_at != Some(head.recorded_at) {
        walk.findings.push(Finding::HeadTime);
    }
    // Events that were changed or are missing say something else about claims: told already.
    if walk.findings.is_empty() {
        walk.findings.extend(walk.claims.differences(&head.claims));
    }
}

/// One statement, so that head and claims are of one moment whatever the isolation is.
async fn head(reader: &EventReader, feed: FeedId) -> Result<Option<Head>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT h.position, h.last_hash, h.recorded_at, c.kind, c.claim_key, c.aggregate_id \
           FROM feed_heads h LEFT JOIN claims c ON c.feed_id = h.feed_id WHERE h.feed_id = ? LIMIT ?",
    )
    .bind(feed.0)
    .bind(u32::try_from(CLAIMS_MAX).unwrap_or(u32::MAX))
    .fetch_all(reader.pool())
    .await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut head = Head {
        position: first.try_get("position")?,
        hash: first.try_get("last_hash")?,
        recorded_at: first.try_get("recorded_at")?,
        claims: Held::new(),
    };
    for row in &rows {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if let Some(kind) = row.try_get::<Option<Vec<u8>>, _>("kind")? {
            head.claims.insert((text(kind), text(row.try_get("claim_key")?)), row.try_get("aggregate_id")?);
        }
    }
    Ok(Some(head))
}

async fn page(reader: &EventReader, feed: FeedId, after: u64, end: u64) -> Result<Vec<MySqlRow>, sqlx::Error> {
    sqlx::query(
        "SELECT position, event_id, aggregate_id, aggregate_type, version, type, schema_version, recorded_at, \
                metadata, payload, hash \
           FROM events WHERE feed_id = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?",
    )
    .bind(feed.0)
    .bind(after)
    .bind(end)
    .bind(u32::try_from(PAGE_EVENTS_MAX).unwrap_or(u32::MAX))
    .fetch_all(reader.pool())
    .await
}

/// An event before the first position or behind the head. One statement sees events and head at the
/// same moment, so an event that was committed just now is not taken for one.
async fn outside(reader: &EventReader, feed: FeedId) -> Result<Vec<Finding>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT h.position AS head, \
                (SELECT position FROM events WHERE feed_id = h.feed_id ORDER BY position LIMIT 1) AS first, \
                (SELECT position FROM events WHERE feed_id = h.feed_id ORDER BY position DESC LIMIT 1) AS last \
           FROM feed_heads h WHERE h.feed_id = ?",
    )
    .bind(feed.0)
    .fetch_optional(reader.pool())
    .await?;
    let Some(row) = row else { return Ok(Vec::new()) };
    let head: u64 = row.try_get("head")?;
    let ends: [Option<u64>; 2] = [row.try_get("first")?, row.try_get("last")?];
    let outside = ends.into_iter().flatten().filter(|position| *position == 0 || *position > head);
    Ok(outside.map(|position| Finding::Outside { position, head }).collect())
}

/// Relays delete from the outbox and note how far they published in one transaction, so every event
/// after that place, and no other, waits in the outbox.
async fn outbox(reader: &EventReader, feed: FeedId) -> Result<Option<Finding>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT h.position AS head, IF(p.epoch = h.epoch, p.position, NULL) AS published, p.feed_id IS NULL AS never, \
                (SELECT COUNT(*) FROM outbox o WHERE o.shard = ? AND o.feed_id = h.feed_id \
                    AND o.position BETWEEN IF(p.epoch = h.epoch, p.position, 0) + 1 AND h.position) AS waiting \
           FROM feed_heads h LEFT JOIN published p ON p.feed_id = h.feed_id WHERE h.feed_id = ?",
    )
    .bind(feed.shard())
    .bind(feed.0)
    .fetch_optional(reader.pool())
    .await?;
    let Some(row) = row else { return Ok(None) };
    let (head, never): (u64, bool) = (row.try_get("head")?, row.try_get("never")?);
    let published: Option<u64> = row.try_get("published")?;
    // Nothing was published in this epoch yet, of which only the events after its beginning wait.
    let Some(published) = published.or(never.then_some(0)) else { return Ok(None) };
    let waiting = u64::try_from(row.try_get::<i64, _>("waiting")?).unwrap_or(0);
    let expected = head.saturating_sub(published);
    Ok((waiting != expected).then_some(Finding::Outbox { published, expected, waiting }))
}
