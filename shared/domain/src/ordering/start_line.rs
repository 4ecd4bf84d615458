//! A cook begins a line.

use super::{LineStarted, LineState, Order, OrderEvent};
use crate::{ids::LineId, refusal::Refusal};

pub(super) fn start_line(order: &Order, line_id: LineId) -> Result<Vec<OrderEvent>, Refusal> {
    let (details, line) = order.with_line(line_id)?;
    if line.state != LineState::Fired {
        return Err(Refusal::LineNotFired { state: line.state.as_str() });
    }
    let started = LineStarted {
        order_id: details.order_id,
        session_id: details.session_id,
        line_id,
        station: line.station.clone(),
    };
    Ok(vec![started.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        ordering::{
            Order, OrderCommand,
            examples::{cancelled, in_kitchen, in_kitchen_then, line, placed, ready, started, voided},
        },
        refusal::Refusal,
        testing::given,
    };

    fn start(n: u128) -> OrderCommand {
        OrderCommand::StartLine { line_id: line(n) }
    }

    #[test]
    fn a_fired_line_can_be_started() {
        given::<Order>(in_kitchen()).when(start(1)).then([started(1)]);
        given::<Order>(in_kitchen_then([started(1)])).when(start(2)).then([started(2)]);
    }

    #[test]
    fn a_line_that_is_not_fired_says_how_far_it_is() {
        let not_fired = |state| Refusal::LineNotFired { state };
        given::<Order>([placed()]).when(start(1)).refused(not_fired("placed"));
        given::<Order>(in_kitchen_then([started(1)])).when(start(1)).refused(not_fired("preparing"));
        given::<Order>(in_kitchen_then([ready(1)])).when(start(1)).refused(not_fired("ready"));
        let called_off = in_kitchen_then([cancelled(), voided(1), voided(2)]);
        given::<Order>(called_off).when(start(1)).refused(not_fired("voided"));
    }

    #[test]
    fn a_line_that_the_order_does_not_have_is_not_found() {
        given::<Order>(in_kitchen()).when(start(3)).refused(Refusal::NotFound);
        given::<Order>([]).when(start(1)).refused(Refusal::NotFound);
    }
}
