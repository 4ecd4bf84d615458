//! When the next group may begin.

use super::slots::Slots;
use crate::{generation::Projection, progress::Progress};
use std::time::Duration;
use tokio::time::Instant;

/// From the beginning of a group to that of the next one. A projection costs as many commits a second as this
/// allows, however many restaurants are busy, and is behind for so much longer at most.
const BETWEEN_GROUPS: Duration = Duration::from_millis(20);

/// Lets events gather while a projection is busy. After a quiet moment a group begins at once.
#[derive(Debug)]
pub(super) struct Gathering {
    until: Instant,
}

impl Gathering {
    /// Nothing has begun yet.
    pub(super) fn new() -> Self {
        Self { until: Instant::now() }
    }

    /// A group begins now.
    pub(super) fn begin(&mut self, now: Instant) {
        self.until = now + BETWEEN_GROUPS;
    }

    /// When the next group begins at the latest.
    pub(super) fn until(&self) -> Instant {
        self.until
    }

    /// Whether the next group need not wait: it has waited, is full, or somebody waits for one of its feeds.
    pub(super) fn is_over(&self, now: Instant, slots: &Slots, progress: &Progress, projection: Projection) -> bool {
        now >= self.until || slots.is_group_full() || progress.is_awaited(projection, slots.grouped())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{generation::Generation, runner::slots::tests::with_next_events};
    use domain::ids::FeedId;
    use uuid::Uuid;

    const ORDERS: Projection = Projection { view: "orders", generation: Generation(1) };
    const BOARD: Projection = Projection { view: "kitchen_board", generation: Generation(1) };
    const FEED: FeedId = FeedId(Uuid::from_u128(1));

    #[test]
    fn a_quiet_projection_begins_at_once_and_a_busy_one_waits() {
        let (mut gathering, progress, now) = (Gathering::new(), Progress::default(), Instant::now());
        let slots = with_next_events([FEED]);
        assert!(gathering.is_over(now, &slots, &progress, ORDERS));
        gathering.begin(now);
        assert!(!gathering.is_over(now, &slots, &progress, ORDERS));
        assert!(gathering.is_over(gathering.until(), &slots, &progress, ORDERS));
    }

    #[test]
    fn nobody_who_waits_for_a_read_model_waits_for_others_to_gather() {
        let (mut gathering, progress, now) = (Gathering::new(), Progress::default(), Instant::now());
        let slots = with_next_events([FEED]);
        gathering.begin(now);
        let _elsewhere = (progress.watch(BOARD, FEED), progress.watch(ORDERS, FeedId(Uuid::from_u128(2))));
        assert!(!gathering.is_over(now, &slots, &progress, ORDERS));
        let _reader = progress.watch(ORDERS, FEED);
        assert!(gathering.is_over(now, &slots, &progress, ORDERS));
    }

    #[test]
    fn a_full_group_does_not_wait() {
        let (mut gathering, progress, now) = (Gathering::new(), Progress::default(), Instant::now());
        let slots = with_next_events((1..=64).map(|n| FeedId(Uuid::from_u128(n))));
        gathering.begin(now);
        assert!(gathering.is_over(now, &slots, &progress, ORDERS));
    }
}
