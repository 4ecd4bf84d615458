//! The rows of a restaurant as they are stored, each as JSON that MySQL makes of it.

use crate::{
    generation::Projection,
    runner::checkpoint,
    views::{kitchen_board::schema as kitchen, orders::schema as order, restaurants::schema as restaurant},
};
use domain::{envelope::Cursor, ids::FeedId};
use serde_json::Value;
use sqlx::{MySqlConnection, MySqlPool, Row};
use std::collections::{BTreeMap, HashSet};

/// Rows by table (without the number of its generation) and key.
pub(super) type Rows = BTreeMap<(&'static str, String), Value>;

/// A table, its key without the feed, and its other columns as the arguments of `JSON_OBJECT`.
pub(super) struct Table {
    name: &'static str,
    key: &'static str,
    columns: &'static str,
}

/// A view as it is stored, at one moment.
pub(super) struct Stored {
    pub(super) cursor: Cursor,
    /// The positions of parked events.
    pub(super) parked: HashSet<u64>,
    /// The positions of events that somebody left out for good.
    pub(super) skipped: HashSet<u64>,
    pub(super) rows: Rows,
}

pub(super) const RESTAURANTS: &[Table] = &[
    Table {
        name: restaurant::RESTAURANTS,
        key: "'restaurant'",
        columns: "'name', name, 'currency', currency, 'time_zone', time_zone, \
                  'stations', CAST(CONVERT(stations USING utf8mb4) AS JSON)",
    },
    Table {
        name: restaurant::TABLES,
        key: "BIN_TO_UUID(table_id)",
        columns: "'ordinal', ordinal, 'label', label, 'seats', seats",
    },
    Table {
        name: restaurant::ITEMS,
        key: "BIN_TO_UUID(item_id)",
        columns: "'added_position', added_position, 'name', name, 'amount', price_amount, \
                  'currency', price_currency, 'tax_rate_bp', tax_rate_bp, 'station', station, \
                  'available', available = 1",
    },
    Table {
        name: restaurant::SESSIONS,
        key: "BIN_TO_UUID(session_id)",
        columns: "'table_id', BIN_TO_UUID(table_id), 'table_label', table_label, \
                  'opened_at', DATE_FORMAT(opened_at, '%Y-%m-%dT%H:%i:%s.%fZ'), \
                  'closed_at', DATE_FORMAT(closed_at, '%Y-%m-%dT%H:%i:%s.%fZ')",
    },
    Table {
        name: restaurant::DINERS,
        key: "CONCAT(BIN_TO_UUID(session_id), '/', number)",
        columns: "'diner_id', BIN_TO_UUID(diner_id), \
                  'left_at', DATE_FORMAT(left_at, '%Y-%m-%dT%H:%i:%s.%fZ')",
    },
    Table {
        name: restaurant::JOIN_REQUESTS,
        key: "CONCAT(BIN_TO_UUID(session_id), '/', BIN_TO_UUID(diner_id))",
        columns: "'table_label', table_label, 'mark', mark, \
                  'requested_at', DATE_FORMAT(requested_at, '%Y-%m-%dT%H:%i:%s.%fZ'), \
                  'expires_at', DATE_FORMAT(expires_at, '%Y-%m-%dT%H:%i:%s.%fZ')",
    },
];

pub(super) const KITCHEN_BOARD: &[Table] = &[Table {
    name: kitchen::LINES,
    key: "CONCAT(station, '/', BIN_TO_UUID(line_id))",
    columns: "'order_id', BIN_TO_UUID(order_id), 'fired_position', fired_position, 'code', code, \
              'table_label', table_label, 'order_note', order_note, 'name', name, 'quantity', quantity, \
              'note', note, 'state', state, \
              'fired_at', DATE_FORMAT(fired_at, '%Y-%m-%dT%H:%i:%s.%fZ'), \
              'changed_at', DATE_FORMAT(changed_at, '%Y-%m-%dT%H:%i:%s.%fZ')",
}];

pub(super) const ORDERS: &[Table] = &[
    Table {
        name: order::ORDERS,
        key: "BIN_TO_UUID(order_id)",
        columns: "'placed_position', placed_position, 'session_id', BIN_TO_UUID(session_id), \
                  'table_label', table_label, 'code', code, 'state', state, \
                  'placed_at', DATE_FORMAT(placed_at, '%Y-%m-%dT%H:%i:%s.%fZ'), 'note', note, \
                  'reason', reason, 'currency', currency, 'total', total, 'tax', tax, 'version', version",
    },
    Table {
        name: order::LINES,
        key: "CONCAT(BIN_TO_UUID(order_id), '/', BIN_TO_UUID(line_id))",
        columns: "'ordinal', ordinal, 'item_id', BIN_TO_UUID(item_id), 'name', name, 'quantity', quantity, \
                  'unit_price', unit_price, 'line_total', line_total, 'line_tax', line_tax, \
                  'station', station, 'state', state, 'note', note",
    },
];

/// Reads a view of one restaurant, rows and checkpoint at the same moment.
pub(super) async fn read(
    pool: &MySqlPool,
    projection: Projection,
    tables: &[Table],
    feed: FeedId,
) -> Result<Stored, sqlx::Error> {
    let mut tx = pool.begin_with("START TRANSACTION READ ONLY").await?;
    let cursor = checkpoint::read(&mut tx, projection, feed).await?.map(|checkpoint| checkpoint.cursor);
    let cursor = cursor.unwrap_or_default();
    let mut stored = Stored {
        cursor,
        parked: parked(&mut tx, &projection.to_string(), feed).await?,
        skipped: skipped(&mut tx, &projection.to_string(), feed, cursor.epoch).await?,
        rows: Rows::new(),
    };
    for table in tables {
        read_table(&mut tx, projection, table, feed, &mut stored.rows).await?;
    }
    tx.rollback().await?;
    Ok(stored)
}

async fn parked(connection: &mut MySqlConnection, projection: &str, feed: FeedId) -> Result<HashSet<u64>, sqlx::Error> {
    sqlx::query("SELECT position FROM parked_events WHERE projection = ? AND feed_id = ?")
        .bind(projection)
        .bind(feed.0)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| row.try_get("position"))
        .collect()
}

async fn skipped(
    connection: &mut MySqlConnection,
    projection: &str,
    feed: FeedId,
    epoch: u32,
) -> Result<HashSet<u64>, sqlx::Error> {
    sqlx::query("SELECT position FROM parked_skips WHERE projection = ? AND feed_id = ? AND epoch = ?")
        .bind(projection)
        .bind(feed.0)
        .bind(epoch)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| row.try_get("position"))
        .collect()
}

async fn read_table(
    connection: &mut MySqlConnection,
    projection: Projection,
    table: &Table,
    feed: FeedId,
    rows: &mut Rows,
) -> Result<(), sqlx::Error> {
    let text = format!(
        "SELECT {key} AS row_key, CAST(JSON_OBJECT({columns}) AS CHAR) AS row_json FROM {name} WHERE feed_id = ?",
        key = table.key,
        columns = table.columns,
        name = projection.generation.table(table.name)
    );
    for row in sqlx::query(&text).bind(feed.0).fetch_all(connection).await? {
        let json: &str = row.try_get("row_json")?;
        let value = serde_json::from_str(json)
            .map_err(|source| sqlx::Error::ColumnDecode { index: "row_json".to_owned(), source: source.into() })?;
        rows.insert((table.name, row.try_get("row_key")?), value);
    }
    Ok(())
}
