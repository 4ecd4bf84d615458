//! Keeping the leases.

use crate::backoff;
use event_store::lease::{Held, LeaseKeeper};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// First pause after a renewal failed.
const RETRY_BASE: Duration = Duration::from_millis(50);
/// Longest pause after a renewal failed: several attempts fit into the time to live.
const RETRY_CAP: Duration = Duration::from_secs(1);
/// How long giving everything back may take at the end.
const RELEASE_WITHIN: Duration = Duration::from_secs(2);

/// Renews until `stop`, then gives everything back.
pub(crate) async fn keep(mut keeper: LeaseKeeper, held: watch::Sender<Held>, stop: CancellationToken) {
    let mut failures = 0;
    loop {
        // A renewal is not cut short: it ends by itself, and its statements belong together.
        let pause = match keeper.renew().await {
            Ok(now) => {
                failures = 0;
                held.send_if_modified(|held| {
                    let changed = held.shards() != now.shards() || !held.is_valid();
                    *held = now;
                    changed
                });
                keeper.pause()
            }
            Err(error) => {
                tracing::warn!(%error, "leases cannot be renewed; what is held runs out by itself");
                failures += 1;
                backoff::full_jitter(RETRY_BASE, RETRY_CAP, failures)
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => break,
        }
    }
    held.send_replace(Held::nothing());
    if let Ok(Err(error)) = tokio::time::timeout(RELEASE_WITHIN, keeper.release()).await {
        tracing::warn!(%error, "leases cannot be given back; they run out by themselves");
    }
}
