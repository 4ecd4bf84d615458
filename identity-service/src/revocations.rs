//! Telling every service what was taken back: from our table, which does not forget, into the bucket
//! that they watch.

use crate::store::Store;
use chrono::Utc;
use messaging::{Bucket, BucketStanding};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

/// How often it is looked for revocations when nobody tells of one: another process may have written it.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often it is looked whether the bucket still has what it was given.
const RECONCILE_EVERY: Duration = Duration::from_secs(5);

/// Puts revocations into the bucket until `shutdown`. `news` tells of a new one.
pub(crate) async fn tell(store: Store, bucket: Bucket, news: Arc<Notify>, shutdown: CancellationToken) {
    let mut teller = Teller { store, bucket, standing: None, reconciled: None };
    loop {
        if let Err(error) = teller.turn().await {
            tracing::warn!(error = %format!("{error:#}"), "revocations cannot be told now; it is tried again");
        }
        let wait = async {
            let _ = tokio::time::timeout(LOOK_EVERY, news.notified()).await;
        };
        if shutdown.run_until_cancelled(wait).await.is_none() {
            return;
        }
    }
}

struct Teller {
    store: Store,
    bucket: Bucket,
    standing: Option<BucketStanding>,
    reconciled: Option<Instant>,
}

impl Teller {
    async fn turn(&mut self) -> anyhow::Result<()> {
        if self.reconciled.is_none_or(|at| at.elapsed() >= RECONCILE_EVERY) {
            self.reconcile().await?;
            self.reconciled = Some(Instant::now());
        }
        let untold = self.store.untold(Utc::now()).await?;
        metrics::gauge!("identity_revocations_untold").set(untold.len() as f64);
        for revocation in untold {
            self.bucket.put(&revocation.revoked, revocation.entry.to_json().into()).await?;
            self.store.told(&revocation).await?;
        }
        Ok(())
    }

    /// Another bucket than before, or one that has less than it was given: everything again.
    async fn reconcile(&mut self) -> anyhow::Result<()> {
        let now = self.bucket.standing().await?;
        let other = self.standing.is_some_and(|before| before.made_at != now.made_at);
        if other || now.entries < self.store.told_count(Utc::now()).await? {
            tracing::warn!("the bucket has lost revocations; they are told again");
            self.store.tell_all_again(Utc::now()).await?;
        }
        self.standing = Some(now);
        Ok(())
    }
}
