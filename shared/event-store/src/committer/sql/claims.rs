//! Claims: looked up under the lock of their feed, released and taken.

use super::{
    super::{stage::ClaimPlace, use_case::ClaimRead},
    script::{Row, Rows, Script},
};
use domain::{claims::ClaimKind, ids::FeedId};
use sqlx::Row as _;
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// Most claims that are read for one prefix. More than one session can have orders open.
const PREFIX_ROWS_MAX: u32 = 10_000;

const OWNERS: &str = "SELECT feed_id, kind, claim_key, aggregate_id FROM claims FORCE INDEX (PRIMARY) \
                      WHERE (feed_id, kind, claim_key) IN (";
const WITH_PREFIX: &str = "SELECT feed_id, kind, claim_key, aggregate_id FROM claims WHERE feed_id = ";
/// The index is named because where few claims are left the optimiser would rather read all of them, and
/// so wait for claims that others are about to take.
const RELEASE: &str = "DELETE /*+ INDEX(claims PRIMARY) */ FROM claims WHERE (feed_id, kind, claim_key) IN (";

/// Looks up the owners of these keys, and of all keys with these prefixes.
pub(crate) fn look_up(script: &mut Script, reads: &[(FeedId, ClaimRead)]) {
    let key = |(feed, read): &(FeedId, ClaimRead)| match read {
        ClaimRead::Key(kind, key) => Some((*feed, *kind, key.clone())),
        ClaimRead::Prefix(..) => None,
    };
    let keys: Vec<ClaimPlace> = reads.iter().filter_map(key).collect();
    script.list(OWNERS, &keys, ")", place);
    for (feed, read) in reads {
        if let ClaimRead::Prefix(kind, prefix) = read {
            with_prefix(script, *feed, *kind, prefix);
        }
    }
}

fn with_prefix(script: &mut Script, feed: FeedId, kind: ClaimKind, prefix: &str) {
    // 0xFF stands in no key: keys are UTF-8.
    let end = [prefix.as_bytes(), &[0xFF]].concat();
    script.statement(WITH_PREFIX);
    script.value(|row| {
        row.id(feed.0);
    });
    script.more(" AND kind = ");
    script.value(|row| {
        row.bytes(kind.as_str().as_bytes());
    });
    script.more(" AND claim_key >= ");
    script.value(|row| {
        row.bytes(prefix.as_bytes());
    });
    script.more(" AND claim_key < ");
    script.value(|row| {
        row.bytes(&end);
    });
    script.more(&format!(" ORDER BY claim_key LIMIT {PREFIX_ROWS_MAX}"));
}

/// The claims that were found: the rows of all statements of [`look_up`].
pub(crate) fn found(
    results: impl Iterator<Item = Rows>,
    reads: &[(FeedId, ClaimRead)],
) -> Result<BTreeMap<ClaimPlace, Option<Uuid>>, sqlx::Error> {
    let kinds: HashSet<ClaimKind> = reads.iter().map(|(_, read)| read.kind()).collect();
    let mut found = BTreeMap::new();
    for row in results.flatten() {
        let name: &[u8] = row.try_get("kind")?;
        // The row was found by one of these reads, so its kind is one of theirs.
        let Some(kind) = kinds.iter().find(|kind| kind.as_str().as_bytes() == name) else { continue };
        let feed = FeedId::from(row.try_get::<Uuid, _>("feed_id")?);
        let key = String::from_utf8_lossy(row.try_get::<&[u8], _>("claim_key")?).into_owned();
        found.insert((feed, *kind, key), Some(row.try_get("aggregate_id")?));
    }
    Ok(found)
}

/// Releases claims; one that nobody holds is no error.
pub(crate) fn release(script: &mut Script, places: &[ClaimPlace]) {
    script.list(RELEASE, places, ")", place);
}

/// Takes claims. One that is held by another is an error, which the rules have ruled out before.
pub(crate) fn take(script: &mut Script, claims: &[(&ClaimPlace, Uuid)]) {
    const INSERT: &str = "INSERT INTO claims (feed_id, kind, claim_key, aggregate_id) VALUES ";
    script.list(INSERT, claims, "", |row, (of, owner)| {
        place(row, of);
        row.id(*owner);
    });
}

fn place(row: &mut Row<'_>, (feed, kind, key): &ClaimPlace) {
    row.id(feed.0).bytes(kind.as_str().as_bytes()).bytes(key.as_bytes());
}

#[cfg(test)]
#[path = "claims_plans.rs"]
mod plans;
