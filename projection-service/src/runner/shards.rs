//! The shards that a projection of this process works on.

use super::{Settings, job::Context};
use domain::limits::SHARDS;
use event_store::lease::{Held, LeaseKeeper};
use std::{collections::BTreeSet, time::Duration};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How long giving the shards back may take at the end; else the leases run out by themselves.
const RELEASE_WITHIN: Duration = Duration::from_secs(3);

/// Leases of one projection, renewed in the background.
pub(super) struct Shards {
    held: watch::Receiver<Held>,
    keeper: JoinHandle<()>,
}

impl Shards {
    /// Starts taking and renewing shards, until shutdown; then gives them back.
    pub(super) fn start(context: &Context, settings: &Settings, shutdown: CancellationToken) -> Self {
        let kind = format!("projection {}", context.view.projection());
        let keeper = LeaseKeeper::new(context.pool.clone(), kind, SHARDS, settings.owner.clone(), settings.lease);
        let (sender, held) = watch::channel(Held::nothing());
        Self { held, keeper: tokio::spawn(keep(keeper, sender, shutdown)) }
    }

    /// Whether the shard is this runner's now.
    pub(super) fn holds(&self, shard: u8) -> bool {
        self.held.borrow().holds(shard)
    }

    /// The shards that are this runner's now.
    pub(super) fn held(&mut self) -> BTreeSet<u8> {
        let held = self.held.borrow_and_update();
        if held.is_valid() { held.shards().clone() } else { BTreeSet::new() }
    }

    /// Waits until leases were renewed.
    pub(super) async fn changed(&mut self) -> Result<(), watch::error::RecvError> {
        self.held.changed().await
    }

    /// Waits until the shards were given back, after shutdown.
    pub(super) async fn end(self) {
        let _ = self.keeper.await;
    }
}

async fn keep(mut keeper: LeaseKeeper, held: watch::Sender<Held>, shutdown: CancellationToken) {
    loop {
        match keeper.renew().await {
            Ok(renewed) => {
                held.send_replace(renewed);
            }
            // What is held runs out by itself.
            Err(error) => tracing::warn!(error = %error, "leases cannot be renewed"),
        }
        tokio::select! {
            () = shutdown.cancelled() => break,
            () = sleep(keeper.pause()) => {}
        }
    }
    if !matches!(timeout(RELEASE_WITHIN, keeper.release()).await, Ok(Ok(()))) {
        tracing::warn!("the leases were not given back; they run out by themselves");
    }
}
