//! An order is called off, as long as nobody has begun to cook it.

use super::{CancelReason, Line, LineState, LineVoided, Order, OrderCancelled, OrderDetails, OrderEvent};
use crate::{dining::Standing, ids::SessionId, refusal::Refusal, text::Note};

/// Call an order off.
#[derive(Debug, Clone, PartialEq)]
pub struct CancelOrder {
    /// Who does.
    pub by: CancelledBy,
    /// Why.
    pub reason: CancelReason,
    /// Why, in words.
    pub note: Option<Note>,
}

/// Who calls an order off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelledBy {
    /// Someone who works there, until the first line is started.
    Staff,
    /// A guest, only for their own session and until the restaurant takes the order.
    Guest {
        /// The session of the guest's token.
        session_id: SessionId,
        /// Fact: what that session knows of them.
        standing: Standing,
    },
}

pub(super) fn cancel(order: &Order, command: CancelOrder) -> Result<Vec<OrderEvent>, Refusal> {
    let details = order.present()?;
    if !command.by.may_see(details) {
        return Err(Refusal::NotFound);
    }
    command.by.check_seated()?;
    if !is_cancellable(order, command.by) {
        return Err(Refusal::OrderNotCancellable { state: order.view_state_name() });
    }
    let cancelled = OrderCancelled {
        order_id: details.order_id,
        session_id: details.session_id,
        reason: command.reason,
        note: command.note.map(String::from),
    };
    let fired = details.lines.iter().filter(|line| line.state == LineState::Fired);
    let voided = fired.map(|line| void(details, line, command.reason).into());
    Ok(std::iter::once(cancelled.into()).chain(voided).collect())
}

fn is_cancellable(order: &Order, by: CancelledBy) -> bool {
    match (order, by) {
        (Order::Placed(_), _) => true,
        (Order::Accepted(details), CancelledBy::Staff) => {
            details.lines.iter().all(|line| line.state == LineState::Fired)
        }
        (Order::Accepted(_), CancelledBy::Guest { .. })
        | (Order::Absent | Order::Completed(_) | Order::Rejected(_) | Order::Cancelled(_), _) => false,
    }
}

fn void(order: &OrderDetails, line: &Line, reason: CancelReason) -> LineVoided {
    LineVoided {
        order_id: order.order_id,
        session_id: order.session_id,
        line_id: line.line_id,
        station: line.station.clone(),
        reason,
    }
}

impl CancelledBy {
    fn may_see(self, order: &OrderDetails) -> bool {
        match self {
            Self::Staff => true,
            Self::Guest { session_id, .. } => session_id == order.session_id,
        }
    }

    fn check_seated(self) -> Result<(), Refusal> {
        match self {
            Self::Staff | Self::Guest { standing: Standing::Joined, .. } => Ok(()),
            Self::Guest { standing: Standing::Left, .. } => Err(Refusal::DinerLeft),
            Self::Guest { .. } => Err(Refusal::NotJoined),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CancelOrder, CancelledBy};
    use crate::{
        dining::Standing,
        ordering::{
            CancelReason, LineState, Order, OrderCommand,
            examples::{
                cancelled, completed, in_kitchen, in_kitchen_then, placed, ready, rejected, served, session, started,
                voided,
            },
        },
        refusal::Refusal,
        testing::{folded, given, id},
    };

    const STAFF: CancelledBy = CancelledBy::Staff;

    fn guest() -> CancelledBy {
        CancelledBy::Guest { session_id: session(), standing: Standing::Joined }
    }

    fn cancel(by: CancelledBy) -> OrderCommand {
        OrderCommand::Cancel(CancelOrder { by, reason: CancelReason::Mistake, note: None })
    }

    fn too_late(state: &'static str) -> Refusal {
        Refusal::OrderNotCancellable { state }
    }

    #[test]
    fn an_order_that_waits_for_the_restaurant_can_be_cancelled_by_anyone_at_the_table() {
        given::<Order>([placed()]).when(cancel(guest())).then([cancelled()]);
        given::<Order>([placed()]).when(cancel(STAFF)).then([cancelled()]);
    }

    #[test]
    fn staff_cancel_an_accepted_order_and_its_stations_are_told() {
        given::<Order>(in_kitchen()).when(cancel(STAFF)).then([cancelled(), voided(1), voided(2)]);
    }

    #[test]
    fn a_guest_cannot_cancel_once_the_restaurant_took_the_order() {
        given::<Order>(in_kitchen()).when(cancel(guest())).refused(too_late("accepted"));
    }

    #[test]
    fn nobody_cancels_an_order_of_which_a_line_was_begun() {
        given::<Order>(in_kitchen_then([started(1)])).when(cancel(STAFF)).refused(too_late("preparing"));
        given::<Order>(in_kitchen_then([ready(2)])).when(cancel(STAFF)).refused(too_late("preparing"));
        given::<Order>(in_kitchen_then([ready(1), ready(2)])).when(cancel(STAFF)).refused(too_late("ready"));
    }

    #[test]
    fn nobody_cancels_an_order_that_has_ended() {
        given::<Order>([placed(), rejected()]).when(cancel(STAFF)).refused(too_late("rejected"));
        given::<Order>([placed(), cancelled()]).when(cancel(guest())).refused(too_late("cancelled"));
        let done = in_kitchen_then([ready(1), ready(2), served(1), served(2), completed()]);
        given::<Order>(done).when(cancel(STAFF)).refused(too_late("served"));
    }

    #[test]
    fn a_guest_who_left_or_never_joined_cancels_nothing() {
        let by = |standing| CancelledBy::Guest { session_id: session(), standing };
        given::<Order>([placed()]).when(cancel(by(Standing::Left))).refused(Refusal::DinerLeft);
        for standing in [Standing::Unknown, Standing::Waiting, Standing::Expired, Standing::Declined] {
            given::<Order>([placed()]).when(cancel(by(standing))).refused(Refusal::NotJoined);
        }
    }

    #[test]
    fn an_order_of_another_session_is_not_found_by_a_guest() {
        let stranger = CancelledBy::Guest { session_id: id(99), standing: Standing::Joined };
        given::<Order>([placed()]).when(cancel(stranger)).refused(Refusal::NotFound);
        given::<Order>([placed(), cancelled()]).when(cancel(stranger)).refused(Refusal::NotFound);
    }

    #[test]
    fn an_order_that_nobody_placed_is_not_found() {
        given::<Order>([]).when(cancel(STAFF)).refused(Refusal::NotFound);
    }

    #[test]
    fn lines_that_no_station_ever_saw_end_with_their_order() {
        let order: Order = folded([placed(), cancelled()]);
        assert!(order.lines().iter().all(|line| line.state == LineState::Voided));
    }
}
