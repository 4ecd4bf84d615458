//! Tries to log in.

use super::Store;
use crate::attempts::Tries;
use chrono::{DateTime, Duration, Utc};
use event_store::pool::{READ_WITHIN, within};
use sqlx::Row;

impl Store {
    /// Counts one more try; how long to wait where it is one too many.
    pub(crate) async fn charge(&self, key: &[u8; 32], now: DateTime<Utc>) -> Result<Result<(), Duration>, sqlx::Error> {
        within(READ_WITHIN, self.charge_once(key, now)).await
    }

    async fn charge_once(&self, key: &[u8; 32], now: DateTime<Utc>) -> Result<Result<(), Duration>, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        // The row is there before it is locked: two first tries at once do not both find nothing.
        sqlx::query("INSERT IGNORE INTO attempts (attempt_key, failures, last_at, blocked_until) VALUES (?, 0, ?, ?)")
            .bind(key.as_slice())
            .bind(now)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        let row = sqlx::query("SELECT failures, last_at, blocked_until FROM attempts WHERE attempt_key = ? FOR UPDATE")
            .bind(key.as_slice())
            .fetch_optional(&mut *tx)
            .await?;
        let tries = match row {
            Some(row) => Tries {
                failures: row.try_get("failures")?,
                last_at: row.try_get("last_at")?,
                blocked_until: row.try_get("blocked_until")?,
            },
            None => Tries::none(now),
        };
        let after = match tries.charge(now) {
            Ok(after) => after,
            Err(wait) => return tx.rollback().await.map(|()| Err(wait)),
        };
        sqlx::query("UPDATE attempts SET failures = ?, last_at = ?, blocked_until = ? WHERE attempt_key = ?")
            .bind(after.failures)
            .bind(after.last_at)
            .bind(after.blocked_until)
            .bind(key.as_slice())
            .execute(&mut *tx)
            .await?;
        tx.commit().await.map(Ok)
    }

    /// The right password: what was counted is forgotten.
    pub(crate) async fn forget_tries(&self, key: &[u8; 32]) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM attempts WHERE attempt_key = ?").bind(key.as_slice());
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }
}
