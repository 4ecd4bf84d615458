//! Knowing what is in a bucket, within moments.
//!
//! A plain subscription hears each entry as it is put; that needs no state on the server and goes on
//! when the server's storage was wiped. Whatever a subscription may miss (the time before it, a lost
//! connection) is made up for by reading the whole bucket: at the start, after each reconnection, and
//! every half minute.

use crate::{Bucket, times_connected};
use async_nats::{Message, Subscriber};
use futures::StreamExt;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether the bucket has to be read again.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How old the last full reading may become.
const READ_EVERY: Duration = Duration::from_secs(30);
/// How long a start waits for the first full reading before it goes on without it.
const FIRST_READING: Duration = Duration::from_secs(5);
/// The header that stands on what deletes an entry.
const OPERATION: &str = "KV-Operation";

/// Whether a bucket is known. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Mirror {
    complete: Arc<AtomicBool>,
}

impl Mirror {
    /// Starts to follow a bucket until `shutdown`: each entry, by key and value, goes to `learn`, some
    /// of them often. Returns when everything that is in the bucket was learned, but after 5 s in any
    /// case: with a server that is away, nothing more can be known, and entries end by themselves.
    pub async fn start(
        bucket: Bucket,
        learn: impl Fn(&str, &[u8]) + Send + Sync + 'static,
        shutdown: CancellationToken,
    ) -> Self {
        let mirror = Self::default();
        let (first, mut read) = watch::channel(false);
        let follower = Follower { bucket, learn, mirror: mirror.clone(), first };
        tokio::spawn(async move { shutdown.run_until_cancelled(follower.follow()).await });
        let _ = tokio::time::timeout(FIRST_READING, read.wait_for(|read| *read)).await;
        mirror
    }

    /// Whether the last reading was complete and no connection was lost since.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.complete.load(Ordering::Relaxed)
    }
}

struct Follower<L> {
    bucket: Bucket,
    learn: L,
    mirror: Mirror,
    first: watch::Sender<bool>,
}

impl<L: Fn(&str, &[u8])> Follower<L> {
    async fn follow(self) {
        let mut live = self.subscribe().await;
        let mut look = tokio::time::interval(LOOK_EVERY);
        look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut reading = Reading::default();
        loop {
            tokio::select! {
                _ = look.tick() => self.read_if_due(&mut reading).await,
                message = live.next() => match message {
                    Some(message) => self.hear(&message),
                    None => live = self.subscribe().await,
                },
            }
        }
    }

    /// Before the first reading: what is put while it goes on is heard.
    async fn subscribe(&self) -> Subscriber {
        loop {
            match self.bucket.client().subscribe(self.bucket.subjects()).await {
                Ok(subscriber) => return subscriber,
                Err(error) => tracing::warn!(%error, "a bucket cannot be subscribed to; it is tried again"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn read_if_due(&self, reading: &mut Reading) {
        let connection = times_connected(self.bucket.client());
        if !reading.is_due(connection) {
            return;
        }
        let began = Instant::now();
        let result = self.bucket.read(|key, value| self.learn(key, value)).await;
        self.mirror.complete.store(result.is_ok(), Ordering::Relaxed);
        match result {
            Ok(()) => {
                *reading = Reading { done: Some((began, connection)), missing_since: None };
                self.first.send_replace(true);
            }
            Err(error) => {
                reading.done = None;
                if reading.missing_since.is_none() {
                    tracing::warn!(%error, "what was revoked cannot be read; tokens end by themselves meanwhile");
                }
            }
        }
        let missing = reading.missing(began);
        metrics::gauge!("revocations_unread_seconds").set(missing.as_secs_f64());
    }

    fn hear(&self, message: &Message) {
        let deletes = message.headers.as_ref().is_some_and(|headers| headers.get(OPERATION).is_some());
        if let (Some(key), false) = (self.bucket.key_of(message.subject.as_str()), deletes) {
            self.learn(key, &message.payload);
        }
    }

    fn learn(&self, key: &str, value: &[u8]) {
        metrics::counter!("revocations_received_total").increment(1);
        (self.learn)(key, value);
    }
}

/// The last full reading.
#[derive(Default)]
struct Reading {
    /// When, and over which connection.
    done: Option<(Instant, u64)>,
    missing_since: Option<Instant>,
}

impl Reading {
    fn is_due(&self, connection: u64) -> bool {
        self.done.is_none_or(|(at, over)| at.elapsed() >= READ_EVERY || over != connection)
    }

    /// For how long there has been none.
    fn missing(&mut self, began: Instant) -> Duration {
        if self.done.is_some() {
            return Duration::ZERO;
        }
        self.missing_since.get_or_insert(began).elapsed()
    }
}
