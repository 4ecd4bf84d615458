//! How long actions are kept.

use crate::table;
use chrono::{DateTime, Days, Utc};
use service_kit::config::{ConfigError, env_parsed};
use sqlx::MySqlPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Days that actions are kept, unless it is set: a year, and a month to ask about it.
pub const DAYS: u32 = 400;
/// Days that actions are kept at least.
const DAYS_MIN: u32 = 1;
/// Actions deleted by one statement: short, so that it never holds many locks.
const DELETED_AT_ONCE: u32 = 500;
/// Statements of one round; what is left waits for the next.
const STATEMENTS_MAX: usize = 2_000;
/// Time between rounds.
const ROUND: Duration = Duration::from_hours(1);

/// How long actions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { days: DAYS }
    }
}

impl Retention {
    /// So many days, at least one.
    #[must_use]
    pub fn days(days: u32) -> Self {
        Self { days: days.max(DAYS_MIN) }
    }

    /// From the environment: `ARIS_ACTIONS_DAYS`, 400 by default.
    ///
    /// # Errors
    /// `Invalid` where it is no number.
    pub fn from_env() -> Result<Self, ConfigError> {
        env_parsed("ARIS_ACTIONS_DAYS", DAYS, "number of days").map(Self::days)
    }

    /// Deletes what is older at this time, at most a million. Returns how many.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn purge(self, pool: &MySqlPool, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
        // Longer than time itself: nothing is older.
        let Some(before) = now.checked_sub_days(Days::new(self.days.into())) else { return Ok(0) };
        let mut purged = 0;
        for _ in 0..STATEMENTS_MAX {
            let deleted = table::purge(pool, before, DELETED_AT_ONCE).await?;
            purged += deleted;
            if deleted < u64::from(DELETED_AT_ONCE) {
                break;
            }
        }
        metrics::counter!("actions_purged_total").increment(purged);
        Ok(purged)
    }

    /// Purges at the start and once an hour until the shutdown.
    pub async fn keep(self, pool: MySqlPool, shutdown: CancellationToken) {
        let mut pause = Duration::ZERO;
        while shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            pause = ROUND;
            match shutdown.run_until_cancelled(self.purge(&pool, Utc::now())).await {
                None | Some(Ok(0)) => {}
                Some(Ok(purged)) => tracing::info!(purged, days = self.days, "old actions are gone"),
                Some(Err(error)) => tracing::warn!(%error, "old actions could not be purged; tried again in an hour"),
            }
        }
    }
}
