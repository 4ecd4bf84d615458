//! A line is on the table; with the last one the order is completed.

use super::{Line, LineServed, LineState, Order, OrderCompleted, OrderDetails, OrderEvent};
use crate::{ids::LineId, refusal::Refusal};

pub(super) fn serve_line(order: &Order, line_id: LineId) -> Result<Vec<OrderEvent>, Refusal> {
    let (details, line) = order.with_line(line_id)?;
    if line.state != LineState::Ready {
        return Err(Refusal::LineNotReady { state: line.state.as_str() });
    }
    let (order_id, session_id) = (details.order_id, details.session_id);
    let served = LineServed { order_id, session_id, line_id, station: line.station.clone() };
    if all_others_served(details, line_id) {
        return Ok(vec![served.into(), OrderCompleted { order_id, session_id }.into()]);
    }
    Ok(vec![served.into()])
}

fn all_others_served(order: &OrderDetails, line_id: LineId) -> bool {
    let other = |line: &&Line| line.line_id != line_id;
    order.lines.iter().filter(other).all(|line| line.state == LineState::Served)
}

#[cfg(test)]
mod tests {
    use crate::{
        ordering::{
            Order, OrderCommand,
            examples::{completed, in_kitchen, in_kitchen_then, line, placed, ready, served, started},
        },
        refusal::Refusal,
        testing::{folded, given},
    };

    fn serve(n: u128) -> OrderCommand {
        OrderCommand::ServeLine { line_id: line(n) }
    }

    #[test]
    fn a_ready_line_can_be_served() {
        given::<Order>(in_kitchen_then([ready(1)])).when(serve(1)).then([served(1)]);
    }

    #[test]
    fn the_last_line_completes_the_order() {
        let nearly = in_kitchen_then([ready(1), ready(2), served(2)]);
        given::<Order>(nearly).when(serve(1)).then([served(1), completed()]);
    }

    #[test]
    fn a_line_that_is_not_ready_says_how_far_it_is() {
        let not_ready = |state| Refusal::LineNotReady { state };
        given::<Order>([placed()]).when(serve(1)).refused(not_ready("placed"));
        given::<Order>(in_kitchen()).when(serve(1)).refused(not_ready("fired"));
        given::<Order>(in_kitchen_then([started(1)])).when(serve(1)).refused(not_ready("preparing"));
        given::<Order>(in_kitchen_then([ready(1), served(1)])).when(serve(1)).refused(not_ready("served"));
    }

    #[test]
    fn a_line_that_the_order_does_not_have_is_not_found() {
        given::<Order>(in_kitchen()).when(serve(3)).refused(Refusal::NotFound);
        given::<Order>([]).when(serve(1)).refused(Refusal::NotFound);
    }

    #[test]
    fn a_completed_order_remembers_what_it_was() {
        let order: Order = folded(in_kitchen_then([ready(1), ready(2), served(1), served(2), completed()]));
        assert_eq!((order.state_name(), order.code()), ("completed", Some("0001")));
        assert_eq!(order.lines().len(), 2);
    }
}
