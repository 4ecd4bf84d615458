//! When the next group may begin.

use super::slots::Slots;
use crate::{progress::Progress, views::View};
use std::time::Duration;
use tokio::time::Instant;

/// How long events wait for others. A projection costs as many commits a second as this allows, however many
/// restaurants are busy, and is behind for so much longer at most. Screens have their frames by then: read models do
/// not take the processor from them.
const GATHERED_FOR: Duration = Duration::from_millis(20);
/// The same where no event changes a row, and only checkpoints would move: most orders of guests are nothing to
/// a kitchen yet, and none is to the menu.
const EMPTY_GATHERED_FOR: Duration = Duration::from_millis(200);

/// Lets events gather before they are applied together.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    /// Since when something waits for the next group.
    since: Option<Instant>,
}

impl Gathering {
    /// Something waits for a group now, if it did not before.
    pub(super) fn waits(&mut self, now: Instant) {
        self.since.get_or_insert(now);
    }

    /// A group begins, with all that waited.
    pub(super) fn begin(&mut self) {
        self.since = None;
    }

    /// When a group of what waits begins at the latest.
    pub(super) fn until(&self, now: Instant, slots: &Slots, view: &dyn View) -> Instant {
        self.since.unwrap_or(now) + if slots.concern(view) { GATHERED_FOR } else { EMPTY_GATHERED_FOR }
    }

    /// Whether the next group need not wait: it has waited, is full, or somebody waits for one of its feeds.
    pub(super) fn is_over(&self, now: Instant, slots: &Slots, progress: &Progress, view: &dyn View) -> bool {
        now >= self.until(now, slots, view)
            || slots.is_group_full()
            || progress.is_awaited(view.projection(), slots.grouped())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        generation::{Generation, Projection},
        runner::slots::tests::with_next_events,
        views,
    };
    use domain::ids::FeedId;
    use uuid::Uuid;

    const ORDERS: Projection = Projection { view: "orders", generation: Generation(1) };
    const BOARD: Projection = Projection { view: "kitchen_board", generation: Generation(1) };
    const FEED: FeedId = FeedId(Uuid::from_u128(1));

    #[test]
    fn events_wait_a_moment_for_others_from_the_first_one_on() {
        let (mut gathering, progress, now) = (Gathering::default(), Progress::default(), Instant::now());
        let (slots, orders) = (with_next_events([FEED]), views::of(ORDERS));
        gathering.waits(now);
        gathering.waits(now + GATHERED_FOR / 2);
        assert!(!gathering.is_over(now + GATHERED_FOR / 2, &slots, &progress, &*orders));
        assert!(gathering.is_over(now + GATHERED_FOR, &slots, &progress, &*orders));
        gathering.begin();
        gathering.waits(now + GATHERED_FOR);
        assert!(!gathering.is_over(now + GATHERED_FOR, &slots, &progress, &*orders));
    }

    #[test]
    fn nobody_who_waits_for_a_read_model_waits_for_others_to_gather() {
        let (mut gathering, progress, now) = (Gathering::default(), Progress::default(), Instant::now());
        let slots = with_next_events([FEED]);
        gathering.waits(now);
        let _elsewhere = (progress.watch(BOARD, FEED), progress.watch(ORDERS, FeedId(Uuid::from_u128(2))));
        assert!(!gathering.is_over(now, &slots, &progress, &*views::of(ORDERS)));
        let _reader = progress.watch(ORDERS, FEED);
        assert!(gathering.is_over(now, &slots, &progress, &*views::of(ORDERS)));
    }

    #[test]
    fn what_changes_no_row_gathers_for_longer_and_not_for_ever() {
        let (mut gathering, progress, now) = (Gathering::default(), Progress::default(), Instant::now());
        let (slots, board) = (with_next_events([FEED]), views::of(BOARD));
        gathering.waits(now);
        assert!(!gathering.is_over(now + GATHERED_FOR, &slots, &progress, &*board), "an order that was only placed");
        assert!(gathering.is_over(now + EMPTY_GATHERED_FOR, &slots, &progress, &*board));
        let _reader = progress.watch(BOARD, FEED);
        assert!(gathering.is_over(now, &slots, &progress, &*board));
    }

    #[test]
    fn a_full_group_does_not_wait() {
        let (mut gathering, progress, now) = (Gathering::default(), Progress::default(), Instant::now());
        let slots = with_next_events((1..=64).map(|n| FeedId(Uuid::from_u128(n))));
        gathering.waits(now);
        assert!(gathering.is_over(now, &slots, &progress, &*views::of(ORDERS)));
    }
}
