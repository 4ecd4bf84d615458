//! What holds for every order, whatever is asked of it in whatever order.

use super::{
    CancelOrder, CancelReason, CancelledBy, LineState, Order, OrderCommand, OrderEvent, OrderPlaced, OrderState,
    PlacedLine, RejectOrder, RejectReason,
    examples::{line, order_placed, placed_line, session},
};
use crate::{
    claims::{ClaimChange, ClaimKind},
    dining::Standing,
    event::Event,
    testing::{folded, id, survives_a_snapshot},
};
use cqrs_es::Aggregate;
use proptest::prelude::*;

const LINES: u128 = 3;

/// A new order with three lines.
fn placed() -> OrderPlaced {
    let lines: Vec<PlacedLine> = (1..=LINES).map(placed_line).collect();
    OrderPlaced { lines, ..order_placed() }
}

fn commands() -> impl Strategy<Value = Vec<OrderCommand>> {
    // One line more than there is, and mostly the way of a line to the table, or no order would get far.
    let line_id = || (1..=LINES + 1).prop_map(line);
    let cancel = |by| OrderCommand::Cancel(CancelOrder { by, reason: CancelReason::Mistake, note: None });
    let command = prop_oneof![
        4 => Just(OrderCommand::Accept),
        8 => line_id().prop_map(|line_id| OrderCommand::StartLine { line_id }),
        16 => line_id().prop_map(|line_id| OrderCommand::ReadyLine { line_id }),
        16 => line_id().prop_map(|line_id| OrderCommand::ServeLine { line_id }),
        1 => Just(OrderCommand::Reject(RejectOrder { reason: RejectReason::Other, note: None })),
        1 => Just(cancel(CancelledBy::Staff)),
        1 => Just(cancel(CancelledBy::Guest { session_id: session(), standing: Standing::Joined })),
        1 => Just(cancel(CancelledBy::Guest { session_id: id(99), standing: Standing::Joined })),
    ];
    prop::collection::vec(command, 0..60)
}

/// Every event that follows when these commands are sent to a new order, with the state after each
/// command that was not refused.
fn history_of(commands: Vec<OrderCommand>) -> (Vec<OrderEvent>, Vec<Order>) {
    let mut events = vec![OrderEvent::from(placed())];
    let mut order: Order = folded(events.clone());
    let mut states = vec![order.clone()];
    for command in commands {
        let Ok(new) = order.decide(command) else { continue };
        new.iter().cloned().for_each(|event| order.apply(event));
        events.extend(new);
        states.push(order.clone());
    }
    (events, states)
}

/// The arrows of the state machine of a line, and standing still.
fn may_become(before: LineState, after: LineState) -> bool {
    use LineState::{Fired, Placed, Preparing, Ready, Served, Voided};
    let arrows = [
        (Placed, Fired),
        (Fired, Preparing),
        (Fired, Ready),
        (Preparing, Ready),
        (Ready, Served),
        (Placed, Voided),
        (Fired, Voided),
    ];
    before == after || arrows.contains(&(before, after))
}

/// Whether these lines are possible in an order of this state, once a command is done.
fn is_possible(order: &Order) -> bool {
    let all = |allowed: &[LineState]| order.lines().iter().all(|line| allowed.contains(&line.state));
    let all_served = all(&[LineState::Served]);
    match order.state() {
        None => false,
        Some(OrderState::Placed) => all(&[LineState::Placed]),
        Some(OrderState::Accepted) => {
            !all_served && all(&[LineState::Fired, LineState::Preparing, LineState::Ready, LineState::Served])
        }
        Some(OrderState::Completed) => all_served,
        Some(OrderState::Rejected | OrderState::Cancelled) => all(&[LineState::Voided]),
    }
}

fn has_ended(order: &Order) -> bool {
    matches!(order.state(), Some(OrderState::Completed | OrderState::Rejected | OrderState::Cancelled))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_sequence_of_commands_reaches_an_impossible_state(commands in commands()) {
        let (_, states) = history_of(commands);
        for state in states {
            prop_assert!(is_possible(&state), "{state:?}");
        }
    }

    #[test]
    fn lines_move_only_along_the_arrows_of_their_state_machine(commands in commands()) {
        let (events, _) = history_of(commands);
        let mut order = Order::default();
        for event in events {
            let before = order.clone();
            order.apply(event);
            for (old, new) in before.lines().iter().zip(order.lines()) {
                prop_assert!(may_become(old.state, new.state), "{:?} became {:?}", old.state, new.state);
            }
        }
    }

    #[test]
    fn nothing_happens_after_the_end(before in commands(), after in commands()) {
        let (_, states) = history_of(before);
        let last = states.last().unwrap();
        prop_assume!(has_ended(last));
        for command in after {
            prop_assert!(last.decide(command).is_err());
        }
    }

    #[test]
    fn the_claim_of_an_order_is_taken_once_and_released_once_at_its_end(commands in commands()) {
        let (events, states) = history_of(commands);
        let changes: Vec<_> = events.into_iter().flat_map(|event| Event::from(event).claims()).collect();
        let key = super::open_order_claim(session(), super::examples::order());
        let take = ClaimChange::Take(ClaimKind::OpenOrder, key.clone());
        let expected = if has_ended(states.last().unwrap()) {
            vec![take, ClaimChange::Release(ClaimKind::OpenOrder, key)]
        } else {
            vec![take]
        };
        prop_assert_eq!(changes, expected);
    }

    #[test]
    fn an_order_read_back_from_its_stored_bytes_is_the_same_order(commands in commands()) {
        let (events, states) = history_of(commands);
        let mut read_back = crate::stream::State::absent(crate::stream::AggregateKind::Order);
        for event in events {
            let event = Event::from(event);
            let bytes = event.encode().unwrap();
            read_back.apply(Event::decode(event.event_type(), event.schema_version(), &bytes).unwrap());
        }
        prop_assert_eq!(read_back, crate::stream::State::Order(states.last().unwrap().clone()));
    }

    #[test]
    fn an_order_survives_a_snapshot(commands in commands()) {
        let (_, states) = history_of(commands);
        survives_a_snapshot(states.last().unwrap());
    }
}

#[test]
fn the_commands_that_are_tried_reach_every_end() {
    use proptest::{strategy::ValueTree, test_runner::TestRunner};
    let mut runner = TestRunner::deterministic();
    let reached: std::collections::HashSet<_> = (0..500)
        .filter_map(|_| history_of(commands().new_tree(&mut runner).unwrap().current()).1.last().unwrap().state())
        .collect();
    assert!(OrderState::ALL.iter().all(|state| reached.contains(state)), "{reached:?}");
}
