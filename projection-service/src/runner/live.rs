//! Events as they are published.
//!
//! A plain subscription per shard, not a durable consumer: the durable position of a projection is
//! its checkpoint, which commits with the rows. A consumer's position on the server would be a second
//! one that can disagree with it (after a restart it repeats what was applied, after a wipe of
//! JetStream it is gone), and would cost an acknowledgement per message. What a plain subscription may
//! lose (a full buffer, a reconnect) shows as a hole at the next event of the feed, or as a head that
//! is ahead of the checkpoint at the next look, and is read from MySQL in both cases.
//!
//! The projections of a process share these subscriptions: each message comes in and is read once, however many
//! projections follow its shard.

use async_nats::Client;
use domain::envelope::RecordedEvent;
use futures::StreamExt;
use messaging::{Namespace, envelope};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_util::task::AbortOnDropHandle;

/// Events of one projection between subscription and runner. What comes in when it is full is lost to this
/// projection, which its runner mends.
pub(super) const LIVE_QUEUE: usize = 4_096;

/// The wait before a refused subscription is tried again.
const RESUBSCRIBE_AFTER: Duration = Duration::from_secs(1);

/// The subscriptions of a process, one per shard that anybody follows.
#[derive(Debug)]
pub(crate) struct Subscriptions {
    client: Client,
    namespace: Namespace,
    shards: Mutex<HashMap<u8, Weak<Subscription>>>,
}

/// One of them. It ends when nobody has it any more.
#[derive(Debug)]
struct Subscription {
    listeners: Arc<Listeners>,
    _forwards: AbortOnDropHandle<()>,
}

/// Who is told of each event.
#[derive(Debug, Default)]
struct Listeners(Mutex<Vec<mpsc::Sender<RecordedEvent>>>);

impl Subscriptions {
    /// None yet.
    pub(crate) fn new(client: Client, namespace: Namespace) -> Self {
        Self { client, namespace, shards: Mutex::default() }
    }

    fn of(&self, shard: u8) -> Arc<Subscription> {
        let mut shards = lock(&self.shards);
        if let Some(subscription) = shards.get(&shard).and_then(Weak::upgrade) {
            return subscription;
        }
        let listeners = Arc::<Listeners>::default();
        let forwards = forward(self.client.clone(), self.namespace.shard_subjects(shard), Arc::clone(&listeners));
        let subscription =
            Arc::new(Subscription { listeners, _forwards: AbortOnDropHandle::new(tokio::spawn(forwards)) });
        shards.insert(shard, Arc::downgrade(&subscription));
        subscription
    }
}

impl Listeners {
    fn add(&self, listener: mpsc::Sender<RecordedEvent>) {
        lock(&self.0).push(listener);
    }

    fn remove(&self, listener: &mpsc::Sender<RecordedEvent>) {
        lock(&self.0).retain(|other| !other.same_channel(listener));
    }

    fn tell(&self, event: &RecordedEvent) {
        let is_there = |listener: &mpsc::Sender<RecordedEvent>| {
            !matches!(listener.try_send(event.clone()), Err(TrySendError::Closed(_)))
        };
        lock(&self.0).retain(is_there);
    }
}

/// What one projection follows.
pub(super) struct Live {
    subscriptions: Arc<Subscriptions>,
    sender: mpsc::Sender<RecordedEvent>,
    shards: HashMap<u8, Arc<Subscription>>,
}

impl Live {
    /// Follows nothing yet. Events arrive at the receiver.
    pub(super) fn new(subscriptions: Arc<Subscriptions>) -> (Self, mpsc::Receiver<RecordedEvent>) {
        let (sender, receiver) = mpsc::channel(LIVE_QUEUE);
        (Self { subscriptions, sender, shards: HashMap::new() }, receiver)
    }

    /// Follows these shards and no others.
    pub(super) fn follow(&mut self, shards: &BTreeSet<u8>) {
        for (_, left) in self.shards.extract_if(|shard, _| !shards.contains(shard)) {
            left.listeners.remove(&self.sender);
        }
        for shard in shards {
            self.shards.entry(*shard).or_insert_with(|| {
                let subscription = self.subscriptions.of(*shard);
                subscription.listeners.add(self.sender.clone());
                subscription
            });
        }
    }
}

/// Passes the events of one subject on, for ever.
async fn forward(client: Client, subject: String, listeners: Arc<Listeners>) {
    loop {
        match client.subscribe(subject.clone()).await {
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    match envelope::from_message(&message) {
                        Ok(event) => listeners.tell(&event),
                        // The event itself is safe: it is read from MySQL when it is missed.
                        Err(error) => tracing::warn!(%subject, error = %error, "a message is no event"),
                    }
                }
            }
            Err(error) => tracing::warn!(%subject, error = %error, "cannot subscribe"),
        }
        tokio::time::sleep(RESUBSCRIBE_AFTER).await;
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
