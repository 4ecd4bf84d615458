//! What a runner knows of each feed, and which of them have work.

use super::checkpoint::Checkpoint;
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
    limits::PAGE_EVENTS_MAX,
};
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Duration,
};
use tokio::time::Instant;

/// Live events that wait, of one feed. More than that are read from MySQL later.
const LIVE_PER_FEED_MAX: usize = 2 * PAGE_EVENTS_MAX;
/// Live events that wait, of all feeds.
const LIVE_MAX: usize = 16_384;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// Nothing.
    Idle,
    /// Waits for a free worker.
    Queued,
    /// A worker has it.
    Running,
    /// Failed; waits until then.
    Waiting(Instant),
}

#[derive(Debug)]
struct Slot {
    doing: Doing,
    /// Where the projection stands, if that is known.
    known: Option<Checkpoint>,
    /// The furthest place that anybody told of.
    target: Cursor,
    live: VecDeque<RecordedEvent>,
    failures: u32,
    /// Since when it has something to do and has not moved forward.
    behind_since: Option<Instant>,
}

/// What a worker needs to know of a feed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) feed: FeedId,
    pub(super) known: Option<Checkpoint>,
    pub(super) live: Vec<RecordedEvent>,
    pub(super) target: Cursor,
}

/// The feeds of the shards that a runner holds. A feed is worked on by one worker at a time.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: HashMap<FeedId, Slot>,
    queue: VecDeque<FeedId>,
    waiting: BTreeSet<(Instant, FeedId)>,
    /// Live events in all slots.
    live: usize,
}

impl Slot {
    fn new(target: Cursor) -> Self {
        Self { doing: Doing::Idle, known: None, target, live: VecDeque::new(), failures: 0, behind_since: None }
    }

    fn has_work(&self) -> bool {
        self.known.is_none_or(|known| self.target > known.cursor)
    }
}

impl Slots {
    /// Somebody says that the feed has come to here.
    pub(super) fn told(&mut self, feed: FeedId, cursor: Cursor) {
        let slot = self.slots.entry(feed).or_insert_with(|| Slot::new(cursor));
        slot.target = slot.target.max(cursor);
        if slot.has_work() {
            slot.behind_since.get_or_insert_with(Instant::now);
        }
        self.queue_up(feed);
    }

    /// An event came in live.
    pub(super) fn arrived(&mut self, event: RecordedEvent) {
        let (feed, cursor) = (event.feed, event.cursor);
        let slot = self.slots.entry(feed).or_insert_with(|| Slot::new(cursor));
        if slot.known.is_some_and(|known| cursor <= known.cursor) {
            return;
        }
        if slot.live.len() < LIVE_PER_FEED_MAX && self.live < LIVE_MAX {
            slot.live.push_back(event);
            self.live += 1;
        }
        self.told(feed, cursor);
    }

    /// The next feed with work, now in the hands of the caller until [`Self::done`] or
    /// [`Self::failed`].
    pub(super) fn next(&mut self) -> Option<Work> {
        while let Some(feed) = self.queue.pop_front() {
            let Some(slot) = self.slots.get_mut(&feed) else { continue };
            if slot.doing != Doing::Queued {
                continue;
            }
            slot.doing = Doing::Running;
            let take = slot.live.len().min(PAGE_EVENTS_MAX);
            let live: Vec<_> = slot.live.drain(..take).collect();
            self.live -= live.len();
            return Some(Work { feed, known: slot.known, live, target: slot.target });
        }
        None
    }

    /// A step of this feed, towards `target`, ended here; nothing makes the next step look it up.
    pub(super) fn done(&mut self, feed: FeedId, at: Option<Checkpoint>, target: Cursor) {
        let Some(slot) = self.slots.get_mut(&feed) else { return };
        slot.doing = Doing::Idle;
        slot.failures = 0;
        // Only MySQL knows how far a feed is. Where it has no more, nobody else is believed.
        let no_more = at.is_some() && at == slot.known && slot.target == target;
        let before = slot.known.map(|known| known.cursor);
        slot.known = at;
        if let (true, Some(at)) = (no_more, at) {
            slot.target = at.cursor;
            self.live -= slot.live.len();
            slot.live.clear();
        }
        let moved = at.map(|at| at.cursor) > before;
        slot.behind_since = match slot.behind_since {
            _ if !slot.has_work() => None,
            Some(since) if !moved => Some(since),
            _ => Some(Instant::now()),
        };
        self.queue_up(feed);
    }

    /// A step of this feed failed; answers for how many times in a row. It is left alone until
    /// [`Self::wait_until`] says when it is tried again.
    pub(super) fn failed(&mut self, feed: FeedId) -> u32 {
        let Some(slot) = self.slots.get_mut(&feed) else { return 0 };
        slot.known = None;
        slot.failures = slot.failures.saturating_add(1);
        slot.failures
    }

    /// The feed is tried again at this time.
    pub(super) fn wait_until(&mut self, feed: FeedId, at: Instant) {
        if let Some(slot) = self.slots.get_mut(&feed) {
            slot.doing = Doing::Waiting(at);
            self.waiting.insert((at, feed));
        }
    }

    /// When the next feed is to be tried again.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.waiting.first().map(|(at, _)| *at)
    }

    /// Queues the feeds whose wait is over.
    pub(super) fn wake(&mut self, now: Instant) {
        while let Some((at, feed)) = self.waiting.first().copied()
            && at <= now
        {
            self.waiting.pop_first();
            if let Some(slot) = self.slots.get_mut(&feed) {
                if slot.doing == Doing::Waiting(at) {
                    slot.doing = Doing::Idle;
                }
                self.queue_up(feed);
            }
        }
    }

    /// Forgets the feeds that are not (or no longer) for this runner.
    pub(super) fn keep(&mut self, mine: impl Fn(FeedId) -> bool) {
        self.slots.retain(|feed, _| mine(*feed));
        self.waiting.retain(|(_, feed)| mine(*feed));
        self.live = self.slots.values().map(|slot| slot.live.len()).sum();
    }

    /// How many events the feeds are behind what was told.
    pub(super) fn behind(&self) -> u64 {
        let behind = |slot: &Slot| slot.known.map_or(0, |at| slot.target.position.saturating_sub(at.cursor.position));
        self.slots.values().map(behind).sum()
    }

    /// For how long the slowest of the feeds that have something to do has not moved forward.
    pub(super) fn behind_for(&self, now: Instant) -> Duration {
        let since = self.slots.values().filter_map(|slot| slot.behind_since).min();
        since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    /// Where the projection stands in this feed, if that is known.
    pub(super) fn known(&self, feed: FeedId) -> Option<Cursor> {
        self.slots.get(&feed)?.known.map(|known| known.cursor)
    }

    fn queue_up(&mut self, feed: FeedId) {
        let Some(slot) = self.slots.get_mut(&feed) else { return };
        if slot.doing == Doing::Idle && slot.has_work() {
            slot.doing = Doing::Queued;
            self.queue.push_back(feed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use domain::envelope::{Actor, ActorKind, Metadata};
    use uuid::Uuid;

    const FEED: FeedId = FeedId(Uuid::from_u128(1));

    fn cursor(position: u64) -> Cursor {
        Cursor { epoch: 1, position }
    }

    fn at(position: u64) -> Option<Checkpoint> {
        Some(Checkpoint { cursor: cursor(position), parked: 0 })
    }

    fn event(position: u64) -> RecordedEvent {
        RecordedEvent {
            feed: FEED,
            tenant: Uuid::from_u128(2).into(),
            cursor: cursor(position),
            event_id: Uuid::from_u128(u128::from(position)),
            aggregate_type: "order".to_owned(),
            aggregate_id: Uuid::from_u128(3),
            version: position,
            event_type: "order.accepted".to_owned(),
            schema_version: 1,
            recorded_at: crate::views::samples::at(position),
            metadata: Metadata {
                actor: Actor { kind: ActorKind::System, id: String::new() },
                correlation_id: String::new(),
                causation_id: Uuid::nil(),
                traceparent: None,
                means: None,
            },
            payload: Bytes::new(),
        }
    }

    #[test]
    fn a_feed_is_with_one_worker_at_a_time() {
        let mut slots = Slots::default();
        slots.told(FEED, cursor(3));
        assert_eq!(slots.next().unwrap().known, None);
        slots.arrived(event(4));
        assert_eq!(slots.next(), None);
        slots.done(FEED, at(3), cursor(3));
        let work = slots.next().unwrap();
        assert_eq!((work.known, work.live.len(), work.target), (at(3), 1, cursor(4)));
    }

    #[test]
    fn a_feed_that_is_up_to_date_rests() {
        let mut slots = Slots::default();
        slots.told(FEED, cursor(3));
        slots.next().unwrap();
        slots.done(FEED, at(3), cursor(3));
        slots.told(FEED, cursor(3));
        slots.arrived(event(2));
        assert_eq!(slots.next(), None);
    }

    #[test]
    fn a_feed_is_behind_for_as_long_as_it_does_not_move() {
        let (mut slots, hour) = (Slots::default(), Duration::from_secs(3_600));
        slots.told(FEED, cursor(9));
        assert!(slots.behind_for(Instant::now() + hour) >= hour);
        slots.next().unwrap();
        let before = slots.slots[&FEED].behind_since;
        slots.done(FEED, None, cursor(9));
        assert_eq!(slots.slots[&FEED].behind_since, before, "nothing was applied");
        slots.next().unwrap();
        slots.done(FEED, at(5), cursor(9));
        assert!(slots.slots[&FEED].behind_since >= before, "it moved, and is not there yet");
        slots.next().unwrap();
        slots.done(FEED, at(9), cursor(9));
        assert_eq!(slots.behind_for(Instant::now() + hour), Duration::ZERO);
    }

    #[test]
    fn a_place_that_the_store_does_not_have_is_not_asked_for_again_and_again() {
        let mut slots = Slots::default();
        slots.told(FEED, cursor(9));
        slots.next().unwrap();
        slots.done(FEED, at(5), cursor(9));
        slots.next().unwrap();
        slots.done(FEED, at(5), cursor(9));
        assert_eq!(slots.next(), None);
        slots.told(FEED, cursor(9));
        assert!(slots.next().is_some());
    }

    #[test]
    fn a_failed_feed_waits_and_comes_back() {
        let (mut slots, now) = (Slots::default(), Instant::now());
        slots.told(FEED, cursor(1));
        slots.next().unwrap();
        assert_eq!(slots.failed(FEED), 1);
        slots.wait_until(FEED, now);
        slots.told(FEED, cursor(2));
        assert_eq!(slots.next(), None);
        slots.wake(now);
        assert_eq!(slots.next().unwrap().target, cursor(2));
    }

    #[test]
    fn live_events_are_bounded_and_what_does_not_fit_is_still_asked_for() {
        let mut slots = Slots::default();
        for position in 1..=2_000 {
            slots.arrived(event(position));
        }
        assert_eq!(slots.live, LIVE_PER_FEED_MAX);
        assert_eq!(slots.next().unwrap().target, cursor(2_000));
        slots.keep(|_| false);
        assert_eq!(slots.live, 0);
    }
}
