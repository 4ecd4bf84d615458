//! A line can be carried out. Not every station says when it starts: a beer is poured at once.

use super::{LineReady, LineState, Order, OrderEvent};
use crate::{ids::LineId, refusal::Refusal};

pub(super) fn ready_line(order: &Order, line_id: LineId) -> Result<Vec<OrderEvent>, Refusal> {
    let (details, line) = order.with_line(line_id)?;
    if !matches!(line.state, LineState::Fired | LineState::Preparing) {
        return Err(Refusal::LineNotCooking { state: line.state.as_str() });
    }
    let ready = LineReady {
        order_id: details.order_id,
        session_id: details.session_id,
        line_id,
        station: line.station.clone(),
    };
    Ok(vec![ready.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        ordering::{
            Order, OrderCommand,
            examples::{in_kitchen, in_kitchen_then, line, placed, ready, served, started},
        },
        refusal::Refusal,
        testing::given,
    };

    fn bump(n: u128) -> OrderCommand {
        OrderCommand::ReadyLine { line_id: line(n) }
    }

    #[test]
    fn a_line_becomes_ready_whether_or_not_it_was_started() {
        given::<Order>(in_kitchen_then([started(1)])).when(bump(1)).then([ready(1)]);
        given::<Order>(in_kitchen()).when(bump(2)).then([ready(2)]);
    }

    #[test]
    fn a_line_that_nobody_cooks_says_how_far_it_is() {
        let not_cooking = |state| Refusal::LineNotCooking { state };
        given::<Order>([placed()]).when(bump(1)).refused(not_cooking("placed"));
        given::<Order>(in_kitchen_then([ready(1)])).when(bump(1)).refused(not_cooking("ready"));
        given::<Order>(in_kitchen_then([ready(1), served(1)])).when(bump(1)).refused(not_cooking("served"));
    }

    #[test]
    fn a_line_that_the_order_does_not_have_is_not_found() {
        given::<Order>(in_kitchen()).when(bump(3)).refused(Refusal::NotFound);
        given::<Order>([]).when(bump(1)).refused(Refusal::NotFound);
    }
}
