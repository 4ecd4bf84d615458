//! What events do to the orders view.
//!
//! The state that people see depends on the states of all lines, so a change of one line needs what
//! the view already knows of the order: [`needed`] says which orders to load, [`Changes::of`] folds
//! the events over them.

use super::schema::{LINES, ORDERS};
use crate::views::{ApplyError, Fact};
use chrono::{DateTime, Utc};
use domain::{
    event::Event,
    ids::{FeedId, LineId, OrderId},
    ordering::{CancelReason, LineState, OrderEvent, OrderPlaced, OrderState, RejectReason, ViewState, view_state},
};
use std::collections::{BTreeMap, BTreeSet};

/// The key of an order's row.
pub(super) type Key = (FeedId, OrderId);

/// How far an order is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Progress {
    pub(super) order: OrderState,
    pub(super) reason: Option<&'static str>,
    pub(super) version: u64,
    pub(super) lines: BTreeMap<LineId, LineState>,
    /// Lines whose rows no longer say what `lines` says.
    pub(super) moved: BTreeSet<LineId>,
}

impl Progress {
    /// What people are told.
    pub(super) fn view_state(&self) -> ViewState {
        view_state(self.order, self.lines.values().copied())
    }

    /// An order in the view.
    pub(super) fn stored(state: ViewState, version: u64) -> Self {
        let order = match state {
            ViewState::Placed => OrderState::Placed,
            ViewState::Rejected => OrderState::Rejected,
            ViewState::Cancelled => OrderState::Cancelled,
            ViewState::Served => OrderState::Completed,
            ViewState::Accepted | ViewState::Preparing | ViewState::Ready => OrderState::Accepted,
        };
        Self { order, reason: None, version, lines: BTreeMap::new(), moved: BTreeSet::new() }
    }

    fn placed(placed: &OrderPlaced) -> Self {
        let lines = placed.lines.iter().map(|line| (line.line_id, LineState::Placed)).collect();
        Self { lines, ..Self::stored(ViewState::Placed, 0) }
    }

    /// Lines that no station ever saw end with their order and have no event of their own.
    fn end(&mut self, state: OrderState, reason: &'static str) {
        (self.order, self.reason) = (state, Some(reason));
        let waiting: Vec<LineId> =
            self.lines.iter().filter(|(_, state)| **state == LineState::Placed).map(|(id, _)| *id).collect();
        for line in waiting {
            self.lines.insert(line, LineState::Voided);
            self.moved.insert(line);
        }
    }

    fn move_line(&mut self, line: LineId, state: LineState) -> Result<(), ApplyError> {
        let known = self.lines.get_mut(&line).ok_or(ApplyError::Misfit { table: LINES, expected: 1, rows: 0 })?;
        *known = state;
        self.moved.insert(line);
        Ok(())
    }
}

/// An order that was placed in this batch.
#[derive(Debug, PartialEq)]
pub(super) struct NewOrder {
    pub(super) feed: FeedId,
    pub(super) placed: OrderPlaced,
    pub(super) position: u64,
    pub(super) at: DateTime<Utc>,
}

impl NewOrder {
    /// The key of its row.
    pub(super) fn key(&self) -> Key {
        (self.feed, self.placed.order_id)
    }
}

/// What a batch of events changes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) new: Vec<NewOrder>,
    /// Every order that the batch touches, new ones included.
    pub(super) progress: BTreeMap<Key, Progress>,
}

/// The orders that these events are about and that earlier batches placed.
pub(super) fn needed(facts: &[Fact]) -> BTreeSet<Key> {
    let (mut new, mut needed) = (BTreeSet::new(), BTreeSet::new());
    for fact in facts {
        let Event::Order(event) = &fact.event else { continue };
        let order = (fact.feed, order_of(event));
        if matches!(event, OrderEvent::Placed(_)) {
            new.insert(order);
        } else if !new.contains(&order) {
            needed.insert(order);
        }
    }
    needed
}

impl Changes {
    /// Folds the events of a batch over what the view knows already.
    pub(super) fn of(facts: &[Fact], known: BTreeMap<Key, Progress>) -> Result<Self, ApplyError> {
        let mut changes = Self { new: Vec::new(), progress: known };
        for fact in facts {
            if let Event::Order(event) = &fact.event {
                changes.fold(fact, event)?;
            }
        }
        Ok(changes)
    }

    fn fold(&mut self, fact: &Fact, event: &OrderEvent) -> Result<(), ApplyError> {
        if let OrderEvent::Placed(placed) = event {
            let new = NewOrder { feed: fact.feed, placed: placed.clone(), position: fact.position, at: fact.at };
            self.progress.insert(new.key(), Progress::placed(placed));
            self.new.push(new);
        }
        let order = self.progress.get_mut(&(fact.feed, order_of(event)));
        let order = order.ok_or(ApplyError::Misfit { table: ORDERS, expected: 1, rows: 0 })?;
        order.version = fact.version;
        match event {
            OrderEvent::Placed(_) => {}
            OrderEvent::Accepted(_) => order.order = OrderState::Accepted,
            OrderEvent::Completed(_) => order.order = OrderState::Completed,
            OrderEvent::Rejected(it) => order.end(OrderState::Rejected, reject_name(it.reason)),
            OrderEvent::Cancelled(it) => order.end(OrderState::Cancelled, cancel_name(it.reason)),
            OrderEvent::LineFired(it) => order.move_line(it.line_id, LineState::Fired)?,
            OrderEvent::LineStarted(it) => order.move_line(it.line_id, LineState::Preparing)?,
            OrderEvent::LineReady(it) => order.move_line(it.line_id, LineState::Ready)?,
            OrderEvent::LineServed(it) => order.move_line(it.line_id, LineState::Served)?,
            OrderEvent::LineVoided(it) => order.move_line(it.line_id, LineState::Voided)?,
        }
        Ok(())
    }
}

fn order_of(event: &OrderEvent) -> OrderId {
    match event {
        OrderEvent::Placed(it) => it.order_id,
        OrderEvent::Accepted(it) => it.order_id,
        OrderEvent::Rejected(it) => it.order_id,
        OrderEvent::Cancelled(it) => it.order_id,
        OrderEvent::Completed(it) => it.order_id,
        OrderEvent::LineFired(it) => it.order_id,
        OrderEvent::LineStarted(it) => it.order_id,
        OrderEvent::LineReady(it) => it.order_id,
        OrderEvent::LineServed(it) => it.order_id,
        OrderEvent::LineVoided(it) => it.order_id,
    }
}

fn reject_name(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::KitchenClosed => "kitchen-closed",
        RejectReason::SoldOut => "sold-out",
        RejectReason::Other => "other",
    }
}

fn cancel_name(reason: CancelReason) -> &'static str {
    match reason {
        CancelReason::GuestLeft => "guest-left",
        CancelReason::Mistake => "mistake",
        CancelReason::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples::{
        FEED, ORDER, accepted, cancelled, completed, facts, facts_of, fired, line_id, placed, ready, served, started,
        voided,
    };
    use proptest::{collection::vec, prelude::*};

    const KEY: Key = (FEED, ORDER);

    fn progress(facts: &[Fact], known: BTreeMap<Key, Progress>) -> Progress {
        Changes::of(facts, known).unwrap().progress.remove(&KEY).unwrap()
    }

    #[test]
    fn the_state_that_people_see_follows_the_lines() {
        let way = [
            placed(&[1, 2]),
            accepted(),
            fired(1),
            fired(2),
            started(1),
            ready(1),
            ready(2),
            served(1),
            served(2),
            completed(),
        ];
        let states: Vec<&str> = (1..=way.len())
            .map(|n| progress(&facts(way[..n].to_vec()), BTreeMap::new()).view_state().as_str())
            .collect();
        assert_eq!(
            states,
            [
                "placed",
                "accepted",
                "accepted",
                "accepted",
                "preparing",
                "preparing",
                "ready",
                "ready",
                "ready",
                "served"
            ]
        );
    }

    #[test]
    fn lines_that_nobody_fired_end_with_their_order() {
        let order = progress(&facts([placed(&[1, 2]), cancelled()]), BTreeMap::new());
        assert_eq!(order.view_state(), ViewState::Cancelled);
        assert_eq!(order.reason, Some("mistake"));
        assert!(order.lines.values().all(|state| *state == LineState::Voided));
    }

    #[test]
    fn only_orders_of_earlier_batches_are_loaded() {
        assert_eq!(needed(&facts([placed(&[1]), accepted()])), BTreeSet::new());
        assert_eq!(needed(&facts([fired(1), started(1)])), BTreeSet::from([KEY]));
    }

    #[test]
    fn an_event_without_its_order_or_line_does_not_fit() {
        assert!(matches!(Changes::of(&facts([accepted()]), BTreeMap::new()), Err(ApplyError::Misfit { .. })));
        let unknown_line = Changes::of(&facts([placed(&[1]), accepted(), fired(9)]), BTreeMap::new());
        assert!(matches!(unknown_line, Err(ApplyError::Misfit { .. })));
    }

    /// A feed that was copied under another id has the same orders.
    #[test]
    fn the_same_order_in_another_feed_is_another_one() {
        let other = FeedId(uuid::Uuid::from_u128(9));
        let mut both = facts([placed(&[1]), accepted(), fired(1)]);
        both.extend(facts_of(other, [placed(&[1])]));
        let changes = Changes::of(&both, BTreeMap::new()).unwrap();
        assert_eq!(changes.new.len(), 2);
        assert_eq!(changes.progress[&KEY].view_state(), ViewState::Accepted);
        assert_eq!(changes.progress[&(other, ORDER)].view_state(), ViewState::Placed);
        assert_eq!(needed(&facts_of(other, [accepted()])), BTreeSet::from([(other, ORDER)]));
    }

    proptest! {
        /// However a history is cut into batches, the order ends the same.
        #[test]
        fn batches_do_not_matter(cuts in vec(any::<prop::sample::Index>(), 0..4), void in any::<bool>()) {
            let mut way = vec![placed(&[1, 2]), accepted(), fired(1), fired(2)];
            way.extend(if void { vec![cancelled(), voided(1), voided(2)] } else { vec![started(2), ready(2), ready(1)] });
            let all = facts(way);
            let whole = progress(&all, BTreeMap::new());
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(all.len() - 1) + 1).collect();
            ends.push(all.len());
            ends.sort_unstable();
            let (mut start, mut known) = (0, BTreeMap::new());
            for end in ends {
                let batch = &all[start..end];
                let folded = Changes::of(batch, known.clone()).unwrap().progress.remove(&KEY);
                let Some(mut order) = folded else { continue };
                // What the next batch would load.
                let stored = Progress::stored(order.view_state(), order.version);
                order = Progress { lines: order.lines, reason: order.reason, ..stored };
                known.insert(KEY, order);
                start = end;
            }
            prop_assert_eq!(known[&KEY].view_state(), whole.view_state());
            prop_assert_eq!(&known[&KEY].lines, &whole.lines);
            prop_assert_eq!(known[&KEY].version, whole.version);
            prop_assert_eq!(known[&KEY].lines.contains_key(&line_id(1)), true);
        }
    }
}
