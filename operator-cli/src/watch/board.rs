//! What a kitchen console shows: pure, so that every path to it can be tested without a network.
//!
//! It starts as the answer of the kitchen-board view and goes on with the events of the stream. The
//! rules are those of that view: a line appears when it is fired and goes when it is served or voided;
//! a ticket is the lines of one order.

use super::told::Told;
use chrono::{DateTime, Utc};
use domain::{
    envelope::Cursor,
    event::Event,
    ids::{LineId, OrderId},
    ordering::{LineFired, LineState, OrderEvent},
};
use serde::Deserialize;

/// The tickets of one station, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct Board {
    pub(crate) cursor: Cursor,
    pub(crate) tickets: Vec<Ticket>,
}

/// The lines of one order at this station.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) order_id: OrderId,
    pub(crate) code: String,
    pub(crate) table_label: String,
    #[serde(default)]
    pub(crate) order_note: Option<String>,
    pub(crate) fired_at: DateTime<Utc>,
    pub(crate) lines: Vec<Line>,
}

/// One line of a ticket.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Line {
    pub(crate) line_id: LineId,
    pub(crate) name: String,
    pub(crate) quantity: u32,
    #[serde(default)]
    pub(crate) note: Option<String>,
    pub(crate) state: LineState,
}

impl Board {
    /// Takes the next event of the station's stream. What was seen before is not taken again.
    pub(crate) fn apply(&mut self, told: &Told) {
        if told.cursor <= self.cursor {
            return;
        }
        self.cursor = told.cursor;
        let Some(Event::Order(event)) = &told.event else { return };
        match event {
            OrderEvent::LineFired(fired) => self.add(fired, told.at),
            OrderEvent::LineStarted(line) => self.advance(line.line_id, LineState::Preparing),
            OrderEvent::LineReady(line) => self.advance(line.line_id, LineState::Ready),
            OrderEvent::LineServed(line) => self.remove(line.line_id),
            OrderEvent::LineVoided(line) => self.remove(line.line_id),
            // A kitchen hears of lines only.
            OrderEvent::Placed(_)
            | OrderEvent::Accepted(_)
            | OrderEvent::Rejected(_)
            | OrderEvent::Cancelled(_)
            | OrderEvent::Completed(_) => {}
        }
    }

    /// How many lines are in this state.
    pub(crate) fn count(&self, state: LineState) -> usize {
        self.lines().filter(|line| line.state == state).count()
    }

    /// All lines, ticket by ticket.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.tickets.iter().flat_map(|ticket| &ticket.lines)
    }

    fn add(&mut self, fired: &LineFired, at: DateTime<Utc>) {
        let line = Line {
            line_id: fired.line_id,
            name: fired.name.clone(),
            quantity: fired.quantity,
            note: fired.note.clone(),
            state: LineState::Fired,
        };
        if let Some(ticket) = self.tickets.iter_mut().find(|ticket| ticket.order_id == fired.order_id) {
            return ticket.lines.push(line);
        }
        self.tickets.push(Ticket {
            order_id: fired.order_id,
            code: fired.code.clone(),
            table_label: fired.table_label.clone(),
            order_note: fired.order_note.clone(),
            fired_at: at,
            lines: vec![line],
        });
    }

    fn advance(&mut self, line_id: LineId, state: LineState) {
        let lines = self.tickets.iter_mut().flat_map(|ticket| &mut ticket.lines);
        if let Some(line) = lines.into_iter().find(|line| line.line_id == line_id) {
            line.state = state;
        }
    }

    fn remove(&mut self, line_id: LineId) {
        for ticket in &mut self.tickets {
            ticket.lines.retain(|line| line.line_id != line_id);
        }
        self.tickets.retain(|ticket| !ticket.lines.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{fired, line, started, told, voided};
    use super::*;

    fn board(events: Vec<OrderEvent>) -> Board {
        let mut board = Board::default();
        for (event, position) in events.into_iter().zip(1..) {
            board.apply(&told(position, event));
        }
        board
    }

    fn seen(board: &Board) -> Vec<(&str, Vec<(&str, LineState)>)> {
        let lines = |ticket: &'_ Ticket| -> Vec<_> { ticket.lines.iter().map(|it| it.state).collect() };
        board
            .tickets
            .iter()
            .map(|it| (it.code.as_str(), it.lines.iter().map(|line| line.name.as_str()).zip(lines(it)).collect()))
            .collect()
    }

    #[test]
    fn lines_of_an_order_are_one_ticket_and_the_oldest_stands_first() {
        let board = board(vec![fired(1, 1, "Burger"), fired(2, 2, "Steak"), fired(1, 3, "Ribs"), started(2, 2)]);
        let expected = [
            ("0001", vec![("Burger", LineState::Fired), ("Ribs", LineState::Fired)]),
            ("0002", vec![("Steak", LineState::Preparing)]),
        ];
        assert_eq!(seen(&board), expected);
        assert_eq!(board.cursor.position, 4);
        assert_eq!(board.count(LineState::Fired), 2);
    }

    #[test]
    fn a_line_goes_when_it_is_served_or_voided_and_a_ticket_with_its_last_line() {
        let served = OrderEvent::LineServed(domain::ordering::LineServed {
            order_id: line(1, 1).order_id,
            session_id: line(1, 1).session_id,
            line_id: line(1, 1).line_id,
            station: line(1, 1).station,
        });
        let board = board(vec![fired(1, 1, "Burger"), fired(1, 2, "Ribs"), fired(2, 3, "Steak"), served, voided(2, 3)]);
        assert_eq!(seen(&board), [("0001", vec![("Ribs", LineState::Fired)])]);
    }

    #[test]
    fn what_was_seen_before_changes_nothing() {
        let mut board = board(vec![fired(1, 1, "Burger"), started(1, 1)]);
        let before = board.clone();
        board.apply(&told(1, fired(1, 1, "Burger")));
        assert_eq!(board, before);
    }

    #[test]
    fn an_event_about_an_unknown_line_or_of_an_unknown_kind_only_moves_the_cursor() {
        let mut board = board(vec![started(9, 9)]);
        let mut unknown = told(2, started(9, 9));
        unknown.event = None;
        board.apply(&unknown);
        assert_eq!((board.tickets.len(), board.cursor.position), (0, 2));
    }
}
