//! How much waits in the outbox, and for how long.

use crate::store::Store;
use chrono::Utc;
use event_store::lease::Held;
use std::{collections::BTreeSet, time::Duration};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

/// How often the outbox is measured.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Measures the outbox of the shards that this relay holds, until `stop`. It asks MySQL and not the
/// engine: what the engine cannot read shows here all the same.
pub(crate) async fn watch(store: Store, held: watch::Receiver<Held>, stop: CancellationToken) {
    let looking = async {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let held = held.borrow().clone();
            let shards = if held.is_valid() { held.shards().clone() } else { BTreeSet::new() };
            match store.depth(&shards).await {
                Ok((events, oldest)) => {
                    let age = oldest.and_then(|at| (Utc::now() - at).to_std().ok()).unwrap_or_default();
                    #[expect(clippy::cast_precision_loss, reason = "no outbox has 2^52 rows")]
                    metrics::gauge!("outbox_events").set(events as f64);
                    metrics::gauge!("outbox_oldest_seconds").set(age.as_secs_f64());
                }
                Err(error) => {
                    tracing::warn!(%error, "the outbox cannot be measured");
                    metrics::counter!("relay_store_failures_total").increment(1);
                }
            }
        }
    };
    stop.run_until_cancelled(looking).await;
}
