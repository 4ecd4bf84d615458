//! What a runner knows of each feed, and which of them have work.
//!
//! A feed goes one of two ways. Most of the time the next events have come in and nothing else is needed:
//! then it waits for the next group, which takes many feeds at once. All else (a place that must be looked
//! up, a hole, parked events, a group that was given up) is done feed by feed.

mod slot;
#[cfg(test)]
pub(super) mod tests;

use self::slot::{Doing, Slot, Way};
use super::{checkpoint::Checkpoint, group::Member};
use crate::views::View;
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
/// Feeds of one group: one statement moves all of their checkpoints.
const GROUP_FEEDS_MAX: usize = 64;
/// Events of one group. A reader of any of its feeds waits for all of them.
const GROUP_EVENTS_MAX: usize = 512;
/// How long the messages of a head are expected before it is looked up in MySQL what they say: longer than they
/// take when all is as busy as it can be, for else each look at the heads would add a transaction for each feed.
const EXPECTED_WITHIN: Duration = Duration::from_millis(250);

/// What a worker needs to know of a feed that it works on alone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Work {
    pub(super) feed: FeedId,
    pub(super) known: Option<Checkpoint>,
    pub(super) live: Vec<RecordedEvent>,
    pub(super) target: Cursor,
}

/// The feeds of the shards that a runner holds. A feed is in one group, or with one worker, at a time.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: HashMap<FeedId, Slot>,
    /// Those that wait for a group. Some may have left meanwhile.
    together: VecDeque<FeedId>,
    /// Those that wait for a worker. Some may have left meanwhile.
    alone: VecDeque<FeedId>,
    waiting: BTreeSet<(Instant, FeedId)>,
    /// Live events in all slots.
    live: usize,
}

impl Slots {
    /// Somebody says that the feed has come to here.
    fn told(&mut self, feed: FeedId, cursor: Cursor) {
        let slot = self.slots.entry(feed).or_insert_with(|| Slot::new(cursor));
        slot.target = slot.target.max(cursor);
        if slot.has_work() {
            slot.behind_since.get_or_insert_with(Instant::now);
        }
        self.queue_up(feed);
    }

    /// The head of the feed was seen here. Its messages are given a moment to come in, so that a look at
    /// the heads of busy feeds does not send all of them to MySQL.
    pub(super) fn head_seen(&mut self, feed: FeedId, head: Cursor, now: Instant) {
        if let Some(slot) = self.slots.get_mut(&feed) {
            slot.target = slot.target.max(head);
            self.expect(feed, now);
        }
        self.told(feed, head);
    }

    /// Lets a feed wait for messages, where they are all that it needs and none of them is here.
    fn expect(&mut self, feed: FeedId, now: Instant) {
        if let Some(slot) = self.slots.get_mut(&feed)
            && slot.doing == Doing::Idle
            && slot.is_waiting_for_messages()
        {
            let until = now + EXPECTED_WITHIN;
            slot.doing = Doing::Expecting(until);
            self.waiting.insert((until, feed));
        }
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

    /// The next feed to be worked on alone, now in the hands of the caller until [`Self::done`] or
    /// [`Self::failed`].
    pub(super) fn next(&mut self) -> Option<Work> {
        while let Some(feed) = self.alone.pop_front() {
            let Some(slot) = self.slots.get_mut(&feed) else { continue };
            if slot.doing != Doing::Queued(Way::Alone) {
                continue;
            }
            slot.doing = Doing::Running;
            let live = slot.take(PAGE_EVENTS_MAX);
            self.live -= live.len();
            return Some(Work { feed, known: slot.known, live, target: slot.target });
        }
        None
    }

    /// The next group: feeds whose next events are here, as many as a group holds. They are in the hands of
    /// the caller until [`Self::done`], [`Self::apart`] or [`Self::failed`]. Empty where nothing waits.
    pub(super) fn next_group(&mut self) -> Vec<Member> {
        let (mut group, mut room) = (Vec::new(), GROUP_EVENTS_MAX);
        while group.len() < GROUP_FEEDS_MAX
            && room > 0
            && let Some(feed) = self.together.pop_front()
        {
            let Some(slot) = self.slots.get_mut(&feed) else { continue };
            let Some(from) = slot.known.filter(|_| slot.doing == Doing::Queued(Way::Together)) else { continue };
            slot.doing = Doing::Running;
            let before = slot.live.len();
            let events = slot.take_following(from.cursor, room.min(PAGE_EVENTS_MAX));
            self.live -= before - slot.live.len();
            room -= events.len();
            group.push(Member { feed, from, events, target: slot.target });
        }
        group
    }

    /// Whether feeds wait for a group.
    pub(super) fn has_group(&self) -> bool {
        !self.together.is_empty()
    }

    /// Whether what waits for a group fills it.
    pub(super) fn is_group_full(&self) -> bool {
        let events = self.grouped().filter_map(|feed| self.slots.get(&feed)).map(|slot| slot.live.len());
        self.together.len() >= GROUP_FEEDS_MAX || events.sum::<usize>() >= GROUP_EVENTS_MAX
    }

    /// Whether any event that waits for a group may change rows of this view.
    pub(super) fn concern(&self, view: &dyn View) -> bool {
        let slots = self.grouped().filter_map(|feed| self.slots.get(&feed));
        slots.flat_map(|slot| &slot.live).any(|event| view.concerns(&event.event_type))
    }

    /// The feeds that the next group may hold.
    pub(super) fn grouped(&self) -> impl Iterator<Item = FeedId> {
        self.together.iter().copied().take(GROUP_FEEDS_MAX)
    }

    /// A step of this feed alone, towards `target`, ended here; nothing makes the next step look it up.
    pub(super) fn done(&mut self, feed: FeedId, at: Option<Checkpoint>, target: Cursor) {
        self.stands(feed, at, target);
        self.queue_up(feed);
    }

    /// A group has moved this feed. What a head told meanwhile may still come in as messages.
    pub(super) fn moved(&mut self, member: &Member, now: Instant) {
        self.stands(member.feed, Some(member.to()), member.target);
        self.expect(member.feed, now);
        self.queue_up(member.feed);
    }

    fn stands(&mut self, feed: FeedId, at: Option<Checkpoint>, target: Cursor) {
        let Some(slot) = self.slots.get_mut(&feed) else { return };
        slot.doing = Doing::Idle;
        slot.failures = 0;
        slot.is_apart = false;
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
    }

    /// The group of this feed was given up and changed nothing: the next step is taken alone.
    pub(super) fn apart(&mut self, feed: FeedId) {
        let Some(slot) = self.slots.get_mut(&feed) else { return };
        slot.doing = Doing::Idle;
        slot.is_apart = true;
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

    /// When the next feed is to be tried again, or is no longer waited for.
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
                if slot.doing == Doing::Waiting(at) || slot.doing == Doing::Expecting(at) {
                    slot.doing = Doing::Idle;
                }
                self.queue_up(feed);
            }
        }
    }

    /// Forgets the feeds that are not (or no longer) for this runner.
    pub(super) fn keep(&mut self, mine: impl Fn(FeedId) -> bool) {
        self.slots.retain(|feed, _| mine(*feed));
        self.together.retain(|feed| mine(*feed));
        self.alone.retain(|feed| mine(*feed));
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
        let way = slot.way();
        // Messages that were expected are here when the next one is.
        let is_free = match slot.doing {
            Doing::Idle => true,
            Doing::Expecting(_) => way == Way::Together,
            Doing::Queued(_) | Doing::Running | Doing::Waiting(_) => false,
        };
        if !is_free || !slot.has_work() {
            return;
        }
        if let Doing::Expecting(until) = slot.doing {
            self.waiting.remove(&(until, feed));
        }
        slot.doing = Doing::Queued(way);
        match way {
            Way::Together => self.together.push_back(feed),
            Way::Alone => self.alone.push_back(feed),
        }
    }
}
