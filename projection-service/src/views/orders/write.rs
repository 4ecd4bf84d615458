//! The statements that write the changes of the orders view.

use super::{
    apply::{Changes, Key, NewOrder, Progress},
    load::push_keys,
    schema::{LINES, ORDERS, Tables},
};
use crate::{
    sql,
    views::{ApplyError, all_met},
};
use domain::{
    ids::LineId,
    ordering::{LineState, PlacedLine},
};
use sqlx::{MySqlConnection, QueryBuilder};
use std::collections::BTreeMap;

/// A new line with its order, its place there and how far it is.
type NewLine<'a> = (Key, usize, &'a PlacedLine, LineState);

/// What becomes of an order of an earlier batch: state, version and reason.
type Change = (&'static str, u64, Option<&'static str>);

/// Writes the changes of one batch: new orders as they are at its end, then what became of others.
pub(super) async fn write(
    connection: &mut MySqlConnection,
    tables: &Tables,
    mut changes: Changes,
) -> Result<(), ApplyError> {
    let new: Vec<(&NewOrder, Progress)> =
        changes.new.iter().filter_map(|order| Some((order, changes.progress.remove(&order.key())?))).collect();
    for part in sql::parts(&new) {
        insert_orders(connection, tables, part).await?;
    }
    let lines: Vec<NewLine<'_>> = new.iter().flat_map(|(order, progress)| new_lines(order, progress)).collect();
    for part in sql::parts(&lines) {
        insert_lines(connection, tables, part).await?;
    }
    for (change, keys) in changed(&changes.progress) {
        for part in sql::parts(&keys) {
            all_met(ORDERS, part.len(), change_orders(connection, tables, part, change).await?)?;
        }
    }
    for (state, keys) in moved(&changes.progress) {
        for part in sql::parts(&keys) {
            all_met(LINES, part.len(), move_lines(connection, tables, part, state).await?)?;
        }
    }
    Ok(())
}

fn new_lines<'a>(order: &'a NewOrder, progress: &'a Progress) -> impl Iterator<Item = NewLine<'a>> {
    order.placed.lines.iter().enumerate().map(|(ordinal, line)| {
        let state = progress.lines.get(&line.line_id).copied().unwrap_or(LineState::Placed);
        (order.key(), ordinal, line, state)
    })
}

/// The orders of earlier batches, by what becomes of them: orders that go the same way at the same time are
/// one statement.
fn changed(orders: &BTreeMap<Key, Progress>) -> BTreeMap<Change, Vec<Key>> {
    let mut groups: BTreeMap<Change, Vec<Key>> = BTreeMap::new();
    for (order, progress) in orders {
        groups.entry((progress.view_state().as_str(), progress.version, progress.reason)).or_default().push(*order);
    }
    groups
}

/// The lines of earlier batches that moved, by what they became.
fn moved(orders: &BTreeMap<Key, Progress>) -> BTreeMap<LineState, Vec<(Key, LineId)>> {
    let mut groups: BTreeMap<LineState, Vec<(Key, LineId)>> = BTreeMap::new();
    for (order, progress) in orders {
        for line in &progress.moved {
            if let Some(state) = progress.lines.get(line) {
                groups.entry(*state).or_default().push((*order, *line));
            }
        }
    }
    groups
}

async fn insert_orders(
    connection: &mut MySqlConnection,
    tables: &Tables,
    orders: &[(&NewOrder, Progress)],
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO {} (feed_id, order_id, placed_position, session_id, table_label, code, state, placed_at, note, \
         reason, currency, total, tax, version) ",
        tables.orders
    ));
    query.push_values(orders, |mut row, (NewOrder { feed, placed, position, at }, progress)| {
        row.push_bind(feed.0)
            .push_bind(placed.order_id.0)
            .push_bind(*position)
            .push_bind(placed.session_id.0)
            .push_bind(&placed.table_label)
            .push_bind(&placed.code)
            .push_bind(progress.view_state().as_str())
            .push_bind(*at)
            .push_bind(&placed.note)
            .push_bind(progress.reason)
            .push_bind(placed.total.currency.to_string())
            .push_bind(placed.total.amount)
            .push_bind(placed.tax.amount)
            .push_bind(progress.version);
    });
    sql::run(connection, query).await
}

async fn insert_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    lines: &[NewLine<'_>],
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO {} (feed_id, order_id, line_id, ordinal, item_id, name, quantity, unit_price, line_total, \
         line_tax, station, state, note) ",
        tables.lines
    ));
    query.push_values(lines, |mut row, ((feed, order), ordinal, line, state)| {
        row.push_bind(feed.0)
            .push_bind(order.0)
            .push_bind(line.line_id.0)
            .push_bind(*ordinal as u64)
            .push_bind(line.item_id.0)
            .push_bind(&line.name)
            .push_bind(line.quantity)
            .push_bind(line.unit_price.amount)
            .push_bind(line.line_total.amount)
            .push_bind(line.line_tax.amount)
            .push_bind(line.station.as_str())
            .push_bind(state.as_str())
            .push_bind(&line.note);
    });
    sql::run(connection, query).await
}

async fn change_orders(
    connection: &mut MySqlConnection,
    tables: &Tables,
    orders: &[Key],
    (state, version, reason): Change,
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("UPDATE {} SET state = ", tables.orders));
    query.push_bind(state).push(", version = ").push_bind(version);
    query.push(", reason = COALESCE(").push_bind(reason).push(", reason) WHERE (feed_id, order_id) IN ");
    push_keys(&mut query, orders);
    sql::run(connection, query).await
}

async fn move_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    lines: &[(Key, LineId)],
    state: LineState,
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("UPDATE {} SET state = ", tables.lines));
    query.push_bind(state.as_str()).push(" WHERE (feed_id, order_id, line_id) IN ");
    query.push_tuples(lines, |mut tuple, ((feed, order), line)| {
        tuple.push_bind(feed.0).push_bind(order.0).push_bind(line.0);
    });
    sql::run(connection, query).await
}
