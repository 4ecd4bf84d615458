//! What was taken back, until NATS has it and until it matters no more.

use super::Store;
use crate::reactor::Consequences;
use chrono::{DateTime, Utc};
use domain::{
    envelope::Cursor,
    ids::{FeedId, TenantId},
};
use event_store::pool::{READ_WITHIN, within};
use identity::revocation::{Entry, Revoked};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Revocations that are told in one go.
const TOLD_AT_ONCE: u32 = 500;

/// A revocation that NATS does not have yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Untold {
    pub(crate) revoked: String,
    pub(crate) entry: Entry,
}

/// Writes a revocation down. Once more with nothing new changes nothing.
pub(super) async fn revoke(tx: &mut MySqlConnection, revoked: Revoked, entry: Entry) -> Result<(), sqlx::Error> {
    let until = DateTime::from_timestamp(entry.until, 0).unwrap_or_default();
    // `told` first: the columns after it have their new values already.
    sqlx::query(
        "INSERT INTO revocations (revoked, below, until) VALUES (?, ?, ?) AS new ON DUPLICATE KEY UPDATE \
         told = revocations.told AND new.below <= revocations.below AND new.until <= revocations.until, \
         below = GREATEST(revocations.below, new.below), until = GREATEST(revocations.until, new.until)",
    )
    .bind(revoked.to_string().into_bytes())
    .bind(entry.below)
    .bind(until)
    .execute(tx)
    .await
    .map(drop)
}

/// Deletes what lets a member in, and their account if nobody else logs in with it.
async fn forget(tx: &mut MySqlConnection, tenant: TenantId, member: Uuid) -> Result<(), sqlx::Error> {
    let account: Option<Uuid> =
        sqlx::query_scalar("SELECT account_id FROM memberships WHERE tenant_id = ? AND member_id = ? FOR UPDATE")
            .bind(tenant.0)
            .bind(member)
            .fetch_optional(&mut *tx)
            .await?;
    for statement in [
        "DELETE FROM memberships WHERE tenant_id = ? AND member_id = ?",
        "DELETE FROM links WHERE tenant_id = ? AND member_id = ?",
        "DELETE FROM devices WHERE tenant_id = ? AND member_id = ?",
    ] {
        sqlx::query(statement).bind(tenant.0).bind(member).execute(&mut *tx).await?;
    }
    let Some(account) = account else { return Ok(()) };
    sqlx::query(
        "DELETE FROM accounts WHERE account_id = ? AND NOT EXISTS \
         (SELECT 1 FROM memberships WHERE memberships.account_id = accounts.account_id)",
    )
    .bind(account)
    .execute(&mut *tx)
    .await?;
    sqlx::query(
        "DELETE FROM openid_links WHERE account_id = ? AND NOT EXISTS \
         (SELECT 1 FROM accounts WHERE accounts.account_id = openid_links.account_id)",
    )
    .bind(account)
    .execute(&mut *tx)
    .await
    .map(drop)
}

impl Store {
    /// What NATS does not have yet and still matters.
    pub(crate) async fn untold(&self, now: DateTime<Utc>) -> Result<Vec<Untold>, sqlx::Error> {
        let query =
            sqlx::query("SELECT revoked, below, until FROM revocations WHERE told = FALSE AND until > ? LIMIT ?")
                .bind(now)
                .bind(TOLD_AT_ONCE);
        let rows = within(READ_WITHIN, query.fetch_all(&self.pool)).await?;
        let one = |row: &sqlx::mysql::MySqlRow| {
            let revoked =
                String::from_utf8(row.try_get("revoked")?).map_err(|error| sqlx::Error::Decode(error.into()))?;
            let until: DateTime<Utc> = row.try_get("until")?;
            Ok(Untold { revoked, entry: Entry::below(row.try_get("below")?, until) })
        };
        rows.iter().map(one).collect()
    }

    /// NATS has this, unless it has changed meanwhile.
    pub(crate) async fn told(&self, untold: &Untold) -> Result<(), sqlx::Error> {
        let until = DateTime::from_timestamp(untold.entry.until, 0).unwrap_or_default();
        let query = sqlx::query("UPDATE revocations SET told = TRUE WHERE revoked = ? AND below = ? AND until <= ?")
            .bind(untold.revoked.as_bytes())
            .bind(untold.entry.below)
            .bind(until + chrono::Duration::seconds(1));
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }

    /// How many NATS should have.
    pub(crate) async fn told_count(&self, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        let query =
            sqlx::query_scalar::<_, i64>("SELECT COUNT(*) FROM revocations WHERE told = TRUE AND until > ?").bind(now);
        let count = within(READ_WITHIN, query.fetch_one(&self.pool)).await?;
        Ok(count.unsigned_abs())
    }

    /// NATS has lost what it had.
    pub(crate) async fn tell_all_again(&self, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE revocations SET told = FALSE WHERE told = TRUE AND until > ?").bind(now);
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }

    /// How far the reactor has read a feed; `None` where it has not begun.
    pub(crate) async fn checkpoint(&self, feed: FeedId) -> Result<Option<Cursor>, sqlx::Error> {
        let query = sqlx::query("SELECT epoch, position FROM reactor_checkpoints WHERE feed_id = ?").bind(feed.0);
        let row = within(READ_WITHIN, query.fetch_optional(&self.pool)).await?;
        row.map(|row| Ok(Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? })).transpose()
    }

    /// How far the reactor has read the feeds from the first to the last of these, as far as it has begun.
    pub(crate) async fn checkpoints(
        &self,
        first: FeedId,
        last: FeedId,
    ) -> Result<HashMap<FeedId, Cursor>, sqlx::Error> {
        let query =
            sqlx::query("SELECT feed_id, epoch, position FROM reactor_checkpoints WHERE feed_id BETWEEN ? AND ?")
                .bind(first.0)
                .bind(last.0);
        let rows = within(READ_WITHIN, query.fetch_all(&self.pool)).await?;
        let one = |row: &MySqlRow| {
            let cursor = Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? };
            Ok((row.try_get::<Uuid, _>("feed_id")?.into(), cursor))
        };
        rows.iter().map(one).collect()
    }

    /// Writes down what follows from a part of a feed, and that it was read: both or nothing. Doing it
    /// twice does no harm, so two processes need no agreement.
    pub(crate) async fn react(&self, feed: FeedId, to: Cursor, consequences: &Consequences) -> Result<(), sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            for (revoked, entry) in &consequences.entries {
                revoke(&mut tx, *revoked, *entry).await?;
            }
            for (tenant, member) in &consequences.forgotten {
                forget(&mut tx, *tenant, *member).await?;
            }
            sqlx::query(
                "INSERT INTO reactor_checkpoints (feed_id, epoch, position) VALUES (?, ?, ?) AS new ON DUPLICATE KEY UPDATE \
                 position = IF(new.epoch > reactor_checkpoints.epoch, new.position, \
                               GREATEST(reactor_checkpoints.position, new.position)), \
                 epoch = GREATEST(reactor_checkpoints.epoch, new.epoch)",
            )
            .bind(feed.0)
            .bind(to.epoch)
            .bind(to.position)
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        };
        within(READ_WITHIN, work).await
    }
}
