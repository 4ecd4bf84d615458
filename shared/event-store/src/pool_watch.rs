//! How full a pool is, and how long one waits for a connection.

use sqlx::MySqlPool;
use std::time::{Duration, Instant};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// How often a pool is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Measures a pool under this name until `shutdown`. The wait is measured by asking for a connection
/// as anybody would, every 5 s, so that nobody else's request pays for the measuring.
pub fn watch(name: &'static str, pool: MySqlPool, shutdown: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let looking = async {
            let mut ticks = interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !pool.is_closed() {
                ticks.tick().await;
                look(name, &pool).await;
            }
        };
        shutdown.run_until_cancelled(looking).await;
    })
}

#[expect(clippy::cast_precision_loss, reason = "no pool has 2^52 connections")]
async fn look(name: &'static str, pool: &MySqlPool) {
    metrics::gauge!("mysql_pool_connections", "pool" => name).set(f64::from(pool.size()));
    metrics::gauge!("mysql_pool_connections_max", "pool" => name).set(f64::from(pool.options().get_max_connections()));
    metrics::gauge!("mysql_pool_idle_connections", "pool" => name).set(pool.num_idle() as f64);
    let failures = metrics::counter!("mysql_pool_acquire_failures_total", "pool" => name);
    // From the start, because an alert watches it: of a counter that appears, no increase is seen.
    failures.increment(0);
    let asked = Instant::now();
    match pool.acquire().await {
        Ok(_connection) => {
            metrics::histogram!("mysql_pool_acquire_seconds", "pool" => name).record(asked.elapsed().as_secs_f64());
        }
        // What waits for the pool says why; here it is only counted.
        Err(_) => failures.increment(1),
    }
}
