//! Events as they are published.
//!
//! A plain subscription per shard, not a durable consumer: the durable position of a projection is
//! its checkpoint, which commits with the rows. A consumer's position on the server would be a second
//! one that can disagree with it (after a restart it repeats what was applied, after a wipe of
//! JetStream it is gone), and would cost an acknowledgement per message. What a plain subscription may
//! lose (a full buffer, a reconnect) shows as a hole at the next event of the feed, or as a head that
//! is ahead of the checkpoint at the next look, and is read from MySQL in both cases.

use async_nats::Client;
use domain::envelope::RecordedEvent;
use futures::StreamExt;
use messaging::{Namespace, envelope};
use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Events of one projection between subscription and runner. When it is full, the client's own buffer
/// fills, then messages are lost, which the runner mends.
pub(super) const LIVE_QUEUE: usize = 4_096;

/// The wait before a refused subscription is tried again.
const RESUBSCRIBE_AFTER: Duration = Duration::from_secs(1);

/// The subscriptions of one projection, one per shard that it holds.
pub(super) struct Live {
    client: Client,
    namespace: Namespace,
    sender: mpsc::Sender<RecordedEvent>,
    shards: HashMap<u8, AbortOnDropHandle<()>>,
}

impl Live {
    /// No subscription yet. Events arrive at the receiver.
    pub(super) fn new(client: Client, namespace: Namespace) -> (Self, mpsc::Receiver<RecordedEvent>) {
        let (sender, receiver) = mpsc::channel(LIVE_QUEUE);
        (Self { client, namespace, sender, shards: HashMap::new() }, receiver)
    }

    /// Subscribes to these shards and to no others.
    pub(super) fn follow(&mut self, shards: &BTreeSet<u8>) {
        self.shards.retain(|shard, _| shards.contains(shard));
        for shard in shards {
            self.shards.entry(*shard).or_insert_with(|| {
                let subject = self.namespace.shard_subjects(*shard);
                AbortOnDropHandle::new(tokio::spawn(forward(self.client.clone(), subject, self.sender.clone())))
            });
        }
    }
}

/// Passes the events of one subject on, for ever.
async fn forward(client: Client, subject: String, sender: mpsc::Sender<RecordedEvent>) {
    loop {
        match client.subscribe(subject.clone()).await {
            Ok(mut messages) => {
                while let Some(message) = messages.next().await {
                    match envelope::from_message(&message) {
                        Ok(event) => {
                            if sender.send(event).await.is_err() {
                                return;
                            }
                        }
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
