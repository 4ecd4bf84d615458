//! Feed heads: looked up, locked, moved.

use super::{
    super::cache::FeedHead,
    script::{Rows, Script},
};
use domain::{
    envelope::Cursor,
    ids::{FeedId, TenantId},
};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// The index is named because from about half of the table on the optimiser scans it whole, and so
/// waits for heads nobody asked for; a column outside the key is selected because otherwise it scans
/// in spite of the name.
const LOOK_UP: &str = "SELECT feed_id, tenant_id, position, epoch, last_hash, recorded_at \
                       FROM feed_heads FORCE INDEX (PRIMARY) WHERE feed_id IN (";

/// How a lock that others hold is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// Leave that feed out for now.
    SkipLocked,
    /// Wait for it.
    Wait,
}

impl LockMode {
    fn clause(self) -> &'static str {
        match self {
            Self::SkipLocked => ") ORDER BY feed_id FOR UPDATE SKIP LOCKED",
            Self::Wait => ") ORDER BY feed_id FOR UPDATE",
        }
    }
}

/// Reads heads without a lock; only to know what to load before the lock.
pub(crate) async fn look_up(
    connection: &mut MySqlConnection,
    feeds: &[FeedId],
) -> Result<HashMap<FeedId, FeedHead>, sqlx::Error> {
    let mut script = Script::default();
    script.list(LOOK_UP, feeds, ")", |row, feed| {
        row.id(feed.0);
    });
    found(&script.run(connection).await?.next().unwrap_or_default())
}

/// Locks heads in the order of their ids. The first thing of every transaction.
pub(crate) fn lock(script: &mut Script, feeds: &[FeedId], mode: LockMode) {
    debug_assert!(feeds.is_sorted(), "feeds are locked in the order of their ids");
    script.list(LOOK_UP, feeds, mode.clause(), |row, feed| {
        row.id(feed.0);
    });
}

/// The heads that were found.
pub(crate) fn found(rows: &Rows) -> Result<HashMap<FeedId, FeedHead>, sqlx::Error> {
    rows.iter().map(read).collect()
}

fn read(row: &MySqlRow) -> Result<(FeedId, FeedHead), sqlx::Error> {
    let hash: &[u8] = row.try_get("last_hash")?;
    let head = FeedHead {
        tenant: TenantId::from(row.try_get::<Uuid, _>("tenant_id")?),
        cursor: Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? },
        last_hash: hash.try_into().map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))?,
        recorded_at: row.try_get("recorded_at")?,
        stored: true,
    };
    Ok((FeedId::from(row.try_get::<Uuid, _>("feed_id")?), head))
}

/// Creates the heads of new feeds. A twin in another process waits here, then meets the key.
pub(crate) fn create(script: &mut Script, heads: &[(FeedId, FeedHead)]) {
    write(script, heads, "");
}

/// Moves the heads of feeds that are locked by this transaction.
pub(crate) fn advance(script: &mut Script, heads: &[(FeedId, FeedHead)]) {
    const UPDATE: &str = " AS new ON DUPLICATE KEY UPDATE position = new.position, \
                          last_hash = new.last_hash, recorded_at = new.recorded_at";
    write(script, heads, UPDATE);
}

fn write(script: &mut Script, heads: &[(FeedId, FeedHead)], after: &str) {
    const INSERT: &str = "INSERT INTO feed_heads (feed_id, tenant_id, position, epoch, last_hash, recorded_at) VALUES ";
    script.list(INSERT, heads, after, |row, (feed, head)| {
        row.id(feed.0)
            .id(head.tenant.0)
            .number(head.cursor.position)
            .number(head.cursor.epoch)
            .hexadecimal(&head.last_hash)
            .time(head.recorded_at);
    });
}
