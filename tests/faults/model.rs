//! What the read models must show, because of what was answered.

use std::collections::BTreeMap;

/// A line of an order that was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LineState {
    Fired,
    Preparing,
    Ready,
    Served,
}

impl LineState {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Served => "served",
        }
    }
}

/// How an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    Placed,
    Rejected,
    Cancelled,
    Accepted,
}

/// A line: where it is made, and how far it is once it was fired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) station: &'static str,
    pub(super) state: LineState,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) restaurant: usize,
    pub(super) stage: Stage,
    pub(super) lines: BTreeMap<String, Line>,
    /// The position of the last command about it.
    pub(super) position: u64,
}

/// States of an order, from the first to the last; it never goes back.
const STATES: [&str; 7] = ["placed", "accepted", "preparing", "ready", "served", "rejected", "cancelled"];

impl Order {
    /// As the view `orders` names it.
    pub(super) fn state(&self) -> &'static str {
        let lines = || self.lines.values().map(|line| line.state);
        match self.stage {
            Stage::Placed => "placed",
            Stage::Rejected => "rejected",
            Stage::Cancelled => "cancelled",
            Stage::Accepted if lines().all(|line| line == LineState::Served) => "served",
            Stage::Accepted if lines().all(|line| line >= LineState::Ready) => "ready",
            Stage::Accepted if lines().any(|line| line >= LineState::Preparing) => "preparing",
            Stage::Accepted => "accepted",
        }
    }

    /// The lines that the kitchen still sees.
    pub(super) fn on_the_board(&self) -> impl Iterator<Item = (&String, &Line)> {
        let shown = self.stage == Stage::Accepted;
        self.lines.iter().filter(move |(_, line)| shown && line.state != LineState::Served)
    }
}

/// How far a state is; `None` for a word that is none.
pub(super) fn rank(state: &str) -> Option<usize> {
    STATES.iter().position(|it| *it == state)
}

#[test]
fn an_order_is_as_far_as_its_lines() {
    let line = |state| Line { station: "grill", state };
    let order = |states: &[LineState]| {
        let lines = states.iter().enumerate().map(|(number, state)| (number.to_string(), line(*state))).collect();
        Order { restaurant: 0, stage: Stage::Accepted, lines, position: 1 }.state()
    };
    use LineState::{Fired, Preparing, Ready, Served};
    assert_eq!(order(&[Fired, Fired]), "accepted");
    assert_eq!(order(&[Fired, Preparing]), "preparing");
    assert_eq!(order(&[Fired, Served]), "preparing");
    assert_eq!(order(&[Ready, Served]), "ready");
    assert_eq!(order(&[Served, Served]), "served");
}
