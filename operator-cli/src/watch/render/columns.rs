//! Tickets in columns, oldest at the top left.

use super::{
    Picture, Size,
    card::card,
    paint::{Look, Painter},
};
use crate::watch::{text::fit, words::with_number};
use chrono::{DateTime, Utc};

/// A ticket is readable from across the kitchen at about this width.
const CARD_WIDTH: usize = 30;
const GAP: usize = 2;

/// The middle of the screen.
pub(super) struct Body {
    /// Rows of the full width; as many as are needed, at most as many as there is room for.
    pub(super) rows: Vec<String>,
    /// Tickets that found no room.
    pub(super) hidden: usize,
}

/// Puts the tickets below each other, then beside each other.
pub(super) fn arrange(picture: &Picture<'_>, painter: Painter, now: DateTime<Utc>, size: Size) -> Body {
    let count = ((size.width + GAP) / (CARD_WIDTH + GAP)).max(1);
    let width = (size.width.saturating_sub(GAP * (count - 1))) / count;
    if picture.board.tickets.is_empty() {
        let rows =
            if size.height == 0 { vec![] } else { vec![fit(&format!(" {}", picture.words.nothing), size.width)] };
        return Body { rows, hidden: 0 };
    }
    let mut columns: Vec<Vec<String>> = vec![Vec::new()];
    let mut shown = 0;
    for ticket in &picture.board.tickets {
        let rows = shortened(card(ticket, picture.words, painter, now, width), picture, painter, width, size.height);
        if !place(&mut columns, rows, width, Size { width: count, height: size.height }) {
            break;
        }
        shown += 1;
    }
    Body { rows: beside(&columns, width, size.width), hidden: picture.board.tickets.len() - shown }
}

/// A ticket that is longer than the screen ends with how much of it is missing.
fn shortened(
    mut rows: Vec<String>,
    picture: &Picture<'_>,
    painter: Painter,
    width: usize,
    height: usize,
) -> Vec<String> {
    if rows.len() > height && height > 0 {
        let missing = rows.len() - height + 1;
        rows.truncate(height - 1);
        let text = format!(" {}", with_number(picture.words.more_lines, missing));
        rows.push(painter.paint(Look::Faint, &fit(&text, width)));
    }
    rows
}

/// Puts a ticket below the last one or into the next column; says whether there was room.
fn place(columns: &mut Vec<Vec<String>>, rows: Vec<String>, width: usize, room: Size) -> bool {
    let Some(column) = columns.last_mut() else { return false };
    let gap = usize::from(!column.is_empty());
    if column.len() + gap + rows.len() <= room.height {
        column.extend(std::iter::repeat_n(" ".repeat(width), gap));
        column.extend(rows);
        return true;
    }
    if columns.len() == room.width || rows.len() > room.height {
        return false;
    }
    columns.push(rows);
    true
}

fn beside(columns: &[Vec<String>], width: usize, full: usize) -> Vec<String> {
    let height = columns.iter().map(Vec::len).max().unwrap_or(0);
    let blank = " ".repeat(width);
    let used = columns.len() * width + (columns.len() - 1) * GAP;
    let rest = " ".repeat(full.saturating_sub(used));
    let row = |number: usize| {
        let cells: Vec<&str> =
            columns.iter().map(|column| column.get(number).map_or(blank.as_str(), String::as_str)).collect();
        format!("{}{rest}", cells.join(&" ".repeat(GAP)))
    };
    (0..height).map(row).collect()
}
