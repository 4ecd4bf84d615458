//! Telling the relay that something was committed.

use crate::Namespace;
use async_nats::Client;
use bytes::Bytes;
use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{sync::Notify, task::AbortHandle};

/// Publishes wake-ups without ever making a committer wait: shards that are woken while the last
/// wake-up is on its way are joined, so at most 64 bits wait. A wake-up that gets lost costs the
/// relay's next poll, no event.
#[derive(Debug, Clone)]
pub struct Waker {
    shared: Arc<Shared>,
    _task: Arc<AbortOnDrop>,
}

#[derive(Debug, Default)]
struct Shared {
    /// One bit for each shard that was woken and not yet told.
    waiting: AtomicU64,
    news: Notify,
}

#[derive(Debug)]
struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Waker {
    /// Starts the task that publishes; it ends with the last clone. Needs a Tokio runtime.
    #[must_use]
    pub fn start(client: Client, namespace: Namespace) -> Self {
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn(publish(client, namespace, Arc::clone(&shared)));
        Self { shared, _task: Arc::new(AbortOnDrop(task.abort_handle())) }
    }

    /// Tells that these shards have something new. Returns at once.
    pub fn wake(&self, shards: &BTreeSet<u8>) {
        let bits = shards.iter().fold(0, |bits, shard| bits | 1_u64.wrapping_shl(u32::from(*shard)));
        self.shared.waiting.fetch_or(bits, Ordering::AcqRel);
        self.shared.news.notify_one();
    }
}

async fn publish(client: Client, namespace: Namespace, shared: Arc<Shared>) {
    loop {
        shared.news.notified().await;
        let mut bits = shared.waiting.swap(0, Ordering::AcqRel);
        while bits != 0 {
            let shard = bits.trailing_zeros();
            bits &= bits - 1;
            let subject = namespace.wake_subject(u8::try_from(shard).unwrap_or_default());
            if let Err(error) = client.publish(subject, Bytes::new()).await {
                tracing::debug!(%error, "a wake-up was not sent; the relay's poll makes up for it");
            }
        }
    }
}
