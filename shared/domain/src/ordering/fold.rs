//! How events change an order. Nothing is decided here: what happened, happened.

use super::{LineState, Order, OrderDetails, OrderEvent};
use crate::ids::LineId;

impl Order {
    pub(super) fn fold(&mut self, event: OrderEvent) {
        match event {
            OrderEvent::Placed(placed) => *self = Self::Placed(placed.into()),
            OrderEvent::Accepted(_) => self.become_with(Self::Accepted),
            OrderEvent::Rejected(_) => self.end_with(Self::Rejected),
            OrderEvent::Cancelled(_) => self.end_with(Self::Cancelled),
            OrderEvent::Completed(_) => self.become_with(Self::Completed),
            OrderEvent::LineFired(it) => self.set_line(it.line_id, LineState::Fired),
            OrderEvent::LineStarted(it) => self.set_line(it.line_id, LineState::Preparing),
            OrderEvent::LineReady(it) => self.set_line(it.line_id, LineState::Ready),
            OrderEvent::LineServed(it) => self.set_line(it.line_id, LineState::Served),
            OrderEvent::LineVoided(it) => self.set_line(it.line_id, LineState::Voided),
        }
    }

    fn become_with(&mut self, state: fn(OrderDetails) -> Self) {
        if let Some(details) = self.details_mut().map(std::mem::take) {
            *self = state(details);
        }
    }

    /// Lines that no station ever saw get no event of their own; they end with their order.
    fn end_with(&mut self, state: fn(OrderDetails) -> Self) {
        self.become_with(state);
        let lines = self.details_mut().map(|it| it.lines.iter_mut()).into_iter().flatten();
        lines.filter(|line| line.state == LineState::Placed).for_each(|line| line.state = LineState::Voided);
    }

    fn set_line(&mut self, id: LineId, state: LineState) {
        let lines = self.details_mut().map(|it| it.lines.iter_mut()).into_iter().flatten();
        lines.filter(|line| line.line_id == id).for_each(|line| line.state = state);
    }

    fn details_mut(&mut self) -> Option<&mut OrderDetails> {
        match self {
            Self::Absent => None,
            Self::Placed(it) | Self::Accepted(it) | Self::Completed(it) | Self::Rejected(it) | Self::Cancelled(it) => {
                Some(it)
            }
        }
    }
}
