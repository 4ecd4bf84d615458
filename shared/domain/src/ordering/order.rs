//! The state of an order.

use super::{
    CancelOrder, Line, OrderDetails, OrderEvent, OrderState, PlaceOrder, RejectOrder, ViewState, accept::accept,
    cancel::cancel, place::place, ready_line::ready_line, reject::reject, serve_line::serve_line,
    start_line::start_line, view_state,
};
use crate::{
    aggregate::aggregate,
    ids::{LineId, OrderId, SessionId},
    refusal::Refusal,
};
use serde::{Deserialize, Serialize};

/// An order, folded from its events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Order {
    /// Nobody placed it.
    #[default]
    Absent,
    /// Waits for the restaurant.
    Placed(OrderDetails),
    /// The restaurant took it: its lines are at their stations.
    Accepted(OrderDetails),
    /// Every line is on the table.
    Completed(OrderDetails),
    /// The restaurant did not take it.
    Rejected(OrderDetails),
    /// It was called off.
    Cancelled(OrderDetails),
}

/// What can be asked of an order.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderCommand {
    /// Place it.
    Place(PlaceOrder),
    /// Take it: its lines go to their stations.
    Accept,
    /// Do not take it.
    Reject(RejectOrder),
    /// Call it off.
    Cancel(CancelOrder),
    /// A cook begins a line.
    StartLine {
        /// The line.
        line_id: LineId,
    },
    /// A line can be carried out.
    ReadyLine {
        /// The line.
        line_id: LineId,
    },
    /// A line is on the table.
    ServeLine {
        /// The line.
        line_id: LineId,
    },
}

aggregate!(Order, "order", OrderCommand, OrderEvent);

impl Order {
    /// Decides one command: the events that follow from it, or why not.
    ///
    /// # Errors
    /// The rule that says no.
    pub fn decide(&self, command: OrderCommand) -> Result<Vec<OrderEvent>, Refusal> {
        match command {
            OrderCommand::Place(command) => place(self, command),
            OrderCommand::Accept => accept(self),
            OrderCommand::Reject(command) => reject(self, command),
            OrderCommand::Cancel(command) => cancel(self, command),
            OrderCommand::StartLine { line_id } => start_line(self, line_id),
            OrderCommand::ReadyLine { line_id } => ready_line(self, line_id),
            OrderCommand::ServeLine { line_id } => serve_line(self, line_id),
        }
    }

    /// What it is about, or `NotFound`: acting on an order names it in the path.
    pub(super) fn present(&self) -> Result<&OrderDetails, Refusal> {
        self.details().ok_or(Refusal::NotFound)
    }

    /// What an order that waits for the restaurant is about.
    pub(super) fn placed(&self) -> Result<&OrderDetails, Refusal> {
        match self {
            Self::Placed(details) => Ok(details),
            Self::Absent => Err(Refusal::NotFound),
            Self::Accepted(_) | Self::Completed(_) | Self::Rejected(_) | Self::Cancelled(_) => {
                Err(Refusal::OrderNotPlaced { state: self.view_state_name() })
            }
        }
    }

    /// The order together with the line that the path names.
    pub(super) fn with_line(&self, id: LineId) -> Result<(&OrderDetails, &Line), Refusal> {
        let line = self.line(id).ok_or(Refusal::NotFound)?;
        Ok((self.present()?, line))
    }

    pub(super) fn view_state_name(&self) -> &'static str {
        self.view_state().map_or("absent", ViewState::as_str)
    }

    /// What it is about; nothing when nobody placed it.
    #[must_use]
    pub fn details(&self) -> Option<&OrderDetails> {
        match self {
            Self::Absent => None,
            Self::Placed(it) | Self::Accepted(it) | Self::Completed(it) | Self::Rejected(it) | Self::Cancelled(it) => {
                Some(it)
            }
        }
    }

    /// Where it stands; nothing when nobody placed it.
    #[must_use]
    pub fn state(&self) -> Option<OrderState> {
        match self {
            Self::Absent => None,
            Self::Placed(_) => Some(OrderState::Placed),
            Self::Accepted(_) => Some(OrderState::Accepted),
            Self::Completed(_) => Some(OrderState::Completed),
            Self::Rejected(_) => Some(OrderState::Rejected),
            Self::Cancelled(_) => Some(OrderState::Cancelled),
        }
    }

    /// The name of where it stands, `absent` when nobody placed it.
    #[must_use]
    pub fn state_name(&self) -> &'static str {
        self.state().map_or("absent", OrderState::as_str)
    }

    /// What people are told about it; refusals speak of this one, as every answer does.
    #[must_use]
    pub fn view_state(&self) -> Option<ViewState> {
        Some(view_state(self.state()?, self.lines().iter().map(|line| line.state)))
    }

    /// Its id.
    #[must_use]
    pub fn order_id(&self) -> Option<OrderId> {
        self.details().map(|it| it.order_id)
    }

    /// Its session.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        self.details().map(|it| it.session_id)
    }

    /// Four characters that people can call out.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.details().map(|it| it.code.as_str())
    }

    /// Its lines, as they were ordered.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        self.details().map_or(&[], |it| &it.lines)
    }

    /// The line with this id.
    #[must_use]
    pub fn line(&self, id: LineId) -> Option<&Line> {
        self.lines().iter().find(|line| line.line_id == id)
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        let note = |note: &Option<String>| note.as_ref().map_or(0, String::len);
        let line = |it: &Line| size_of::<Line>() + it.name.len() + it.station.as_str().len() + note(&it.note);
        let details = |it: &OrderDetails| {
            it.table_label.len() + it.code.len() + note(&it.note) + it.lines.iter().map(line).sum::<usize>()
        };
        size_of::<Self>() + self.details().map_or(0, details)
    }
}
