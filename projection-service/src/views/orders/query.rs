//! Reading the orders view.

mod answers;

pub(crate) use answers::{OrderAnswer, OrderLineAnswer, OrderPage, OrderWithCursor};

use super::{apply::Key, load::push_keys, schema::Tables};
use crate::{
    money::MoneyAnswer,
    sql::{self, named},
};
use domain::{
    envelope::format_time,
    ids::{FeedId, OrderId},
    limits::LIST_BYTES_MAX,
    ordering::{LineState, ViewState},
};
use sqlx::{MySqlConnection, QueryBuilder, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// An order and its place in lists.
pub(crate) struct Placed {
    pub(crate) position: u64,
    pub(crate) order: OrderAnswer,
}

/// Some orders, newest first.
pub(crate) struct Page {
    pub(crate) orders: Vec<Placed>,
    /// Whether there are more after them.
    pub(crate) more: bool,
}

/// Orders whose lines are read at once: with the most lines that an order may have, some megabytes.
const ORDERS_AT_ONCE: usize = 32;

const COLUMNS: &str = "order_id, placed_position, session_id, table_label, code, state, placed_at, note, reason, \
                       currency, total, tax, version";

/// One order with its lines.
pub(crate) async fn order(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    order: OrderId,
) -> Result<Option<OrderAnswer>, sqlx::Error> {
    let text = format!("SELECT {COLUMNS} FROM {} WHERE feed_id = ? AND order_id = ?", tables.orders);
    let row = sqlx::query(&text).bind(feed.0).bind(order.0).fetch_optional(&mut *connection).await?;
    let Some(row) = row else { return Ok(None) };
    let mut found = vec![placed(&row)?];
    fill_lines(connection, tables, feed, &mut found).await?;
    Ok(found.pop().map(|placed| placed.order))
}

/// At most `limit` orders, newest first, those in `state` only if one is given, placed before the
/// position `before`; fewer where they would be more than [`LIST_BYTES_MAX`] bytes of JSON.
pub(crate) async fn page(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    state: Option<ViewState>,
    before: Option<u64>,
    limit: usize,
) -> Result<Page, sqlx::Error> {
    // One more than asked tells whether there is a next page.
    let mut found = without_lines(connection, tables, feed, state, before, limit + 1).await?;
    let mut page = Page { orders: Vec::with_capacity(limit), more: found.len() > limit };
    found.truncate(limit);
    let (mut rest, mut bytes) = (found.into_iter(), 0);
    loop {
        let mut some: Vec<Placed> = rest.by_ref().take(ORDERS_AT_ONCE).collect();
        if some.is_empty() {
            return Ok(page);
        }
        fill_lines(connection, tables, feed, &mut some).await?;
        for placed in some {
            bytes += placed.order.json_bytes();
            if bytes > LIST_BYTES_MAX && !page.orders.is_empty() {
                page.more = true;
                return Ok(page);
            }
            page.orders.push(placed);
        }
    }
}

async fn without_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    state: Option<ViewState>,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<Placed>, sqlx::Error> {
    let in_state = if state.is_some() { "AND state = ?" } else { "" };
    let text = format!(
        "SELECT {COLUMNS} FROM {} WHERE feed_id = ? {in_state} AND placed_position < ? \
          ORDER BY placed_position DESC LIMIT ?",
        tables.orders
    );
    let mut query = sqlx::query(&text).bind(feed.0);
    if let Some(state) = state {
        query = query.bind(state.as_str());
    }
    let rows = query.bind(before.unwrap_or(u64::MAX)).bind(limit as u64).fetch_all(connection).await?;
    rows.iter().map(placed).collect()
}

async fn fill_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    orders: &mut [Placed],
) -> Result<(), sqlx::Error> {
    let places: HashMap<Uuid, usize> =
        orders.iter().enumerate().map(|(place, placed)| (placed.order.order_id, place)).collect();
    let keys: Vec<Key> = orders.iter().map(|placed| (feed, OrderId(placed.order.order_id))).collect();
    for part in sql::parts(&keys) {
        for row in line_rows(connection, tables, part).await? {
            if let Some(place) = places.get(&row.try_get::<Uuid, _>("order_id")?) {
                let order = &mut orders[*place].order;
                order.lines.push(line(&row, &order.total.currency)?);
            }
        }
    }
    Ok(())
}

async fn line_rows(
    connection: &mut MySqlConnection,
    tables: &Tables,
    orders: &[Key],
) -> Result<Vec<MySqlRow>, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "SELECT order_id, line_id, item_id, name, quantity, unit_price, line_total, line_tax, station, state, note \
           FROM {} WHERE (feed_id, order_id) IN ",
        tables.lines
    ));
    push_keys(&mut query, orders);
    query.push(" ORDER BY order_id, ordinal");
    query.build().fetch_all(connection).await
}

fn placed(row: &MySqlRow) -> Result<Placed, sqlx::Error> {
    let currency: String = row.try_get("currency")?;
    let order = OrderAnswer {
        order_id: row.try_get("order_id")?,
        code: row.try_get("code")?,
        session_id: row.try_get("session_id")?,
        table_label: row.try_get("table_label")?,
        state: named(row, "state", ViewState::from_name)?.as_str(),
        placed_at: format_time(row.try_get("placed_at")?),
        note: row.try_get("note")?,
        reason: row.try_get("reason")?,
        lines: Vec::new(),
        total: MoneyAnswer { amount: row.try_get("total")?, currency: currency.clone() },
        tax: MoneyAnswer { amount: row.try_get("tax")?, currency },
        version: row.try_get("version")?,
    };
    Ok(Placed { position: row.try_get("placed_position")?, order })
}

fn line(row: &MySqlRow, currency: &str) -> Result<OrderLineAnswer, sqlx::Error> {
    let money = |column: &str| {
        Ok::<_, sqlx::Error>(MoneyAnswer { amount: row.try_get(column)?, currency: currency.to_owned() })
    };
    Ok(OrderLineAnswer {
        line_id: row.try_get("line_id")?,
        item_id: row.try_get("item_id")?,
        name: row.try_get("name")?,
        quantity: u32::from(row.try_get::<u16, _>("quantity")?),
        unit_price: money("unit_price")?,
        line_total: money("line_total")?,
        line_tax: money("line_tax")?,
        station: row.try_get("station")?,
        state: named(row, "state", LineState::from_name)?.as_str(),
        note: row.try_get("note")?,
    })
}
