//! What is kept, and the SQL for it: one file per thing.

mod accounts;
mod attempts;
mod devices;
mod links;
mod machine_keys;
mod mail_jobs;
mod openid;
mod revocations;

pub(crate) use accounts::Account;
pub(crate) use devices::{Device, Proof, Turn};
pub(crate) use links::{Added, Link, Purpose};
pub(crate) use machine_keys::MachineKeys;
pub(crate) use mail_jobs::Job;
pub(crate) use openid::{Subject, Unlinked};

use chrono::{DateTime, Duration, Utc};
use event_store::pool::{READ_WITHIN, within};
use sqlx::MySqlPool;
use tokio_util::sync::CancellationToken;

/// How often what nobody needs any more is deleted, and how much at a time.
const PURGE_EVERY: std::time::Duration = std::time::Duration::from_secs(60);
const PURGE_ROWS: u32 = 1_000;
/// Most deletions from one table in one round; the rest waits for the next.
const PURGES_MAX: u32 = 200;

/// The schema of accounts. Cheap to clone. Each statement is answered, or fails, in bounded time.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pool: MySqlPool,
}

impl Store {
    pub(crate) fn new(pool: MySqlPool) -> Self {
        Self { pool }
    }

    /// Deletes what has ended, until `shutdown`.
    pub(crate) async fn janitor(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(PURGE_EVERY)).await.is_some() {
            if let Err(error) = self.purge(Utc::now()).await {
                tracing::warn!(%error, "what has ended could not be deleted; it is tried again");
            }
        }
    }

    async fn purge(&self, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let day = now - Duration::hours(24);
        for (statement, before) in [
            ("DELETE FROM refresh_tokens WHERE expires_at < ? LIMIT ?", now),
            ("DELETE FROM devices WHERE ends_at < ? LIMIT ?", now),
            ("DELETE FROM links WHERE expires_at < ? LIMIT ?", now),
            ("DELETE FROM openid_finished WHERE expires_at < ? LIMIT ?", now),
            ("DELETE FROM revocations WHERE until < ? LIMIT ?", now),
            ("DELETE FROM attempts WHERE last_at < ? LIMIT ?", day),
        ] {
            // As fast as strangers can fill them.
            for _ in 0..PURGES_MAX {
                let query = sqlx::query(statement).bind(before).bind(PURGE_ROWS);
                let gone = within(READ_WITHIN, query.execute(&self.pool)).await?.rows_affected();
                if gone < u64::from(PURGE_ROWS) {
                    break;
                }
            }
        }
        Ok(())
    }
}
