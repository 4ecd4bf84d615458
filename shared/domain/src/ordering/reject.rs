//! The restaurant does not take an order.

use super::{Order, OrderEvent, OrderRejected, RejectReason};
use crate::{refusal::Refusal, text::Note};

/// Do not take an order.
#[derive(Debug, Clone, PartialEq)]
pub struct RejectOrder {
    /// Why.
    pub reason: RejectReason,
    /// Why, in words.
    pub note: Option<Note>,
}

pub(super) fn reject(order: &Order, command: RejectOrder) -> Result<Vec<OrderEvent>, Refusal> {
    let details = order.placed()?;
    let rejected = OrderRejected {
        order_id: details.order_id,
        session_id: details.session_id,
        reason: command.reason,
        note: command.note.map(String::from),
    };
    Ok(vec![rejected.into()])
}

#[cfg(test)]
mod tests {
    use super::RejectOrder;
    use crate::{
        ordering::{
            LineState, Order, OrderCommand, RejectReason,
            examples::{in_kitchen, placed, rejected},
        },
        refusal::Refusal,
        testing::{folded, given},
        text::Note,
    };

    fn reject() -> OrderCommand {
        let note = Some(Note::parse("no fish left").unwrap());
        OrderCommand::Reject(RejectOrder { reason: RejectReason::SoldOut, note })
    }

    #[test]
    fn a_placed_order_can_be_rejected_with_a_reason() {
        given::<Order>([placed()]).when(reject()).then([rejected()]);
    }

    #[test]
    fn an_accepted_order_can_no_longer_be_rejected() {
        given::<Order>(in_kitchen()).when(reject()).refused(Refusal::OrderNotPlaced { state: "accepted" });
    }

    #[test]
    fn an_order_is_rejected_once() {
        let history = [placed(), rejected()];
        given::<Order>(history).when(reject()).refused(Refusal::OrderNotPlaced { state: "rejected" });
    }

    #[test]
    fn an_order_that_nobody_placed_is_not_found() {
        given::<Order>([]).when(reject()).refused(Refusal::NotFound);
    }

    #[test]
    fn the_lines_of_a_rejected_order_end_with_it() {
        let order: Order = folded([placed(), rejected()]);
        assert!(order.lines().iter().all(|line| line.state == LineState::Voided));
    }
}
