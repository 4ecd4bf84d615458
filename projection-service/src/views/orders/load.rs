//! What the view already knows of the orders of a batch.

use super::{apply::Progress, schema::Tables};
use crate::sql::{self, named};
use domain::{
    ids::{FeedId, LineId, OrderId},
    ordering::{LineState, ViewState},
};
use sqlx::{MySqlConnection, QueryBuilder, Row};
use std::collections::{BTreeMap, BTreeSet};

/// How far these orders are; unknown ones are left out.
pub(super) async fn progress(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    orders: &BTreeSet<OrderId>,
) -> Result<BTreeMap<OrderId, Progress>, sqlx::Error> {
    let orders: Vec<OrderId> = orders.iter().copied().collect();
    let mut known = BTreeMap::new();
    for part in sql::parts(&orders) {
        load_orders(connection, tables, feed, part, &mut known).await?;
        load_lines(connection, tables, feed, part, &mut known).await?;
    }
    Ok(known)
}

async fn load_orders(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    orders: &[OrderId],
    known: &mut BTreeMap<OrderId, Progress>,
) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "SELECT order_id, state, version FROM {} WHERE (feed_id, order_id) IN ",
        tables.orders
    ));
    push_keys(&mut query, feed, orders);
    for row in query.build().fetch_all(connection).await? {
        let state = named(&row, "state", ViewState::from_name)?;
        known.insert(OrderId(row.try_get("order_id")?), Progress::stored(state, row.try_get("version")?));
    }
    Ok(())
}

async fn load_lines(
    connection: &mut MySqlConnection,
    tables: &Tables,
    feed: FeedId,
    orders: &[OrderId],
    known: &mut BTreeMap<OrderId, Progress>,
) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "SELECT order_id, line_id, state FROM {} WHERE (feed_id, order_id) IN ",
        tables.lines
    ));
    push_keys(&mut query, feed, orders);
    for row in query.build().fetch_all(connection).await? {
        if let Some(order) = known.get_mut(&OrderId(row.try_get("order_id")?)) {
            order.lines.insert(LineId(row.try_get("line_id")?), named(&row, "state", LineState::from_name)?);
        }
    }
    Ok(())
}

/// Keys of orders, each with its feed.
pub(super) fn push_keys<'a>(query: &mut QueryBuilder<'a, sqlx::MySql>, feed: FeedId, orders: &'a [OrderId]) {
    query.push_tuples(orders, |mut tuple, order| {
        tuple.push_bind(feed.0).push_bind(order.0);
    });
}
