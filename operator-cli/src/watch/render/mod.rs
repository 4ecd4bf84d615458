//! The picture of the console: a pure function of what is known, the time and the size.
//!
//! It is always exactly `height` rows of `width` cells, so that drawing it over the last one leaves
//! nothing behind and nothing has to be cleared, which is what makes screens flicker.

mod card;
mod columns;
mod paint;

use super::{
    board::Board,
    link::Link,
    text::{between, cells, fit, plain},
    words::{Words, with_number},
};
use card::mark_and_look;
use chrono::{DateTime, Utc};
use domain::ordering::LineState;
use paint::{Look, Painter};

/// What there is to show.
#[derive(Debug, Clone)]
pub(super) struct Picture<'a> {
    pub(super) restaurant: &'a str,
    pub(super) station: &'a str,
    pub(super) link: Link,
    pub(super) board: &'a Board,
    pub(super) words: &'a Words,
    pub(super) colours: bool,
}

/// The size of a terminal in cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: usize,
    pub(super) height: usize,
}

/// Draws the picture. `now` is the server's time.
pub(super) fn render(picture: &Picture<'_>, now: DateTime<Utc>, size: Size) -> String {
    let painter = Painter { colours: picture.colours };
    let body = columns::arrange(picture, painter, now, Size { height: size.height.saturating_sub(4), ..size });
    let blank = " ".repeat(size.width);
    let mut rows = vec![header(picture, painter, now, size.width), blank.clone()];
    rows.extend(body.rows);
    rows.resize(size.height.saturating_sub(2).max(2), blank.clone());
    rows.push(blank);
    rows.push(footer(picture, painter, body.hidden, size.width));
    rows.truncate(size.height);
    rows.join("\r\n")
}

fn header(picture: &Picture<'_>, painter: Painter, now: DateTime<Utc>, width: usize) -> String {
    let name = format!("{} · {}", plain(picture.restaurant), plain(picture.station));
    let link = picture.link.text(picture.words, now);
    let look = match picture.link {
        Link::Live { .. } => Look::Good,
        Link::Connecting | Link::CatchingUp => Look::Cooking,
        Link::Offline { .. } => Look::Bad,
    };
    let row = between(&name, &link, width);
    // The link stands at the end, whole, whenever there is room for it.
    match row.strip_suffix(&link) {
        Some(left) => format!("{}{}", painter.paint(Look::Strong, left), painter.paint(look, &link)),
        None => painter.paint(look, &row),
    }
}

fn footer(picture: &Picture<'_>, painter: Painter, hidden: usize, width: usize) -> String {
    let words = picture.words;
    let counts =
        [(LineState::Fired, words.to_cook), (LineState::Preparing, words.cooking), (LineState::Ready, words.ready)]
            .map(|(state, word)| format!("{} {} {word}", mark_and_look(state).0, picture.board.count(state)))
            .join("   ");
    let more = if hidden == 0 { String::new() } else { with_number(words.more_tickets, hidden) };
    // What fits: that there is more to cook matters more than how to leave.
    let full = if hidden == 0 { words.leave.to_owned() } else { format!("{more}   {}", words.leave) };
    let right = if cells(&counts) + cells(&full) + 2 <= width { full } else { more };
    painter.paint(Look::Faint, &fit(&between(&counts, &right, width), width))
}

#[cfg(test)]
mod tests;
