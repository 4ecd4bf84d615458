//! What the view already knows of the orders of a batch.

use super::{
    apply::{Key, Progress},
    schema::Tables,
};
use crate::sql::{self, named};
use domain::{
    ids::{FeedId, LineId, OrderId},
    ordering::{LineState, ViewState},
};
use sqlx::{MySqlConnection, QueryBuilder, Row, mysql::MySqlRow};
use std::collections::{BTreeMap, BTreeSet};

/// How far these orders are; unknown ones are left out.
pub(super) async fn progress(
    connection: &mut MySqlConnection,
    tables: &Tables,
    orders: &BTreeSet<Key>,
) -> Result<BTreeMap<Key, Progress>, sqlx::Error> {
    let orders: Vec<Key> = orders.iter().copied().collect();
    let mut known = BTreeMap::new();
    for part in sql::parts(&orders) {
        load_orders(connection, tables, part, &mut known).await?;
        load_lines(connection, tables, part, &mut known).await?;
    }
    Ok(known)
}

async fn load_orders(
    connection: &mut MySqlConnection,
    tables: &Tables,
    orders: &[Key],
    known: &mut BTreeMap<Key, Progress>,
) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "SELECT feed_id, order_id, state, version FROM {} WHERE (feed_id, order_id) IN ",
        tables.orders
    ));
    push_keys(&mut query, orders);
    for row in query.build().fetch_all(connection).await? {
        let state = named(&row, "state", ViewState::from_name)?;
        known.insert(key(&row)?, Progress::stored(state, row.try_get("version")?));
    }
    Ok(())
}

async fn load_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    orders: &[Key],
    known: &mut BTreeMap<Key, Progress>,
) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "SELECT feed_id, order_id, line_id, state FROM {} WHERE (feed_id, order_id) IN ",
        tables.lines
    ));
    push_keys(&mut query, orders);
    for row in query.build().fetch_all(connection).await? {
        if let Some(order) = known.get_mut(&key(&row)?) {
            order.lines.insert(LineId(row.try_get("line_id")?), named(&row, "state", LineState::from_name)?);
        }
    }
    Ok(())
}

fn key(row: &MySqlRow) -> Result<Key, sqlx::Error> {
    Ok((FeedId(row.try_get("feed_id")?), OrderId(row.try_get("order_id")?)))
}

/// Keys of orders, each with its feed.
pub(super) fn push_keys<'a>(query: &mut QueryBuilder<'a, sqlx::MySql>, orders: &'a [Key]) {
    query.push_tuples(orders, |mut tuple, (feed, order)| {
        tuple.push_bind(feed.0).push_bind(order.0);
    });
}
