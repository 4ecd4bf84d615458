//! What people are told about an order and about a ticket: derived, never stored as a fact.

use super::{LineState, OrderState};

/// The state of an order as guests and staff see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ViewState {
    /// Waits for the restaurant.
    Placed,
    /// The restaurant does not take it.
    Rejected,
    /// Called off.
    Cancelled,
    /// Taken; no line was started.
    Accepted,
    /// Somebody cooks.
    Preparing,
    /// Whatever is not on the table yet can be carried out.
    Ready,
    /// Everything is on the table.
    Served,
}

/// The state of a kitchen ticket: the lines of one order at one station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TicketState {
    /// A line waits for a cook.
    Fired,
    /// Every line was started.
    Preparing,
    /// Every line can be carried out.
    Ready,
}

impl ViewState {
    /// All states.
    pub const ALL: [Self; 7] =
        [Self::Placed, Self::Rejected, Self::Cancelled, Self::Accepted, Self::Preparing, Self::Ready, Self::Served];

    /// The name that clients see and views store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Accepted => "accepted",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
            Self::Served => "served",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

impl TicketState {
    /// The name that clients see.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fired => "fired",
            Self::Preparing => "preparing",
            Self::Ready => "ready",
        }
    }
}

/// What people are told about an order with these lines.
#[must_use]
pub fn view_state(order: OrderState, lines: impl IntoIterator<Item = LineState>) -> ViewState {
    match order {
        OrderState::Placed => ViewState::Placed,
        OrderState::Rejected => ViewState::Rejected,
        OrderState::Cancelled => ViewState::Cancelled,
        OrderState::Completed => ViewState::Served,
        OrderState::Accepted => accepted_view(lines),
    }
}

/// An accepted order is told by its lines; a voided one tells nothing.
fn accepted_view(lines: impl IntoIterator<Item = LineState>) -> ViewState {
    let (mut any_begun, mut any_unready) = (false, false);
    for line in lines {
        match line {
            LineState::Placed | LineState::Fired => any_unready = true,
            LineState::Preparing => (any_begun, any_unready) = (true, true),
            LineState::Ready | LineState::Served => any_begun = true,
            LineState::Voided => {}
        }
    }
    match (any_begun, any_unready) {
        (false, _) => ViewState::Accepted,
        (true, true) => ViewState::Preparing,
        (true, false) => ViewState::Ready,
    }
}

/// The state of a ticket: that of its least advanced line. Lines that no kitchen board shows (not
/// fired yet, served, voided) do not count; without any other there is no ticket.
#[must_use]
pub fn ticket_state(lines: impl IntoIterator<Item = LineState>) -> Option<TicketState> {
    lines.into_iter().filter_map(on_the_board).min()
}

fn on_the_board(line: LineState) -> Option<TicketState> {
    match line {
        LineState::Fired => Some(TicketState::Fired),
        LineState::Preparing => Some(TicketState::Preparing),
        LineState::Ready => Some(TicketState::Ready),
        LineState::Placed | LineState::Served | LineState::Voided => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{LineState, OrderState, TicketState, ViewState, ticket_state, view_state};
    use LineState::{Fired, Placed, Preparing, Ready, Served, Voided};

    #[track_caller]
    fn accepted(lines: &[LineState], expected: ViewState) {
        assert_eq!(view_state(OrderState::Accepted, lines.iter().copied()), expected, "{lines:?}");
    }

    #[test]
    fn an_accepted_order_is_told_by_its_lines() {
        accepted(&[Fired, Fired], ViewState::Accepted);
        accepted(&[Fired, Preparing], ViewState::Preparing);
        accepted(&[Fired, Ready], ViewState::Preparing);
        accepted(&[Fired, Served], ViewState::Preparing);
        accepted(&[Preparing, Preparing], ViewState::Preparing);
        accepted(&[Preparing, Served], ViewState::Preparing);
        accepted(&[Ready, Ready], ViewState::Ready);
        accepted(&[Ready, Served], ViewState::Ready);
    }

    #[test]
    fn an_accepted_order_whose_lines_are_about_to_be_fired_is_accepted() {
        accepted(&[Fired, Placed], ViewState::Accepted);
        accepted(&[], ViewState::Accepted);
    }

    #[test]
    fn a_voided_line_tells_nothing() {
        accepted(&[Voided, Fired], ViewState::Accepted);
        accepted(&[Voided, Ready], ViewState::Ready);
    }

    #[test]
    fn an_order_that_waits_or_has_ended_is_not_told_by_its_lines() {
        let told = [
            (OrderState::Placed, ViewState::Placed),
            (OrderState::Rejected, ViewState::Rejected),
            (OrderState::Cancelled, ViewState::Cancelled),
            (OrderState::Completed, ViewState::Served),
        ];
        for (order, expected) in told {
            assert!(LineState::ALL.iter().all(|line| view_state(order, [*line]) == expected), "{order:?}");
        }
    }

    #[test]
    fn a_ticket_is_as_far_as_its_least_advanced_line() {
        assert_eq!(ticket_state([Ready, Fired, Preparing]), Some(TicketState::Fired));
        assert_eq!(ticket_state([Ready, Preparing]), Some(TicketState::Preparing));
        assert_eq!(ticket_state([Ready, Ready]), Some(TicketState::Ready));
    }

    #[test]
    fn lines_that_have_left_the_board_do_not_hold_a_ticket_back() {
        assert_eq!(ticket_state([Ready, Served, Voided]), Some(TicketState::Ready));
        assert_eq!(ticket_state([Served, Voided, Placed]), None);
        assert_eq!(ticket_state([]), None);
    }

    #[test]
    fn every_state_is_found_again_by_its_name() {
        assert!(ViewState::ALL.iter().all(|it| ViewState::from_name(it.as_str()) == Some(*it)));
        assert!(LineState::ALL.iter().all(|it| LineState::from_name(it.as_str()) == Some(*it)));
        assert!(OrderState::ALL.iter().all(|it| OrderState::from_name(it.as_str()) == Some(*it)));
        assert_eq!(ViewState::from_name("lost"), None);
    }
}
