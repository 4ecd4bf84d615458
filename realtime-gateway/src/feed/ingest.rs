//! What fills a ring: a plain NATS subscription, and the store for whatever it misses.
//!
//! The subscription is per restaurant: a gateway follows few of all restaurants, and one per shard
//! would bring it the events of all the others too. There is no acknowledgement and no consumer
//! state on the server; the position check makes that safe.

use super::{
    Ring, RingLimits,
    hub::{HubError, away},
    ring::RingHead,
};
use crate::limits::PAGE_EVENTS;
use async_nats::{Client, Message, Subscriber};
use domain::{envelope::Cursor, ids::FeedId};
use event_store::{
    follow::{FeedFollower, FollowError, Offer},
    reader::{EventReader, Head},
};
use failpoints::failpoint;
use futures::StreamExt;
use messaging::Namespace;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

/// Events before the head that a new ring starts with (fewer when they would not fit in it), so that
/// clients that come back after the restart of a gateway do not each ask the store.
const PREFILL_EVENTS: u64 = PAGE_EVENTS as u64;
/// How long a new ring waits for NATS. Without it the look at the heads brings the events.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(2);
/// After the store could not be read, holes are not asked for again for this long.
const STORE_PAUSE: Duration = Duration::from_millis(200);

/// Where events come from.
#[derive(Clone)]
pub(crate) struct Sources {
    pub(crate) reader: EventReader,
    pub(crate) nats: Client,
    pub(crate) namespace: Namespace,
}

/// Fills one ring.
pub(crate) struct Ingest {
    ring: Arc<Ring>,
    follower: FeedFollower,
    reader: EventReader,
    messages: Option<Subscriber>,
    pause_until: Instant,
}

/// Opens a ring: subscribe, then read the head, then fill up to it. In this order nothing can fall
/// between store and subscription.
pub(crate) async fn open(sources: &Sources, feed: FeedId, limits: RingLimits) -> Result<Ingest, HubError> {
    let messages = subscribe(sources, feed).await;
    failpoint!("gateway.subscribed").map_err(|_| HubError::StoreAway)?;
    let asked = Instant::now();
    let head = sources.reader.head(feed).await.map_err(away)?.ok_or(HubError::Unknown)?;
    let Cursor { epoch, position } = head.cursor;
    let from = sources.reader.tail(feed, position, PREFILL_EVENTS, limits.bytes as u64).await.map_err(away)?;
    let from = Cursor { epoch, position: from };
    let ring = Arc::new(Ring::new(feed, from, limits));
    let (follower, reader) = (FeedFollower::new(feed, from), sources.reader.clone());
    let mut ingest = Ingest { ring, follower, reader, messages, pause_until: asked };
    ingest.fill(position).await.map_err(|_| HubError::StoreAway)?;
    ingest.ring.verified(asked);
    Ok(ingest)
}

async fn subscribe(sources: &Sources, feed: FeedId) -> Option<Subscriber> {
    let subscribing = async {
        let messages = sources.nats.subscribe(sources.namespace.feed_subjects(feed)).await?;
        sources.nats.flush().await?;
        Ok::<_, async_nats::Error>(messages)
    };
    match timeout(SUBSCRIBE_WITHIN, subscribing).await {
        Ok(Ok(messages)) => Some(messages),
        Ok(Err(error)) => {
            tracing::warn!(%feed, %error, "no live subscription; events come from the store");
            None
        }
        Err(_) => {
            tracing::warn!(%feed, "NATS does not answer; events come from the store");
            // The client keeps the subscription and makes it once the server is back.
            sources.nats.subscribe(sources.namespace.feed_subjects(feed)).await.ok()
        }
    }
}

impl Ingest {
    /// What it fills.
    pub(crate) fn ring(&self) -> &Arc<Ring> {
        &self.ring
    }

    /// Fills the ring until it is closed or `stop` is cancelled.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        // However this ends, the connections are told that nothing comes any more.
        let _closing = CloseOnDrop(Arc::clone(&self.ring));
        let (mut looked, mut heads) = (self.ring.looked.subscribe(), self.ring.heads());
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = closed(&mut heads) => return,
                message = next(&mut self.messages) => self.take(message).await,
                _ = looked.changed() => {
                    let look = *looked.borrow_and_update();
                    if let Some((head, asked)) = look {
                        self.compare(head, asked).await;
                    }
                }
            }
        }
    }

    async fn take(&mut self, message: Option<Message>) {
        let Some(message) = message else {
            self.messages = None;
            return;
        };
        match messaging::envelope::from_message(&message) {
            Ok(event) => match self.follower.offer(event) {
                Offer::Next(event) => {
                    count("nats", 1);
                    self.ring.add(&event).write().await;
                }
                Offer::Seen => {}
                Offer::Hole { to } => self.mend(to).await,
                Offer::OtherEpoch => self.ask().await,
            },
            Err(error) => tracing::warn!(feed = %self.ring.feed, %error, "a message on the feed's subject is no event"),
        }
    }

    /// What the store said when it was asked.
    async fn compare(&mut self, head: Head, asked: Instant) {
        if head.cursor.epoch != self.follower.cursor().epoch {
            tracing::warn!(feed = %self.ring.feed, epoch = head.cursor.epoch, "the feed was numbered anew");
            self.follower = FeedFollower::new(self.ring.feed, head.cursor);
            self.ring.restart(head.cursor);
        }
        if self.follower.cursor().position < head.cursor.position {
            self.mend(head.cursor.position).await;
        }
        if self.follower.cursor().position >= head.cursor.position {
            self.ring.verified(asked);
        }
    }

    /// Fills a hole. When the store is away the next look at the heads tries again, so a stream of
    /// messages behind a hole does not turn into a stream of queries.
    async fn mend(&mut self, to: u64) {
        if Instant::now() < self.pause_until {
            return;
        }
        metrics::counter!("realtime_holes_total").increment(1);
        match self.fill(to).await {
            Ok(()) => {}
            Err(FollowError::OtherEpoch { .. }) => self.ask().await,
            Err(error) => {
                tracing::warn!(feed = %self.ring.feed, %error, "a hole cannot be filled now");
                self.pause_until = Instant::now() + STORE_PAUSE;
            }
        }
    }

    async fn fill(&mut self, to: u64) -> Result<(), FollowError> {
        while self.follower.cursor().position < to {
            let events = self.follower.catch_up(&self.reader, PAGE_EVENTS).await?;
            if events.is_empty() {
                return Ok(());
            }
            count("store", events.len());
            events.iter().for_each(|event| self.ring.push(event));
        }
        Ok(())
    }

    /// Asks the store itself; the answer comes in as a look does.
    async fn ask(&mut self) {
        let asked = Instant::now();
        if let Ok(Some(head)) = self.reader.head(self.ring.feed).await {
            self.ring.looked.send_replace(Some((head, asked)));
        }
    }
}

struct CloseOnDrop(Arc<Ring>);

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        metrics::gauge!("realtime_rings").decrement(1.0);
        self.0.close();
    }
}

async fn closed(heads: &mut watch::Receiver<RingHead>) {
    // An error means that the ring itself is gone.
    let _ = heads.wait_for(|head| head.closed).await;
}

async fn next(messages: &mut Option<Subscriber>) -> Option<Message> {
    match messages {
        Some(messages) => messages.next().await,
        None => std::future::pending().await,
    }
}

fn count(source: &'static str, events: usize) {
    metrics::counter!("realtime_ingested_events_total", "source" => source).increment(events as u64);
}
