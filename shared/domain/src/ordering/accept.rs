//! The restaurant takes an order: its lines go to their stations.

use super::{Line, LineFired, Order, OrderAccepted, OrderDetails, OrderEvent};
use crate::refusal::Refusal;

pub(super) fn accept(order: &Order) -> Result<Vec<OrderEvent>, Refusal> {
    let details = order.placed()?;
    let accepted = OrderAccepted { order_id: details.order_id, session_id: details.session_id };
    let fired = details.lines.iter().map(|line| fire(details, line).into());
    Ok(std::iter::once(accepted.into()).chain(fired).collect())
}

fn fire(order: &OrderDetails, line: &Line) -> LineFired {
    LineFired {
        order_id: order.order_id,
        session_id: order.session_id,
        line_id: line.line_id,
        station: line.station.clone(),
        table_label: order.table_label.clone(),
        code: order.code.clone(),
        name: line.name.clone(),
        quantity: line.quantity,
        note: line.note.clone(),
        order_note: order.note.clone(),
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        ordering::{
            LineState, Order, OrderCommand,
            examples::{
                accepted, cancelled, completed, fired, in_kitchen, in_kitchen_then, placed, ready, rejected, served,
                started,
            },
        },
        refusal::Refusal,
        testing::{folded, given},
    };

    #[test]
    fn every_line_of_an_accepted_order_goes_to_its_station() {
        given::<Order>([placed()]).when(OrderCommand::Accept).then([accepted(), fired(1), fired(2)]);
    }

    #[test]
    fn an_order_is_accepted_once_and_the_refusal_says_how_far_it_is() {
        let not_placed = |state| Refusal::OrderNotPlaced { state };
        given::<Order>(in_kitchen()).when(OrderCommand::Accept).refused(not_placed("accepted"));
        given::<Order>(in_kitchen_then([started(1)])).when(OrderCommand::Accept).refused(not_placed("preparing"));
        given::<Order>([placed(), rejected()]).when(OrderCommand::Accept).refused(not_placed("rejected"));
        given::<Order>([placed(), cancelled()]).when(OrderCommand::Accept).refused(not_placed("cancelled"));
        let done = in_kitchen_then([ready(1), ready(2), served(1), served(2), completed()]);
        given::<Order>(done).when(OrderCommand::Accept).refused(not_placed("served"));
    }

    #[test]
    fn an_order_that_nobody_placed_is_not_found() {
        given::<Order>([]).when(OrderCommand::Accept).refused(Refusal::NotFound);
    }

    #[test]
    fn accepted_lines_wait_for_a_cook() {
        let order: Order = folded(in_kitchen());
        assert_eq!(order.state_name(), "accepted");
        assert!(order.lines().iter().all(|line| line.state == LineState::Fired));
    }
}
