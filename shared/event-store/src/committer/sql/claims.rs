//! Claims: looked up under the lock of their feed, released and taken.

use super::{
    super::{stage::ClaimPlace, use_case::ClaimRead},
    padded, pieces, with_rows,
};
use domain::{claims::ClaimKind, ids::FeedId};
use sqlx::{MySqlConnection, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Most claims that are read for one prefix. More than one session can have orders open.
const PREFIX_ROWS_MAX: u32 = 10_000;

const OWNERS: &str = "SELECT feed_id, kind, claim_key, aggregate_id FROM claims FORCE INDEX (PRIMARY) \
                      WHERE (feed_id, kind, claim_key) IN (";
const WITH_PREFIX: &str = "SELECT claim_key, aggregate_id FROM claims \
                           WHERE feed_id = ? AND kind = ? AND claim_key >= ? AND claim_key < ? \
                           ORDER BY claim_key LIMIT ?";
/// The index is named because where few claims are left the optimiser would rather read all of them, and
/// so wait for claims that others are about to take.
const RELEASE: &str = "DELETE /*+ INDEX(claims PRIMARY) */ FROM claims WHERE (feed_id, kind, claim_key) IN (";

/// The owners of these keys, and of all keys with these prefixes.
pub(crate) async fn look_up(
    connection: &mut MySqlConnection,
    reads: &[(FeedId, ClaimRead)],
) -> Result<BTreeMap<ClaimPlace, Option<Uuid>>, sqlx::Error> {
    let mut found = BTreeMap::new();
    let mut keys = Vec::new();
    for (feed, read) in reads {
        match read {
            ClaimRead::Key(kind, key) => keys.push((*feed, *kind, key.clone())),
            ClaimRead::Prefix(kind, prefix) => {
                for (key, owner) in with_prefix(connection, *feed, *kind, prefix).await? {
                    found.insert((*feed, *kind, key), Some(owner));
                }
            }
        }
    }
    owners(connection, &keys, &mut found).await?;
    Ok(found)
}

async fn owners(
    connection: &mut MySqlConnection,
    keys: &[ClaimPlace],
    found: &mut BTreeMap<ClaimPlace, Option<Uuid>>,
) -> Result<(), sqlx::Error> {
    for piece in padded(keys) {
        let sql = of_keys(OWNERS, piece.len());
        let mut query = sqlx::query(&sql);
        for (feed, kind, key) in &piece {
            query = query.bind(feed.0).bind(kind.as_str().as_bytes()).bind(key.as_bytes());
        }
        for row in query.fetch_all(&mut *connection).await? {
            let feed = FeedId::from(row.try_get::<Uuid, _>("feed_id")?);
            let key = String::from_utf8_lossy(row.try_get::<&[u8], _>("claim_key")?).into_owned();
            let kind: &[u8] = row.try_get("kind")?;
            // The row was found by one of these keys, so its kind is one of theirs.
            if let Some(place) =
                keys.iter().find(|place| place.0 == feed && place.1.as_str().as_bytes() == kind && place.2 == key)
            {
                found.insert(place.clone(), Some(row.try_get("aggregate_id")?));
            }
        }
    }
    Ok(())
}

async fn with_prefix(
    connection: &mut MySqlConnection,
    feed: FeedId,
    kind: ClaimKind,
    prefix: &str,
) -> Result<Vec<(String, Uuid)>, sqlx::Error> {
    // 0xFF stands in no key: keys are UTF-8.
    let mut end = prefix.as_bytes().to_vec();
    end.push(0xFF);
    sqlx::query(WITH_PREFIX)
        .bind(feed.0)
        .bind(kind.as_str().as_bytes())
        .bind(prefix.as_bytes())
        .bind(end)
        .bind(PREFIX_ROWS_MAX)
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| {
            let key = String::from_utf8_lossy(row.try_get::<&[u8], _>("claim_key")?).into_owned();
            Ok((key, row.try_get("aggregate_id")?))
        })
        .collect()
}

/// Releases claims; one that nobody holds is no error.
pub(crate) async fn release(connection: &mut MySqlConnection, places: &[ClaimPlace]) -> Result<(), sqlx::Error> {
    for piece in padded(places) {
        let sql = of_keys(RELEASE, piece.len());
        let mut query = sqlx::query(&sql);
        for (feed, kind, key) in &piece {
            query = query.bind(feed.0).bind(kind.as_str().as_bytes()).bind(key.as_bytes());
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// This statement for so many keys.
fn of_keys(statement: &str, keys: usize) -> String {
    with_rows(statement, "(?,?,?)", keys, ")")
}

/// Takes claims. One that is held by another is an error, which the rules have ruled out before.
pub(crate) async fn take(connection: &mut MySqlConnection, claims: &[(&ClaimPlace, Uuid)]) -> Result<(), sqlx::Error> {
    for piece in pieces(claims) {
        let sql = with_rows(
            "INSERT INTO claims (feed_id, kind, claim_key, aggregate_id) VALUES ",
            "(?,?,?,?)",
            piece.len(),
            "",
        );
        let mut query = sqlx::query(&sql);
        for ((feed, kind, key), owner) in piece {
            query = query.bind(feed.0).bind(kind.as_str().as_bytes()).bind(key.as_bytes()).bind(*owner);
        }
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

#[cfg(test)]
#[path = "claims_plans.rs"]
mod plans;
