//! The loop: wake-ups and polls in, messages out, acknowledgements in, deletions out.
//!
//! One task owns all state, so nothing is locked. At most one read and one deletion are under way;
//! what is woken meanwhile is read together next.

use crate::{
    backoff,
    book::{Book, Mark},
    publisher::{Answer, IN_FLIGHT_MAX, Publisher},
    reconciler::Order,
    settled::Doubts,
    store::{Pending, Range, Store},
};
use async_nats::{Client, Subscriber, jetstream::context::PublishErrorKind};
use domain::envelope::RecordedEvent;
use event_store::lease::Held;
use futures::{FutureExt, StreamExt};
use messaging::Namespace;
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, MissedTickBehavior, interval},
};
use tokio_util::sync::CancellationToken;

mod housekeeping;
mod reading;
mod slot;
use slot::Slot;

/// First pause after MySQL could not answer.
const RETRY_BASE: Duration = Duration::from_millis(50);
/// Longest pause after MySQL could not answer.
const RETRY_CAP: Duration = Duration::from_secs(5);
/// How long acknowledgements are waited for at the end.
const FINISH_WITHIN: Duration = Duration::from_secs(5);
/// Acknowledgements that are handled before anything else gets a turn.
const ANSWERS_AT_ONCE: usize = IN_FLIGHT_MAX;

/// What a read brought.
enum Found {
    Pending { asked: BTreeSet<u8>, pending: Result<Vec<Pending>, sqlx::Error> },
    Events { asked: Vec<Range>, events: Result<Vec<RecordedEvent>, sqlx::Error> },
}

/// What a deletion was about, and whether it came to pass.
type Deleted = (Vec<Mark>, Result<(), sqlx::Error>);

pub(crate) struct Engine {
    pub(crate) client: Client,
    pub(crate) publisher: Publisher,
    pub(crate) store: Store,
    pub(crate) held: watch::Receiver<Held>,
    pub(crate) orders: mpsc::Receiver<Order>,
    /// Tells the reconciler that something may be lost.
    pub(crate) alarm: Arc<Notify>,
    /// Tells it which shards were filled up only in part.
    pub(crate) doubts: Doubts,
    pub(crate) poll: Duration,
    pub(crate) state: State,
}

/// What the loop remembers.
#[derive(Default)]
pub(crate) struct State {
    book: Book,
    read: Slot<Found>,
    deletion: Slot<Deleted>,
    /// Shards that may have something new.
    dirty: BTreeSet<u8>,
    /// Numbers of polls, for [`Book::sweep`].
    polls_started: u64,
    polls_finished: u64,
    last_was_events: bool,
    store_failures: u32,
    not_before: Option<Instant>,
    connections: u64,
}

impl Engine {
    /// Publishes until `stop`, then waits (bounded) for what is in flight.
    pub(crate) async fn run(mut self, mut wakes: Subscriber, stop: CancellationToken) {
        self.state.connections = messaging::times_connected(&self.client);
        let mut poll = interval(self.poll);
        poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut housekeeping = interval(housekeeping::EVERY);
        housekeeping.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut held = self.held.clone();
        loop {
            self.start_read();
            tokio::select! {
                () = stop.cancelled() => break,
                answer = self.publisher.answer() => self.on_answers(answer),
                found = self.state.read.done() => self.on_found(found).await,
                Some(wake) = wakes.next() => self.on_wakes(&wake.subject, &mut wakes),
                _ = poll.tick() => self.all_dirty(),
                Ok(()) = held.changed() => self.all_dirty(),
                deleted = self.state.deletion.done() => self.on_deleted(deleted),
                _ = housekeeping.tick() => self.keep_house(),
            }
        }
        self.finish().await;
    }

    fn on_wakes(&mut self, first: &str, more: &mut Subscriber) {
        self.state.dirty.extend(Namespace::woken_shard(first));
        while let Some(Some(wake)) = more.next().now_or_never() {
            self.state.dirty.extend(Namespace::woken_shard(&wake.subject));
        }
    }

    fn all_dirty(&mut self) {
        self.state.dirty.extend(self.held.borrow().shards());
    }

    fn on_answers(&mut self, first: Answer) {
        self.on_answer(first);
        for _ in 1..ANSWERS_AT_ONCE {
            let Some(answer) = self.publisher.answer_now() else { break };
            self.on_answer(answer);
        }
    }

    fn on_answer(&mut self, answer: Answer) {
        let Answer { feed, ticket, result } = answer;
        let Err(error) = result else {
            let kind = if ticket.refill { "refill" } else { "new" };
            metrics::counter!("relay_published_total", "kind" => kind).increment(1);
            self.state.book.acked(feed, ticket);
            return;
        };
        metrics::counter!("relay_publish_failures_total").increment(1);
        if error == PublishErrorKind::StreamNotFound {
            self.alarm.notify_one();
        }
        if self.state.book.failed(feed, ticket, std::time::Instant::now()) {
            tracing::warn!(%feed, position = ticket.position, %error, "not published; it goes out again");
        }
    }

    fn on_store_error(&mut self, error: &sqlx::Error) {
        tracing::warn!(%error, "the store does not answer; trying again");
        metrics::counter!("relay_store_failures_total").increment(1);
        let pause = backoff::full_jitter(RETRY_BASE, RETRY_CAP, self.state.store_failures);
        self.state.store_failures += 1;
        self.state.not_before = Some(Instant::now() + pause);
        self.all_dirty();
    }

    /// The end: no new messages; what was sent is waited for and deleted.
    async fn finish(mut self) {
        let end = Instant::now() + FINISH_WITHIN;
        let finishing = async {
            if self.state.deletion.is_busy() {
                let deleted = self.state.deletion.done().await;
                self.on_deleted(deleted);
            }
            while !self.publisher.is_idle() {
                let answer = self.publisher.answer().await;
                self.on_answer(answer);
            }
            loop {
                let marks = self.state.book.marks();
                if marks.is_empty() || self.store.delete(&marks).await.is_err() {
                    break;
                }
                self.state.book.deleted(&marks);
            }
        };
        if tokio::time::timeout_at(end, finishing).await.is_err() {
            tracing::warn!("not all was acknowledged in time; the next owner publishes it again");
        }
    }
}
