//! Receipts: looked up under the lock of their feed, and written.

use super::{
    super::{
        stage::{Receipt, ReceiptKey},
        use_case::Answer,
    },
    padded, pieces, with_rows,
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::ids::FeedId;
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

const LOOK_UP: &str = "SELECT feed_id, principal, idempotency_key, request_hash, command_id, status, location, \
                       body, position FROM receipts FORCE INDEX (PRIMARY) \
                       WHERE (feed_id, principal, idempotency_key) IN (";

/// The receipts that exist for these keys.
pub(crate) async fn look_up(
    connection: &mut MySqlConnection,
    keys: &[ReceiptKey],
) -> Result<HashMap<ReceiptKey, Receipt>, sqlx::Error> {
    let mut found = HashMap::new();
    for piece in padded(keys) {
        let sql = with_rows(LOOK_UP, "(?,?,?)", piece.len(), ")");
        let mut query = sqlx::query(&sql);
        for (feed, principal, key) in &piece {
            query = query.bind(feed.0).bind(principal.as_bytes()).bind(key.as_bytes());
        }
        for row in query.fetch_all(&mut *connection).await? {
            let (key, receipt) = read(&row)?;
            found.insert(key, receipt);
        }
    }
    Ok(found)
}

fn read(row: &MySqlRow) -> Result<(ReceiptKey, Receipt), sqlx::Error> {
    let text = |column: &str| -> Result<String, sqlx::Error> {
        Ok(String::from_utf8_lossy(row.try_get::<&[u8], _>(column)?).into_owned())
    };
    let hash: &[u8] = row.try_get("request_hash")?;
    let answer = Answer {
        status: row.try_get("status")?,
        location: row.try_get("location")?,
        body: Bytes::copy_from_slice(row.try_get("body")?),
    };
    let receipt = Receipt {
        request_hash: hash.try_into().map_err(|_| sqlx::Error::Decode("a hash has 32 bytes".into()))?,
        command_id: row.try_get("command_id")?,
        answer,
        position: row.try_get("position")?,
    };
    let feed = FeedId::from(row.try_get::<Uuid, _>("feed_id")?);
    Ok(((feed, text("principal")?, text("idempotency_key")?), receipt))
}

/// Writes the receipts of a batch.
pub(crate) async fn insert(
    connection: &mut MySqlConnection,
    receipts: &[(ReceiptKey, Receipt, DateTime<Utc>)],
) -> Result<(), sqlx::Error> {
    const INSERT: &str = "INSERT INTO receipts (feed_id, principal, idempotency_key, request_hash, command_id, \
                          status, location, body, position, recorded_at) VALUES ";
    for piece in pieces(receipts) {
        let sql = with_rows(INSERT, "(?,?,?,?,?,?,?,?,?,?)", piece.len(), "");
        let mut query = sqlx::query(&sql);
        for ((feed, principal, key), receipt, recorded_at) in piece {
            query = query
                .bind(feed.0)
                .bind(principal.as_bytes())
                .bind(key.as_bytes())
                .bind(receipt.request_hash.as_slice())
                .bind(receipt.command_id)
                .bind(receipt.answer.status)
                .bind(receipt.answer.location.as_deref())
                .bind(receipt.answer.body.as_ref())
                .bind(receipt.position)
                .bind(*recorded_at);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "receipts_plans.rs"]
mod plans;
