//! One ticket on the screen.

use super::paint::{Look, Painter};
use crate::watch::{
    board::{Line, Ticket},
    text::{between, fit, plain, wrap},
    words::Words,
};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ordering::LineState;

/// From this age on, guests look around for the waiter.
const WAITING: TimeDelta = TimeDelta::minutes(5);
/// From this age on, something went wrong.
const LATE: TimeDelta = TimeDelta::minutes(10);

/// The rows of a ticket, each exactly `width` cells.
pub(super) fn card(ticket: &Ticket, words: &Words, painter: Painter, now: DateTime<Utc>, width: usize) -> Vec<String> {
    // A clock that the server corrected must not show an order from the future.
    let age = (now - ticket.fired_at).max(TimeDelta::zero());
    let name = format!(" {}  {} {}", ticket.code, words.table, plain(&ticket.table_label));
    let mut rows = vec![painter.paint(look_of_age(age), &between(&name, &format!("{} ", age_text(age)), width))];
    if let Some(note) = &ticket.order_note {
        rows.extend(note_rows(note, 1, painter, width));
    }
    rows.extend(ticket.lines.iter().flat_map(|line| line_rows(line, painter, width)));
    rows
}

fn line_rows(line: &Line, painter: Painter, width: usize) -> Vec<String> {
    let (mark, look) = mark_and_look(line.state);
    let head = format!(" {mark} {} × ", line.quantity);
    let indent = head.chars().count();
    let mut rows = Vec::new();
    for (number, text) in wrap(&plain(&line.name), width.saturating_sub(indent)).into_iter().enumerate() {
        let start = if number == 0 { head.clone() } else { " ".repeat(indent) };
        rows.push(painter.paint(look, &fit(&format!("{start}{text}"), width)));
    }
    if let Some(note) = &line.note {
        rows.extend(note_rows(note, indent, painter, width));
    }
    rows
}

fn note_rows(note: &str, indent: usize, painter: Painter, width: usize) -> Vec<String> {
    let row = |text: String| painter.paint(Look::Note, &fit(&format!("{}{text}", " ".repeat(indent)), width));
    wrap(&plain(note), width.saturating_sub(indent)).into_iter().map(row).collect()
}

/// How a line in this state is marked; the marks are explained at the foot of the screen.
pub(super) fn mark_and_look(state: LineState) -> (char, Look) {
    match state {
        LineState::Preparing => ('▶', Look::Cooking),
        LineState::Ready => ('✓', Look::Ready),
        LineState::Placed | LineState::Fired | LineState::Served | LineState::Voided => ('·', Look::Strong),
    }
}

fn look_of_age(age: TimeDelta) -> Look {
    match age {
        _ if age >= LATE => Look::Late,
        _ if age >= WAITING => Look::Waiting,
        _ => Look::Young,
    }
}

/// `1:05`, or `1:02:05` from an hour on.
fn age_text(age: TimeDelta) -> String {
    let (hours, minutes, seconds) = (age.num_hours(), age.num_minutes() % 60, age.num_seconds() % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_reads_like_a_clock() {
        for (seconds, text) in [(0, "0:00"), (65, "1:05"), (599, "9:59"), (3_725, "1:02:05")] {
            assert_eq!(age_text(TimeDelta::seconds(seconds)), text);
        }
    }

    #[test]
    fn a_ticket_changes_its_colour_while_guests_wait() {
        assert_eq!(look_of_age(TimeDelta::seconds(299)), Look::Young);
        assert_eq!(look_of_age(TimeDelta::seconds(300)), Look::Waiting);
        assert_eq!(look_of_age(TimeDelta::seconds(600)), Look::Late);
    }
}
