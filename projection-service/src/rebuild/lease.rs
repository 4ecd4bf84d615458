//! One process rebuilds a view at a time; and how long a commit takes while it does.
//!
//! The lease is a row that its holder renews several times a second. Each renewal is a small
//! transaction that waits for the same disk as the commits of orders do, so the time that it takes is
//! the signal that slows a rebuild down.

use super::RebuildError;
use event_store::pool::within;
use sqlx::{MySqlPool, Row};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long a lease lasts without being renewed.
pub(super) const LASTS: Duration = Duration::from_secs(6);
/// How often it is looked whether somebody else's lease is over.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// The right to rebuild a view.
#[derive(Debug)]
pub(super) struct Lease {
    pool: MySqlPool,
    view: &'static str,
    owner: String,
}

/// Who is rebuilding this view now.
///
/// # Errors
/// When the read side does not answer.
pub async fn builder(views: &MySqlPool, view: &str) -> Result<Option<String>, sqlx::Error> {
    sqlx::query("SELECT owner FROM leases WHERE kind = ? AND owner <> '' AND until > NOW(6)")
        .bind(kind(view))
        .fetch_optional(views)
        .await?
        .map(|row| row.try_get("owner"))
        .transpose()
}

impl Lease {
    /// Takes the lease. A holder that was killed is waited for as long as its lease lasts; one that
    /// lives renews it meanwhile.
    pub(super) async fn take(pool: &MySqlPool, view: &'static str, owner: &str) -> Result<Self, RebuildError> {
        let lease = Self { pool: pool.clone(), view, owner: owner.to_owned() };
        lease.create().await?;
        let end = Instant::now() + LASTS + LOOK_EVERY;
        loop {
            if lease.grab().await? {
                return Ok(lease);
            }
            if Instant::now() > end {
                let owner = builder(pool, view).await?.unwrap_or_else(|| "another process".to_owned());
                return Err(RebuildError::Taken { view, owner });
            }
            sleep(LOOK_EVERY).await;
        }
    }

    async fn create(&self) -> Result<(), sqlx::Error> {
        sqlx::query("INSERT IGNORE INTO leases (kind, shard, owner, token, until) VALUES (?, 0, '', 0, '2000-01-01')")
            .bind(kind(self.view))
            .execute(&self.pool)
            .await
            .map(drop)
    }

    async fn grab(&self) -> Result<bool, sqlx::Error> {
        let taken = sqlx::query(
            "UPDATE leases SET owner = ?, token = token + 1, until = NOW(6) + INTERVAL ? MICROSECOND \
              WHERE kind = ? AND shard = 0 AND (owner = ? OR until <= NOW(6))",
        )
        .bind(&self.owner)
        .bind(micros())
        .bind(kind(self.view))
        .bind(&self.owner)
        .execute(&self.pool)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    /// Renews it, late too, unless somebody else has it now. Answers how long the commit took.
    pub(super) async fn renew(&self) -> Result<Duration, RebuildError> {
        let asked = Instant::now();
        let renewed = sqlx::query(
            "UPDATE leases SET until = NOW(6) + INTERVAL ? MICROSECOND \
              WHERE kind = ? AND shard = 0 AND owner = ?",
        )
        .bind(micros())
        .bind(kind(self.view))
        .bind(&self.owner)
        .execute(&self.pool);
        if within(LASTS, renewed).await?.rows_affected() == 1 {
            Ok(asked.elapsed())
        } else {
            Err(RebuildError::LeaseLost(self.view))
        }
    }

    /// Gives it back, so that the next one need not wait.
    pub(super) async fn release(&self) {
        let released = sqlx::query("UPDATE leases SET owner = '', until = NOW(6) WHERE kind = ? AND owner = ?")
            .bind(kind(self.view))
            .bind(&self.owner)
            .execute(&self.pool);
        // Else it runs out by itself.
        let _ = within(LASTS, released).await;
    }
}

fn kind(view: &str) -> String {
    format!("rebuild {view}")
}

fn micros() -> u64 {
    u64::try_from(LASTS.as_micros()).unwrap_or(u64::MAX)
}
