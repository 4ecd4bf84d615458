//! Where MySQL spent its time, statement by statement.

use anyhow::Result;
use sqlx::{Executor, MySqlConnection, Row};

/// Statements that are told.
const TOLD: u32 = 12;

/// Forgets what was counted before.
pub(crate) async fn reset(admin: &mut MySqlConnection) -> Result<()> {
    admin.execute("TRUNCATE performance_schema.events_statements_summary_by_digest").await?;
    Ok(())
}

/// Prints the statements on a schema since the reset, those that took longest first. Statements that
/// differ only in their number of rows are one line.
pub(crate) async fn print(admin: &mut MySqlConnection, schema: &str, orders: u64) -> Result<()> {
    let rows = sqlx::query(
        "SELECT SUBSTRING(DIGEST_TEXT, 1, 60) AS statement, CAST(SUM(COUNT_STAR) AS SIGNED) AS times, \
                CAST(SUM(SUM_TIMER_WAIT) / 1e6 AS DOUBLE) AS micros \
           FROM performance_schema.events_statements_summary_by_digest \
          WHERE SCHEMA_NAME = ? GROUP BY statement ORDER BY micros DESC LIMIT ?",
    )
    .bind(schema)
    .bind(TOLD)
    .fetch_all(admin)
    .await?;
    println!("  where MySQL spent its time on ours (µs per order, times per 1,000 orders):");
    let per_order = |total: f64| total / orders.max(1) as f64;
    for row in &rows {
        let (micros, times): (f64, i64) = (row.try_get("micros")?, row.try_get("times")?);
        let statement: String = row.try_get("statement")?;
        println!("  {:>8.1} µs {:>8.1}×  {statement}", per_order(micros), per_order(times as f64 * 1_000.0));
    }
    Ok(())
}
