//! How much is parked, for dashboards and alerts.

use super::summary;
use crate::generations;
use sqlx::MySqlPool;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Counts the parked events of every projection again and again, until shutdown. Every process shows
/// the same numbers: take the greatest, not the sum.
pub(crate) async fn show(pool: MySqlPool, every: Duration, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = look(&pool).await {
            tracing::warn!(error = %error, "the parked events cannot be counted");
        }
    }
}

async fn look(pool: &MySqlPool) -> Result<(), sqlx::Error> {
    let lines = summary(pool).await?;
    for entry in generations::all(pool).await? {
        let projection = entry.projection.to_string();
        let line = lines.iter().find(|line| line.projection == projection);
        let (events, oldest) = line.map_or((0, 0), |line| (line.events, line.oldest_seconds));
        metrics::gauge!("projection_parked_events", "projection" => projection.clone()).set(events as f64);
        metrics::gauge!("projection_parked_oldest_seconds", "projection" => projection).set(oldest as f64);
    }
    Ok(())
}
