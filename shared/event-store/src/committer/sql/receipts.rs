//! Receipts: looked up under the lock of their feed, and written.

use super::{
    super::{
        stage::{Receipt, ReceiptKey},
        use_case::Answer,
    },
    script::{Rows, Script},
};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use domain::ids::FeedId;
use sqlx::{Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

const LOOK_UP: &str = "SELECT feed_id, principal, idempotency_key, request_hash, command_id, status, location, \
                       body, position FROM receipts FORCE INDEX (PRIMARY) \
                       WHERE (feed_id, principal, idempotency_key) IN (";

/// Looks up the receipts of these keys.
pub(crate) fn look_up(script: &mut Script, keys: &[ReceiptKey]) {
    script.list(LOOK_UP, keys, ")", |row, (feed, principal, key)| {
        row.id(feed.0).bytes(principal.as_bytes()).bytes(key.as_bytes());
    });
}

/// The receipts that were found.
pub(crate) fn found(rows: &Rows) -> Result<HashMap<ReceiptKey, Receipt>, sqlx::Error> {
    rows.iter().map(read).collect()
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
pub(crate) fn insert(script: &mut Script, receipts: &[(ReceiptKey, Receipt, DateTime<Utc>)]) {
    const INSERT: &str = "INSERT INTO receipts (feed_id, principal, idempotency_key, request_hash, command_id, \
                          status, location, body, position, recorded_at) VALUES ";
    script.list(INSERT, receipts, "", |row, ((feed, principal, key), receipt, recorded_at)| {
        row.id(feed.0)
            .bytes(principal.as_bytes())
            .bytes(key.as_bytes())
            .hexadecimal(&receipt.request_hash)
            .id(receipt.command_id)
            .number(receipt.answer.status)
            .text(receipt.answer.location.as_deref())
            .bytes(&receipt.answer.body)
            .number(receipt.position)
            .time(*recorded_at);
    });
}

#[cfg(test)]
#[path = "receipts_plans.rs"]
mod plans;
