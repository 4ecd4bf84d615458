//! The statements that write the changes of the restaurants view.

use super::{
    apply::{Changes, NewItem, NewSession},
    guests,
    schema::{ITEMS, SESSIONS, Tables},
};
use crate::{
    sql,
    views::{ApplyError, all_met},
};
use chrono::{DateTime, Utc};
use domain::{
    ids::{FeedId, ItemId, SessionId},
    restaurants::{RestaurantCreated, Table},
};
use sqlx::{MySqlConnection, QueryBuilder};
use std::collections::BTreeMap;

/// Writes the changes of one batch.
pub(super) async fn write(
    connection: &mut MySqlConnection,
    names: &Tables,
    changes: Changes,
) -> Result<(), ApplyError> {
    for (feed, created) in &changes.created {
        insert_restaurant(connection, names, *feed, created).await?;
        let tables: Vec<(usize, &Table)> = created.tables.iter().enumerate().collect();
        for part in sql::parts(&tables) {
            insert_tables(connection, names, *feed, part).await?;
        }
    }
    for part in sql::parts(&changes.items) {
        insert_items(connection, names, part).await?;
    }
    for part in sql::parts(&changes.sessions) {
        insert_sessions(connection, names, part).await?;
    }
    guests::write(connection, names, &changes).await?;
    for (available, items) in grouped(changes.availability) {
        for part in sql::parts(&items) {
            all_met(ITEMS, part.len(), set_available(connection, names, part, available).await?)?;
        }
    }
    for (at, sessions) in grouped(changes.closed) {
        for part in sql::parts(&sessions) {
            all_met(SESSIONS, part.len(), close_sessions(connection, names, part, at).await?)?;
            guests::delete_requests_of_sessions(connection, names, part).await?;
        }
    }
    Ok(())
}

/// Rows that get the same value, so that one statement changes many.
fn grouped<K, V: Ord>(changes: BTreeMap<K, V>) -> BTreeMap<V, Vec<K>> {
    let mut groups: BTreeMap<V, Vec<K>> = BTreeMap::new();
    for (key, value) in changes {
        groups.entry(value).or_default().push(key);
    }
    groups
}

async fn insert_restaurant(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
    created: &RestaurantCreated,
) -> Result<(), sqlx::Error> {
    let stations = serde_json::to_vec(&created.stations).map_err(|source| sqlx::Error::Encode(source.into()))?;
    sqlx::query(&format!(
        "INSERT INTO {} (feed_id, name, currency, time_zone, stations) VALUES (?, ?, ?, ?, ?)",
        names.restaurants
    ))
    .bind(feed.0)
    .bind(&created.name)
    .bind(created.currency.as_str())
    .bind(&created.time_zone)
    .bind(stations)
    .execute(connection)
    .await
    .map(drop)
}

async fn insert_tables(
    connection: &mut MySqlConnection,
    names: &Tables,
    feed: FeedId,
    tables: &[(usize, &Table)],
) -> Result<u64, sqlx::Error> {
    let mut query =
        QueryBuilder::new(format!("INSERT INTO {} (feed_id, table_id, ordinal, label, seats) ", names.tables));
    query.push_values(tables, |mut row, (ordinal, table)| {
        row.push_bind(feed.0)
            .push_bind(table.table_id.0)
            .push_bind(*ordinal as u64)
            .push_bind(&table.label)
            .push_bind(table.seats);
    });
    sql::run(connection, query).await
}

async fn insert_items(connection: &mut MySqlConnection, names: &Tables, items: &[NewItem]) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO {} (feed_id, item_id, added_position, name, price_amount, price_currency, tax_rate_bp, \
         station, available) ",
        names.items
    ));
    query.push_values(items, |mut row, NewItem { feed, added, added_position, available }| {
        row.push_bind(feed.0)
            .push_bind(added.item_id.0)
            .push_bind(*added_position)
            .push_bind(&added.name)
            .push_bind(added.price.amount)
            .push_bind(added.price.currency.to_string())
            .push_bind(u16::from(added.tax_rate_bp))
            .push_bind(added.station.as_str())
            .push_bind(*available);
    });
    sql::run(connection, query).await
}

async fn set_available(
    connection: &mut MySqlConnection,
    names: &Tables,
    items: &[(FeedId, ItemId)],
    available: bool,
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("UPDATE {} SET available = ", names.items));
    query.push_bind(available).push(" WHERE (feed_id, item_id) IN ");
    query.push_tuples(items, |mut tuple, (feed, item)| {
        tuple.push_bind(feed.0).push_bind(item.0);
    });
    sql::run(connection, query).await
}

async fn insert_sessions(
    connection: &mut MySqlConnection,
    names: &Tables,
    sessions: &[NewSession],
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!(
        "INSERT INTO {} (feed_id, session_id, table_id, table_label, opened_at, closed_at) ",
        names.sessions
    ));
    query.push_values(sessions, |mut row, NewSession { feed, opened, opened_at, closed_at }| {
        row.push_bind(feed.0)
            .push_bind(opened.session_id.0)
            .push_bind(opened.table_id.0)
            .push_bind(&opened.table_label)
            .push_bind(*opened_at)
            .push_bind(*closed_at);
    });
    sql::run(connection, query).await
}

async fn close_sessions(
    connection: &mut MySqlConnection,
    names: &Tables,
    sessions: &[(FeedId, SessionId)],
    at: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let mut query = QueryBuilder::new(format!("UPDATE {} SET closed_at = ", names.sessions));
    query.push_bind(at).push(" WHERE (feed_id, session_id) IN ");
    query.push_tuples(sessions, |mut tuple, (feed, session)| {
        tuple.push_bind(feed.0).push_bind(session.0);
    });
    sql::run(connection, query).await
}
