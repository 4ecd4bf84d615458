//! How long answers are kept.

use domain::limits::RECEIPT_HOURS;
use sqlx::MySqlPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Receipts deleted by one statement: short, so that it never holds many locks.
const DELETED_AT_ONCE: u32 = 500;
/// Statements of one round.
const STATEMENTS_MAX: usize = 200;
/// Time between rounds.
const ROUND: Duration = Duration::from_secs(60);

pub(crate) const PURGE: &str = "DELETE FROM receipts WHERE recorded_at < NOW(6) - INTERVAL ? HOUR LIMIT ?";

/// Deletes receipts that are older than [`RECEIPT_HOURS`]; at most so many at once. Returns how many.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn purge(pool: &MySqlPool) -> Result<u64, sqlx::Error> {
    let mut purged = 0;
    for _ in 0..STATEMENTS_MAX {
        let deleted = sqlx::query(PURGE).bind(RECEIPT_HOURS).bind(DELETED_AT_ONCE).execute(pool).await?.rows_affected();
        purged += deleted;
        if deleted < u64::from(DELETED_AT_ONCE) {
            break;
        }
    }
    Ok(purged)
}

/// Purges once a minute until the shutdown.
pub async fn janitor(pool: MySqlPool, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(ROUND)).await.is_some() {
        match purge(&pool).await {
            Ok(0) => {}
            Ok(purged) => tracing::debug!(purged, "old receipts are gone"),
            Err(error) => tracing::warn!(%error, "old receipts could not be purged; tried again in a minute"),
        }
    }
}
