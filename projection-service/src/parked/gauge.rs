//! How much is parked, for dashboards and alerts.

use super::summary;
use crate::generations;
use sqlx::MySqlPool;
use std::{collections::BTreeSet, time::Duration};
use tokio_util::sync::CancellationToken;

/// Counts the parked events of every projection again and again, until shutdown. Every process shows
/// the same numbers: take the greatest, not the sum.
pub(crate) async fn show(pool: MySqlPool, every: Duration, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut shown = BTreeSet::new();
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = look(&pool, &mut shown).await {
            tracing::warn!(error = %error, "the parked events cannot be counted");
        }
    }
}

/// `shown` has the names that were told of before: one that was dropped meanwhile goes back to 0.
async fn look(pool: &MySqlPool, shown: &mut BTreeSet<String>) -> Result<(), sqlx::Error> {
    let lines = summary(pool).await?;
    shown.extend(generations::all(pool).await?.iter().map(|entry| entry.projection.to_string()));
    for projection in shown.iter() {
        let line = lines.iter().find(|line| line.projection == *projection);
        let (events, oldest) = line.map_or((0, 0), |line| (line.events, line.oldest_seconds));
        metrics::gauge!("projection_parked_events", "projection" => projection.clone()).set(events as f64);
        metrics::gauge!("projection_parked_oldest_seconds", "projection" => projection.clone()).set(oldest as f64);
    }
    Ok(())
}
