//! Whether events flow: leases are held, the outbox empties, projections keep up, nothing is parked.

use super::{LOOK_WITHIN, failed, finding::Finding};
use domain::limits::SHARDS;
use event_store::{pool::within, reader::EventReader};
use sqlx::{MySqlPool, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// An event that waits longer than this to be published is not just in flight.
const OUTBOX_AGE_MAX_SECONDS: u64 = 10;
/// A projection that is further behind than this is not just busy.
const LAG_MAX: u64 = 1_000;
/// Feeds that are compared; of larger installations the first ones speak for all.
const FEEDS_MAX: u32 = 10_000;

pub(super) async fn look_at_relay(events: &MySqlPool, findings: &mut Vec<Finding>) {
    findings.push(match within(LOOK_WITHIN, holders(events, "relay")).await {
        Ok(holders) => judge_leases("relay leases", &holders, "start a relay: `aris serve relay`"),
        Err(error) => failed("relay leases", &error),
    });
    findings.push(match within(LOOK_WITHIN, outbox(events)).await {
        Ok((rows, age)) => judge_outbox(rows, age),
        Err(error) => failed("outbox", &error),
    });
}

pub(super) async fn look_at_projections(events: Option<&MySqlPool>, views: &MySqlPool, findings: &mut Vec<Finding>) {
    let names = match within(LOOK_WITHIN, projections(views)).await {
        Ok(names) => names,
        Err(error) => return findings.push(failed("projections", &error)),
    };
    if names.is_empty() {
        findings.push(Finding::wrong("projections", "none has ever run", "start one: `aris serve projection`"));
    }
    for name in names {
        findings.push(match within(LOOK_WITHIN, holders(views, &format!("projection {name}"))).await {
            Ok(holders) => {
                let mut finding = judge_leases("projection leases", &holders, "start one: `aris serve projection`");
                finding.seen = format!("{name}: {}", finding.seen);
                finding
            }
            Err(error) => failed("projection leases", &error),
        });
        let Some(events) = events else { continue };
        findings.push(match lag(events, views, &name).await {
            Ok((lag, parked)) => judge_projection(&name, lag, parked),
            Err(error) => failed("projection lag", &error),
        });
    }
}

/// How many shards each one holds now.
async fn holders(pool: &MySqlPool, kind: &str) -> Result<BTreeMap<String, u64>, sqlx::Error> {
    let statement = "SELECT owner, COUNT(*) FROM leases WHERE kind = ? AND shard < ? AND until > NOW(6) GROUP BY owner";
    let rows = sqlx::query(statement).bind(kind).bind(SHARDS).fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get::<i64, _>(1)?.unsigned_abs()))).collect()
}

/// Rows that wait (counted up to a bound), and the age of the oldest in seconds.
async fn outbox(pool: &MySqlPool) -> Result<(u64, u64), sqlx::Error> {
    let statement = "SELECT COUNT(*), COALESCE(TIMESTAMPDIFF(SECOND, MIN(e.recorded_at), UTC_TIMESTAMP(6)), 0) \
                       FROM (SELECT feed_id, position FROM outbox ORDER BY shard, feed_id, position LIMIT 10000) o \
                       JOIN events e ON e.feed_id = o.feed_id AND e.position = o.position";
    let (rows, age): (i64, i64) = sqlx::query_as(statement).fetch_one(pool).await?;
    Ok((rows.unsigned_abs(), u64::try_from(age).unwrap_or_default()))
}

async fn projections(views: &MySqlPool) -> Result<Vec<String>, sqlx::Error> {
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT projection FROM projections WHERE status IN ('live', 'ready', 'previous') ORDER BY projection",
    )
    .fetch_all(views)
    .await?;
    Ok(rows.into_iter().map(|(name,)| name).collect())
}

/// Events that are missing and events that are parked, over all feeds.
async fn lag(events: &MySqlPool, views: &MySqlPool, name: &str) -> Result<(u64, u64), sqlx::Error> {
    let heads = EventReader::new(events.clone()).all_heads(None, FEEDS_MAX).await?;
    let statement = "SELECT feed_id, position, parked FROM projection_checkpoints WHERE projection = ?";
    let rows: Vec<(Uuid, u64, u32)> =
        within(LOOK_WITHIN, sqlx::query_as(statement).bind(name).fetch_all(views)).await?;
    let parked = rows.iter().map(|(_, _, parked)| u64::from(*parked)).sum();
    let at: BTreeMap<Uuid, u64> = rows.into_iter().map(|(feed, position, _)| (feed, position)).collect();
    let behind = |feed: Uuid, head: u64| head.saturating_sub(at.get(&feed).copied().unwrap_or_default());
    Ok((heads.iter().map(|head| behind(head.feed.0, head.cursor.position)).sum(), parked))
}

fn judge_leases(about: &'static str, holders: &BTreeMap<String, u64>, advice: &str) -> Finding {
    let held: u64 = holders.values().sum();
    let who = holders.iter().map(|(owner, shards)| format!("{owner} {shards}")).collect::<Vec<_>>().join(", ");
    if held == u64::from(SHARDS) {
        return Finding::fine(about, format!("all {SHARDS} shards are held: {who}"));
    }
    if held == 0 {
        return Finding::wrong(about, "nobody holds any shard", advice);
    }
    Finding::warning(
        about,
        format!("{held} of {SHARDS} shards are held: {who}"),
        "look again in 30 s; they are changing hands",
    )
}

fn judge_outbox(rows: u64, age: u64) -> Finding {
    const ABOUT: &str = "outbox";
    let seen = format!("{rows} events wait, the oldest for {age} s");
    if age <= OUTBOX_AGE_MAX_SECONDS {
        return Finding::fine(ABOUT, seen);
    }
    Finding::wrong(
        ABOUT,
        seen,
        "see the relay's log and the NATS lines below: events are safe, consoles get them from MySQL",
    )
}

fn judge_projection(name: &str, lag: u64, parked: u64) -> Finding {
    let seen = format!("{name}: {lag} events behind, {parked} parked");
    if parked > 0 {
        return Finding::wrong("projection", seen, "`aris parked list` names them and their cause");
    }
    if lag > LAG_MAX {
        return Finding::warning(
            "projection",
            seen,
            "look again; if it does not shrink, see the projection-service's log",
        );
    }
    Finding::fine("projection", seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn shards_that_nobody_holds_are_told() {
        let level = |shards: &[u64]| {
            let holders = shards.iter().enumerate().map(|(number, shards)| (number.to_string(), *shards)).collect();
            judge_leases("leases", &holders, "start one").level
        };
        assert_eq!((level(&[32, 32]), level(&[32]), level(&[])), (Level::Fine, Level::Warning, Level::Wrong));
    }

    #[test]
    fn old_rows_lag_and_parked_events_are_told() {
        assert_eq!((judge_outbox(500, 1).level, judge_outbox(1, 60).level), (Level::Fine, Level::Wrong));
        let level = |lag, parked| judge_projection("orders@1", lag, parked).level;
        assert_eq!((level(3, 0), level(5_000, 0), level(0, 1)), (Level::Fine, Level::Warning, Level::Wrong));
    }
}
