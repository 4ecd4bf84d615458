//! Feed heads: looked up, locked, moved.

use super::{super::cache::FeedHead, padded, pieces, with_rows};
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
    select(connection, feeds, ") ORDER BY feed_id").await
}

/// Locks heads in the order of their ids. The first thing of every transaction.
pub(crate) async fn lock(
    connection: &mut MySqlConnection,
    feeds: &[FeedId],
    mode: LockMode,
) -> Result<HashMap<FeedId, FeedHead>, sqlx::Error> {
    debug_assert!(feeds.is_sorted(), "feeds are locked in the order of their ids");
    select(connection, feeds, mode.clause()).await
}

async fn select(
    connection: &mut MySqlConnection,
    feeds: &[FeedId],
    clause: &str,
) -> Result<HashMap<FeedId, FeedHead>, sqlx::Error> {
    let mut heads = HashMap::with_capacity(feeds.len());
    for piece in padded(feeds) {
        let sql = with_rows(LOOK_UP, "?", piece.len(), clause);
        let mut query = sqlx::query(&sql);
        for feed in &piece {
            query = query.bind(feed.0);
        }
        for row in query.fetch_all(&mut *connection).await? {
            let (feed, head) = read(&row)?;
            heads.insert(feed, head);
        }
    }
    Ok(heads)
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
pub(crate) async fn create(connection: &mut MySqlConnection, heads: &[(FeedId, FeedHead)]) -> Result<(), sqlx::Error> {
    write(connection, heads, "").await
}

/// Moves the heads of feeds that are locked by this transaction.
pub(crate) async fn advance(connection: &mut MySqlConnection, heads: &[(FeedId, FeedHead)]) -> Result<(), sqlx::Error> {
    const UPDATE: &str = " AS new ON DUPLICATE KEY UPDATE position = new.position, \
                          last_hash = new.last_hash, recorded_at = new.recorded_at";
    write(connection, heads, UPDATE).await
}

async fn write(
    connection: &mut MySqlConnection,
    heads: &[(FeedId, FeedHead)],
    clause: &str,
) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO feed_heads (feed_id, tenant_id, position, epoch, last_hash, recorded_at) VALUES ";
    for piece in pieces(heads) {
        let sql = with_rows(INSERT, "(?,?,?,?,?,?)", piece.len(), clause);
        let mut query = sqlx::query(&sql);
        for (feed, head) in piece {
            query = query
                .bind(feed.0)
                .bind(head.tenant.0)
                .bind(head.cursor.position)
                .bind(head.cursor.epoch)
                .bind(head.last_hash.as_slice())
                .bind(head.recorded_at);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}
