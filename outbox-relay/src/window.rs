//! What of one feed is waiting, sent and acknowledged: pure.
//!
//! Positions are sent strictly one after another. When one fails, everything after it counts as not
//! sent and goes out again in order; acknowledgements of the earlier sending (an older `generation`)
//! mean nothing then. Only what is acknowledged without a gap may be deleted from the outbox.

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    time::{Duration, Instant},
};

use crate::backoff;

/// First pause after a position of a feed failed.
const RETRY_BASE: Duration = Duration::from_millis(50);
/// Longest pause of a feed. A NATS cluster needs up to 9 s for a new leader: the pause should add little.
const RETRY_CAP: Duration = Duration::from_secs(1);

/// One sending of one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The position.
    pub(crate) position: u64,
    /// Whether it fills the stream up again (no `Nats-Msg-Id`) or goes out for the first time.
    pub(crate) refill: bool,
    generation: u64,
}

/// The window of one feed. `acked ≤ sent ≤ known`.
#[derive(Debug)]
pub(crate) struct FeedWindow {
    /// The shard of the feed.
    pub(crate) shard: u8,
    /// The epoch of all its positions.
    pub(crate) epoch: u32,
    acked: u64,
    sent: u64,
    known: u64,
    /// Acknowledged beyond `acked + 1`; at most what is in flight.
    early: BTreeSet<u64>,
    generation: u64,
    /// Rows up to here are not in the outbox any more.
    deleted: u64,
    /// Positions up to here are sent as refills.
    refill_to: u64,
    failures: u32,
    retry_at: Option<Instant>,
}

impl FeedWindow {
    /// A window over rows of the outbox. `generation` must never have been used before.
    pub(crate) fn of_outbox(shard: u8, epoch: u32, rows: &RangeInclusive<u64>, generation: u64) -> Self {
        let before = rows.start().saturating_sub(1);
        Self {
            shard,
            epoch,
            acked: before,
            sent: before,
            known: *rows.end(),
            early: BTreeSet::new(),
            generation,
            deleted: before,
            refill_to: 0,
            failures: 0,
            retry_at: None,
        }
    }

    /// A window that sends positions again that have no row in the outbox.
    pub(crate) fn of_refill(shard: u8, epoch: u32, positions: &RangeInclusive<u64>, generation: u64) -> Self {
        let to = *positions.end();
        Self { refill_to: to, deleted: to, ..Self::of_outbox(shard, epoch, positions, generation) }
    }

    /// The outbox has these rows of the feed now. Whatever is below them was acknowledged to somebody.
    pub(crate) fn waiting(&mut self, rows: &RangeInclusive<u64>, generation: u64) {
        if *rows.start() > self.known + 1 {
            *self = Self::of_outbox(self.shard, self.epoch, rows, generation);
            return;
        }
        self.known = self.known.max(*rows.end());
    }

    /// The next positions to read and send, at most `most`.
    pub(crate) fn next(&self, most: u64, now: Instant) -> Option<RangeInclusive<u64>> {
        let resting = self.retry_at.is_some_and(|at| now < at);
        let range = self.sent + 1..=self.known.min(self.sent.saturating_add(most));
        (!resting && !range.is_empty()).then_some(range)
    }

    /// Marks this position as sent. `None` if it is not its turn; then it must not be sent.
    pub(crate) fn send(&mut self, position: u64) -> Option<Ticket> {
        if !self.is_next(position) {
            return None;
        }
        self.sent = position;
        Some(Ticket { position, refill: position <= self.refill_to, generation: self.generation })
    }

    /// The server has it.
    pub(crate) fn acked(&mut self, ticket: Ticket) {
        if ticket.generation != self.generation {
            return;
        }
        self.early.insert(ticket.position);
        while self.early.remove(&(self.acked + 1)) {
            self.acked += 1;
            self.failures = 0;
        }
    }

    /// The server does not have it, or did not say so in time. Returns whether that changed anything.
    pub(crate) fn failed(&mut self, ticket: Ticket, generation: u64, now: Instant) -> bool {
        if ticket.generation != self.generation {
            return false;
        }
        self.start_over(generation);
        self.rest(now);
        true
    }

    /// Rests for a while, longer each time until something is acknowledged.
    pub(crate) fn rest(&mut self, now: Instant) {
        self.retry_at = Some(now + backoff::full_jitter(RETRY_BASE, RETRY_CAP, self.failures));
        self.failures += 1;
    }

    /// Whether it is this position's turn to be sent.
    pub(crate) fn is_next(&self, position: u64) -> bool {
        position == self.sent + 1 && position <= self.known
    }

    /// Everything in flight is lost: it goes out again, at once.
    pub(crate) fn start_over(&mut self, generation: u64) {
        self.sent = self.acked;
        self.early.clear();
        self.generation = generation;
        self.retry_at = None;
    }

    /// Goes on without waiting for the end of a rest.
    pub(crate) fn rest_no_longer(&mut self) {
        self.retry_at = None;
    }

    /// Rows up to here can be deleted.
    pub(crate) fn deletable(&self) -> Option<u64> {
        (self.acked > self.deleted).then_some(self.acked)
    }

    /// Rows up to here were deleted.
    pub(crate) fn deleted(&mut self, up_to: u64) {
        self.deleted = self.deleted.max(up_to);
    }

    /// Whether it still fills the stream up again.
    pub(crate) fn is_refill(&self) -> bool {
        self.acked < self.refill_to
    }

    /// Whether nothing is left to send, to wait for or to delete.
    pub(crate) fn is_done(&self) -> bool {
        self.acked == self.known && self.deleted >= self.acked
    }

    /// Positions that are not acknowledged yet.
    pub(crate) fn unacked(&self) -> u64 {
        self.known - self.acked
    }
}

#[cfg(test)]
mod tests;
