//! Reading the kitchen board.

use super::schema::Tables;
use crate::{
    read::Stand,
    sql::{named, parsed},
};
use chrono::{DateTime, Utc};
use domain::{
    envelope::format_time,
    ids::{FeedId, OrderId},
    ordering::{LineState, ticket_state},
    station::StationKey,
};
use serde::Serialize;
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::collections::HashMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// Lines of one answer. A kitchen with more than this at once shows the oldest.
pub(crate) const BOARD_LINES_MAX: u32 = 5_000;

/// What a kitchen sees.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KitchenBoardAnswer {
    /// Where the view stands: pass it on to the live stream to miss nothing and repeat nothing.
    pub(crate) cursor: Stand,
    /// The server's clock: the age of a ticket is `now` − `fired_at`.
    #[schema(format = DateTime)]
    pub(crate) now: String,
    /// Oldest first.
    pub(crate) tickets: Vec<Ticket>,
}

/// The lines of one order at one station.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Ticket {
    /// The order.
    pub(crate) order_id: Uuid,
    /// Four characters that people can call out.
    pub(crate) code: String,
    /// The station.
    pub(crate) station: String,
    /// What stands on the table.
    pub(crate) table_label: String,
    /// A wish for the whole order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order_note: Option<String>,
    /// That of the least advanced line: fired, preparing or ready.
    pub(crate) state: &'static str,
    /// When its first line came.
    #[schema(format = DateTime)]
    pub(crate) fired_at: String,
    /// In the order in which they came.
    pub(crate) lines: Vec<TicketLine>,
}

/// One line of a ticket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct TicketLine {
    /// The line.
    pub(crate) line_id: Uuid,
    /// What to make.
    pub(crate) name: String,
    /// How many.
    pub(crate) quantity: u32,
    /// A wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) note: Option<String>,
    /// fired, preparing or ready.
    pub(crate) state: &'static str,
    /// When it came into this state.
    #[schema(format = DateTime)]
    pub(crate) changed_at: String,
}

/// A row of the board.
pub(crate) struct BoardRow {
    pub(crate) order_id: OrderId,
    pub(crate) code: String,
    pub(crate) station: StationKey,
    pub(crate) table_label: String,
    pub(crate) order_note: Option<String>,
    pub(crate) line_id: Uuid,
    pub(crate) name: String,
    pub(crate) quantity: u32,
    pub(crate) note: Option<String>,
    pub(crate) state: LineState,
    pub(crate) fired_at: DateTime<Utc>,
    pub(crate) changed_at: DateTime<Utc>,
}

/// The lines at this station (all stations without one), in the order in which they were fired.
pub(crate) async fn board_rows(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    station: Option<&StationKey>,
) -> Result<Vec<BoardRow>, sqlx::Error> {
    let at_station = if station.is_some() { "AND station = ?" } else { "" };
    let text = format!(
        "SELECT order_id, code, station, table_label, order_note, line_id, name, quantity, note, state, \
                fired_at, changed_at \
           FROM {} WHERE feed_id = ? {at_station} ORDER BY fired_position LIMIT ?",
        tables.lines
    );
    let mut query = sqlx::query(&text).bind(feed.0);
    if let Some(station) = station {
        query = query.bind(station.as_str());
    }
    query.bind(BOARD_LINES_MAX).fetch_all(connection).await?.iter().map(board_row).collect()
}

fn board_row(row: &MySqlRow) -> Result<BoardRow, sqlx::Error> {
    Ok(BoardRow {
        order_id: OrderId(row.try_get("order_id")?),
        code: row.try_get("code")?,
        station: parsed(row, "station", str::parse)?,
        table_label: row.try_get("table_label")?,
        order_note: row.try_get("order_note")?,
        line_id: row.try_get("line_id")?,
        name: row.try_get("name")?,
        quantity: u32::from(row.try_get::<u16, _>("quantity")?),
        note: row.try_get("note")?,
        state: named(row, "state", LineState::from_name)?,
        fired_at: row.try_get("fired_at")?,
        changed_at: row.try_get("changed_at")?,
    })
}

/// Groups lines, oldest first, into tickets, oldest first.
pub(crate) fn tickets(rows: Vec<BoardRow>) -> Vec<Ticket> {
    let mut places: HashMap<(StationKey, OrderId), usize> = HashMap::new();
    let mut groups: Vec<Vec<BoardRow>> = Vec::new();
    for row in rows {
        let place = *places.entry((row.station.clone(), row.order_id)).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(row);
    }
    groups.into_iter().filter_map(ticket).collect()
}

fn ticket(rows: Vec<BoardRow>) -> Option<Ticket> {
    let state = ticket_state(rows.iter().map(|row| row.state))?.as_str();
    let first = rows.first()?;
    Some(Ticket {
        order_id: first.order_id.0,
        code: first.code.clone(),
        station: first.station.to_string(),
        table_label: first.table_label.clone(),
        order_note: first.order_note.clone(),
        state,
        fired_at: format_time(first.fired_at),
        lines: rows.into_iter().map(ticket_line).collect(),
    })
}

fn ticket_line(row: BoardRow) -> TicketLine {
    TicketLine {
        line_id: row.line_id,
        name: row.name,
        quantity: row.quantity,
        note: row.note,
        state: row.state.as_str(),
        changed_at: format_time(row.changed_at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::views::samples::{at, line_id};

    fn row(order: u128, station: &str, line: u128, state: LineState, fired: u64) -> BoardRow {
        BoardRow {
            order_id: OrderId(Uuid::from_u128(order)),
            code: "A1B2".to_owned(),
            station: station.parse().unwrap(),
            table_label: "7".to_owned(),
            order_note: None,
            line_id: line_id(line).0,
            name: "Burger".to_owned(),
            quantity: 1,
            note: None,
            state,
            fired_at: at(fired),
            changed_at: at(fired),
        }
    }

    #[test]
    fn a_ticket_is_an_order_at_a_station_and_as_far_as_its_slowest_line() {
        let tickets = tickets(vec![
            row(1, "grill", 1, LineState::Ready, 5),
            row(2, "grill", 2, LineState::Preparing, 6),
            row(1, "bar", 3, LineState::Fired, 7),
            row(1, "grill", 4, LineState::Fired, 8),
        ]);
        let seen: Vec<_> = tickets.iter().map(|it| (it.station.as_str(), it.state, it.lines.len())).collect();
        assert_eq!(seen, [("grill", "fired", 2), ("grill", "preparing", 1), ("bar", "fired", 1)]);
        assert_eq!(tickets[0].fired_at, format_time(at(5)));
    }
}
