//! The windows of all feeds that this relay works on: pure.

use crate::{
    store::{Pending, Range},
    window::{FeedWindow, Ticket},
};
use domain::ids::FeedId;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::RangeInclusive,
    time::Instant,
};

/// Positions of one feed in one read: a busy feed does not keep the others waiting.
const FEED_QUOTA: u64 = 64;
/// Feeds in one read.
const RANGES_MAX: usize = 64;
/// Feeds in one statement that deletes.
pub(crate) const MARKS_MAX: usize = 128;
/// Feeds that are filled up again at the same time.
pub(crate) const REFILLS_MAX: usize = 8;

/// Rows of one feed that can be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) shard: u8,
    pub(crate) feed: FeedId,
    pub(crate) epoch: u32,
    /// The last of them.
    pub(crate) up_to: u64,
}

/// Positions that the stream has lost.
#[derive(Debug, Clone)]
pub(crate) struct Refill {
    pub(crate) feed: FeedId,
    pub(crate) epoch: u32,
    pub(crate) positions: RangeInclusive<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Book {
    windows: BTreeMap<FeedId, FeedWindow>,
    /// For each window, the number of the poll after which nothing old can show its rows again.
    done_since: HashMap<FeedId, u64>,
    generations: u64,
    /// Where the next read starts, so that everyone gets a turn.
    turn: FeedId,
}

impl Book {
    /// Takes what a poll has shown. A feed in a new epoch starts over.
    pub(crate) fn waiting(&mut self, pending: &Pending) {
        let Pending { shard, feed, epoch, rows } = pending;
        let generation = self.generation();
        let window = self.windows.get_mut(feed).filter(|window| window.epoch == *epoch);
        if let Some(window) = window {
            window.waiting(rows, generation);
        } else {
            self.windows.insert(*feed, FeedWindow::of_outbox(*shard, *epoch, rows, generation));
        }
        self.done_since.remove(feed);
    }

    /// Takes positions that the stream has lost; not while the feed has anything else to do, because
    /// then its rows bring the stream's tail up to date.
    pub(crate) fn refill(&mut self, refill: &Refill) -> bool {
        if self.windows.get(&refill.feed).is_some_and(|window| !window.is_done()) {
            return false;
        }
        self.done_since.remove(&refill.feed);
        let generation = self.generation();
        let window = FeedWindow::of_refill(refill.feed.shard(), refill.epoch, &refill.positions, generation);
        self.windows.insert(refill.feed, window);
        true
    }

    /// How many feeds are being filled up again.
    pub(crate) fn refills(&self) -> usize {
        self.windows.values().filter(|window| window.is_refill()).count()
    }

    /// What to read next: at most `room` positions, of which refills get at most `refill_room`.
    pub(crate) fn plan(&mut self, room: u64, refill_room: u64, now: Instant) -> Vec<Range> {
        let mut ranges = Vec::new();
        let (mut room, mut refill_room) = (room, refill_room);
        for refills in [false, true] {
            let turns = self.windows.range(self.turn..).chain(self.windows.range(..self.turn));
            for (feed, window) in turns.filter(|(_, window)| window.is_refill() == refills) {
                let most = FEED_QUOTA.min(room).min(if refills { refill_room } else { room });
                if most == 0 || ranges.len() == RANGES_MAX {
                    break;
                }
                let Some(positions) = window.next(most, now) else { continue };
                let count = positions.end() - positions.start() + 1;
                room -= count;
                refill_room = refill_room.saturating_sub(if refills { count } else { 0 });
                ranges.push(Range { feed: *feed, positions });
            }
        }
        if let Some(last) = ranges.last() {
            self.turn = FeedId::from(uuid::Uuid::from_u128(last.feed.0.as_u128().wrapping_add(1)));
        }
        ranges
    }

    /// Marks a position as sent; `None` if it must not be sent.
    pub(crate) fn send(&mut self, feed: FeedId, epoch: u32, position: u64) -> Option<Ticket> {
        self.windows.get_mut(&feed).filter(|window| window.epoch == epoch)?.send(position)
    }

    /// Whether a read that began at this position brought nothing to send although nothing else has
    /// happened. Then the feed rests, so that the others are not read in vain as well.
    pub(crate) fn is_stuck(&mut self, feed: FeedId, first: u64, now: Instant) -> bool {
        let window = self.windows.get_mut(&feed).filter(|window| window.is_next(first));
        window.map(|window| window.rest(now)).is_some()
    }

    /// The server has it.
    pub(crate) fn acked(&mut self, feed: FeedId, ticket: Ticket) {
        if let Some(window) = self.windows.get_mut(&feed) {
            window.acked(ticket);
        }
    }

    /// The server does not have it. Returns whether anything has to go out again because of that.
    pub(crate) fn failed(&mut self, feed: FeedId, ticket: Ticket, now: Instant) -> bool {
        let generation = self.generation();
        self.windows.get_mut(&feed).is_some_and(|window| window.failed(ticket, generation, now))
    }

    /// All that is in flight is lost.
    pub(crate) fn start_over(&mut self) {
        self.generations += 1;
        for window in self.windows.values_mut() {
            window.start_over(self.generations);
        }
    }

    /// Feeds that failed may go on at once: what they failed for is mended.
    pub(crate) fn rest_no_longer(&mut self) {
        self.windows.values_mut().for_each(FeedWindow::rest_no_longer);
    }

    /// Forgets the feeds of all shards that are not held any more. Returns the shards of those that
    /// were still being filled up again: rows of the outbox are found again, lost positions are not.
    pub(crate) fn keep_shards(&mut self, holds: impl Fn(u8) -> bool) -> BTreeSet<u8> {
        let gone = self.windows.extract_if(.., |_, window| !holds(window.shard));
        gone.filter(|(_, window)| window.is_refill()).map(|(_, window)| window.shard).collect()
    }

    /// What can be deleted, of at most [`MARKS_MAX`] feeds.
    pub(crate) fn marks(&self) -> Vec<Mark> {
        let mark = |(feed, window): (&FeedId, &FeedWindow)| {
            let (shard, epoch) = (window.shard, window.epoch);
            window.deletable().map(|up_to| Mark { shard, feed: *feed, epoch, up_to })
        };
        self.windows.iter().filter_map(mark).take(MARKS_MAX).collect()
    }

    /// These were deleted.
    pub(crate) fn deleted(&mut self, marks: &[Mark]) {
        for mark in marks {
            if let Some(window) = self.windows.get_mut(&mark.feed).filter(|window| window.epoch == mark.epoch) {
                window.deleted(mark.up_to);
            }
        }
    }

    /// Forgets feeds that have nothing to do. `started` and `finished` are numbers of polls: a poll
    /// that was under way when the rows were deleted may still show them, so a feed is forgotten
    /// only when a later one has come back.
    pub(crate) fn sweep(&mut self, started: u64, finished: u64) {
        let done_since = &mut self.done_since;
        self.windows
            .retain(|feed, window| !window.is_done() || finished <= *done_since.entry(*feed).or_insert(started));
        let windows = &self.windows;
        done_since.retain(|feed, _| windows.contains_key(feed));
    }

    /// Positions that wait for their acknowledgement.
    pub(crate) fn unacked(&self) -> u64 {
        self.windows.values().map(FeedWindow::unacked).sum()
    }

    fn generation(&mut self) -> u64 {
        self.generations += 1;
        self.generations
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn feed(number: u128) -> FeedId {
        FeedId::from(Uuid::from_u128(number))
    }

    fn pending(number: u128, rows: RangeInclusive<u64>) -> Pending {
        Pending { shard: 0, feed: feed(number), epoch: 1, rows }
    }

    #[test]
    fn a_busy_feed_gets_its_quota_and_then_others_have_their_turn() {
        let mut book = Book::default();
        book.waiting(&pending(1, 1..=10_000));
        book.waiting(&pending(2, 1..=3));
        let first = book.plan(100, 50, Instant::now());
        assert_eq!(first[0], Range { feed: feed(1), positions: 1..=64 });
        assert_eq!(first[1], Range { feed: feed(2), positions: 1..=3 });
        for number in 3..200 {
            book.waiting(&pending(number, 1..=1));
        }
        let firsts: Vec<_> = (0..4).map(|_| book.plan(10, 0, Instant::now())[0].feed).collect();
        assert_eq!(firsts.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn refills_leave_room_for_what_is_new() {
        let mut book = Book::default();
        assert!(book.refill(&Refill { feed: feed(1), epoch: 1, positions: 1..=1_000 }));
        book.waiting(&pending(2, 1..=5));
        let plan = book.plan(20, 10, Instant::now());
        assert_eq!(plan[0], Range { feed: feed(2), positions: 1..=5 });
        assert_eq!(plan[1], Range { feed: feed(1), positions: 1..=10 });
    }

    #[test]
    fn a_feed_that_is_busy_is_not_filled_up() {
        let mut book = Book::default();
        book.waiting(&pending(1, 5..=5));
        assert!(!book.refill(&Refill { feed: feed(1), epoch: 1, positions: 1..=4 }));
    }

    #[test]
    fn a_feed_that_has_done_its_work_is_filled_up_although_it_is_not_forgotten_yet() {
        let mut book = Book::default();
        book.waiting(&pending(1, 1..=4));
        for position in 1..=4 {
            let ticket = book.send(feed(1), 1, position).unwrap();
            book.acked(feed(1), ticket);
        }
        let marks = book.marks();
        book.deleted(&marks);
        book.sweep(7, 6);
        assert!(book.refill(&Refill { feed: feed(1), epoch: 1, positions: 1..=4 }));
        assert_eq!(book.plan(10, 10, Instant::now()), [Range { feed: feed(1), positions: 1..=4 }]);
        book.sweep(8, 8);
        assert_eq!(book.refills(), 1);
    }

    #[test]
    fn a_refill_that_ends_with_its_lease_is_told() {
        let mut book = Book::default();
        book.waiting(&Pending { shard: 3, ..pending(1, 1..=4) });
        let refill = Refill { feed: feed(2), epoch: 1, positions: 1..=4 };
        assert!(book.refill(&refill));
        assert_eq!(book.keep_shards(|_| true), BTreeSet::new());
        assert_eq!(book.keep_shards(|_| false), BTreeSet::from([refill.feed.shard()]));
        assert!(book.windows.is_empty());
    }

    #[test]
    fn a_poll_that_was_under_way_brings_nothing_back() {
        let mut book = Book::default();
        book.waiting(&pending(1, 1..=1));
        let ticket = book.send(feed(1), 1, 1).unwrap();
        book.acked(feed(1), ticket);
        let marks = book.marks();
        book.deleted(&marks);
        book.sweep(7, 6);
        book.waiting(&pending(1, 1..=1));
        assert_eq!(book.plan(10, 10, Instant::now()), []);
        book.sweep(8, 7);
        book.sweep(9, 8);
        book.sweep(9, 9);
        assert!(book.windows.is_empty());
    }

    #[test]
    fn a_feed_whose_event_cannot_be_read_rests_and_the_others_go_on() {
        let mut book = Book::default();
        book.waiting(&pending(1, 1..=2));
        book.waiting(&pending(2, 1..=2));
        let now = Instant::now();
        book.send(feed(2), 1, 1).unwrap();
        assert!(!book.is_stuck(feed(2), 1, now));
        // The pause is random, and may be next to nothing: several in a row are not.
        (0..20).for_each(|_| assert!(book.is_stuck(feed(1), 1, now)));
        assert_eq!(book.plan(10, 10, now), [Range { feed: feed(2), positions: 2..=2 }]);
    }

    #[test]
    fn another_epoch_starts_over() {
        let mut book = Book::default();
        book.waiting(&pending(1, 1..=100));
        book.waiting(&Pending { shard: 0, feed: feed(1), epoch: 2, rows: 51..=51 });
        assert_eq!(book.plan(10, 10, Instant::now()), [Range { feed: feed(1), positions: 51..=51 }]);
        assert_eq!(book.send(feed(1), 1, 51), None);
    }
}
