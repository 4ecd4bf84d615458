//! Switching to another generation, and back.
//!
//! Queries find the live generation in the snapshot that they read rows and cursor from, so a switch is
//! one transaction and nobody sees half of it. So that no reader's cursor goes backwards, the
//! checkpoints of the live generation are held still (its projectors wait; readers do not) until the
//! other one has come as far in every feed; that is bounded, and tried again.

use super::{
    RebuildError, Sides,
    compare::{Verdict, compare},
    discard, extent,
};
use crate::{
    generation::Projection,
    generations::{self, Entry, Status},
};
use domain::{envelope::Cursor, ids::FeedId};
use failpoints::failpoint;
use sqlx::{MySqlConnection, Row};
use std::{collections::HashMap, time::Duration};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

/// How long projectors of the live generation may be held up at a time. They wait for a lock for 5 s.
const HELD_MAX: Duration = Duration::from_millis(1_500);
/// How often it is looked meanwhile whether the other generation has come as far.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Sessions that may be lost in one switch: a process is frozen once, perhaps twice.
const LOST_MAX: u32 = 3;
/// The pause between two tries.
const TRY_EVERY: Duration = Duration::from_millis(250);

/// REPEATABLE READ locks gaps: no feed that is new meanwhile slips in. A projector that is frozen with
/// its lock held is waited for, then the try is over; MySQL ends its session within 10 s. If this
/// process is frozen itself while it holds the checkpoints, MySQL ends its session after 4 s.
const BEGIN: &str = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
                     SET SESSION innodb_lock_wait_timeout = 5, SESSION wait_timeout = 4; START TRANSACTION";

/// Settings of a switch.
#[derive(Debug, Clone, Copy)]
pub struct Switch {
    /// Whether events may be parked in the new generation that are not in the live one.
    pub accept_parked: bool,
    /// How long to wait for the other generation to come as far as the live one.
    pub wait: Duration,
}

/// What was switched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swapped {
    /// What answered before.
    pub from: Projection,
    /// What answers now.
    pub to: Projection,
}

/// Compares the ready generation of this view with the events, and makes it live. What was live stays
/// fed as the previous one; the one before that is dropped.
///
/// # Errors
/// When nothing is ready, a row is not what the events say (the generation is failed then), events are
/// parked in it, or it does not come as far as the live one in time. Nothing was switched then.
pub async fn switch(
    sides: &Sides,
    view: &'static str,
    options: Switch,
    told: impl FnMut(u64, u64),
) -> Result<Swapped, RebuildError> {
    let (live, ready) = pair(sides, view, Status::Ready).await?;
    if let Verdict::Different(cause) = compare(sides, ready, told).await? {
        let mut connection = sides.views.acquire().await?;
        generations::set_status(&mut connection, ready, Status::Ready, Status::Failed, &cause).await?;
        return Err(RebuildError::Different { projection: ready, cause });
    }
    if !options.accept_parked {
        refuse_parked(sides, live, ready).await?;
    }
    let swapped = swap(sides, (live, ready), Status::Ready, options.wait).await?;
    for entry in generations::all(&sides.views).await? {
        if entry.projection.view == view && entry.status == Status::Retired {
            discard::discard(&sides.views, entry.projection, entry.status).await?;
        }
    }
    Ok(swapped)
}

/// Makes the previous generation of this view live again, and the live one the previous one.
///
/// # Errors
/// When there is no previous one, or it does not come as far as the live one within `wait`.
pub async fn rollback(sides: &Sides, view: &'static str, wait: Duration) -> Result<Swapped, RebuildError> {
    let pair = pair(sides, view, Status::Previous).await?;
    swap(sides, pair, Status::Previous, wait).await
}

/// The live generation and the one to switch to.
async fn pair(sides: &Sides, view: &'static str, wanted: Status) -> Result<(Projection, Projection), RebuildError> {
    let mut entries = generations::all(&sides.views).await?;
    entries.retain(|entry| entry.projection.view == view);
    let with = |status| entries.iter().find(|entry: &&Entry| entry.status == status).map(|entry| entry.projection);
    let live = with(Status::Live).ok_or(RebuildError::NothingLive(view))?;
    let advice = || advice(view, wanted, &entries);
    let other = with(wanted).ok_or_else(|| RebuildError::NothingToSwitchTo { view, wanted, advice: advice() })?;
    Ok((live, other))
}

fn advice(view: &str, wanted: Status, entries: &[Entry]) -> String {
    let begun = entries.iter().find(|entry| matches!(entry.status, Status::Building | Status::Failed));
    match (wanted, begun) {
        (Status::Previous, _) => "nothing was switched yet, or the previous one was dropped".to_owned(),
        (_, Some(entry)) if entry.status == Status::Failed => {
            format!("{} has failed: {}; run `aris projections rebuild {view}`", entry.projection, entry.cause)
        }
        (_, Some(entry)) => format!("{} is not built yet: `aris projections rebuild {view}` goes on", entry.projection),
        (_, None) => format!("run `aris projections rebuild {view}`"),
    }
}

/// Refuses a generation with parked events that the live one has applied, or skipped.
async fn refuse_parked(sides: &Sides, live: Projection, ready: Projection) -> Result<(), RebuildError> {
    let rows = sqlx::query(
        "SELECT n.feed_id, n.position FROM parked_events n \
          WHERE n.projection = ? AND NOT EXISTS (SELECT 1 FROM parked_events o WHERE o.projection = ? \
                AND o.feed_id = n.feed_id AND o.position = n.position AND o.epoch = n.epoch) \
          ORDER BY n.feed_id, n.position",
    )
    .bind(ready.to_string())
    .bind(live.to_string())
    .fetch_all(&sides.views)
    .await?;
    let Some(first) = rows.first() else { return Ok(()) };
    Err(RebuildError::Parked {
        projection: ready,
        events: rows.len() as u64,
        feed: first.try_get::<Uuid, _>("feed_id")?.into(),
        position: first.try_get("position")?,
    })
}

/// A feed in which the other generation is behind, and by how many events in all.
struct Lag {
    feed: FeedId,
    events: u64,
}

async fn swap(
    sides: &Sides,
    (live, other): (Projection, Projection),
    other_is: Status,
    wait: Duration,
) -> Result<Swapped, RebuildError> {
    let (end, mut lost) = (Instant::now() + wait, 0);
    let swapped = Swapped { from: live, to: other };
    // Ends: no try begins after `end`, but for those after a lost session, and each one is bounded.
    loop {
        let lag = match attempt(sides, live, other, other_is).await {
            Ok(None) => return Ok(swapped),
            Ok(Some(lag)) => lag,
            Err(RebuildError::Sql(error)) if is_locked(&error) && Instant::now() < end => continue,
            Err(RebuildError::Sql(error)) if is_lost(&error) && lost < LOST_MAX => {
                lost += 1;
                tracing::warn!(error = %error, "the session of the switch was lost, perhaps with its COMMIT");
                sleep(TRY_EVERY).await;
                if is_done(sides, live, other).await? {
                    return Ok(swapped);
                }
                continue;
            }
            Err(error) => return Err(error),
        };
        if Instant::now() >= end {
            let Lag { feed, events } = lag;
            return Err(RebuildError::Behind { projection: other, events, feed, seconds: wait.as_secs() });
        }
        sleep(TRY_EVERY).await;
    }
}

/// One try. Answers where the other generation is behind; nothing when it is live now.
async fn attempt(
    sides: &Sides,
    live: Projection,
    other: Projection,
    other_is: Status,
) -> Result<Option<Lag>, RebuildError> {
    // A connection of its own, whose settings go with it.
    let mut connection = sides.views.acquire().await?.detach();
    sqlx::Executor::execute(&mut connection, BEGIN).await?;
    let entries = generations::locked(&mut connection, live.view).await?;
    let is = |projection, status| entries.iter().any(|it| it.projection == projection && it.status == status);
    if !is(live, Status::Live) || !is(other, other_is) {
        let advice = "somebody else has switched meanwhile: see `aris projections list`".to_owned();
        return Err(RebuildError::NothingToSwitchTo { view: live.view, wanted: other_is, advice });
    }
    let held = hold(&mut connection, live).await?;
    failpoint!("switch.held").map_err(sqlx::Error::Io)?;
    if let Some(lag) = wait_for(sides, other, &held).await? {
        sqlx::Executor::execute(&mut connection, "ROLLBACK").await?;
        return Ok(Some(lag));
    }
    for entry in entries.iter().filter(|entry| entry.status == Status::Previous && entry.projection != other) {
        let cause = format!("{other} was switched in");
        generations::set_status(&mut connection, entry.projection, Status::Previous, Status::Retired, &cause).await?;
    }
    // The live one first: no moment has two of them, and the schema allows none.
    generations::set_status(&mut connection, live, Status::Live, Status::Previous, &format!("{other} answers")).await?;
    generations::set_status(&mut connection, other, other_is, Status::Live, &format!("switched from {live}")).await?;
    failpoint!("switch.before-commit").map_err(sqlx::Error::Io)?;
    sqlx::Executor::execute(&mut connection, "COMMIT").await?;
    failpoint!("switch.committed").map_err(sqlx::Error::Io)?;
    Ok(None)
}

/// Where the live generation stands in every feed; it stays there until the transaction ends.
async fn hold(connection: &mut MySqlConnection, live: Projection) -> Result<Vec<(FeedId, Cursor)>, sqlx::Error> {
    sqlx::query("SELECT feed_id, epoch, position FROM projection_checkpoints WHERE projection = ? FOR SHARE")
        .bind(live.to_string())
        .fetch_all(connection)
        .await?
        .iter()
        .map(|row| {
            let cursor = Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? };
            Ok((row.try_get::<Uuid, _>("feed_id")?.into(), cursor))
        })
        .collect()
}

/// Waits, bounded, until the other generation stands there or further in every feed.
async fn wait_for(sides: &Sides, other: Projection, held: &[(FeedId, Cursor)]) -> Result<Option<Lag>, RebuildError> {
    let end = Instant::now() + HELD_MAX;
    loop {
        let stands = extent::checkpoints(&sides.views, other).await?;
        let at: HashMap<FeedId, Cursor> = stands.into_iter().map(|(feed, stand)| (feed, stand.cursor)).collect();
        let Some(lag) = lag(held, &at) else { return Ok(None) };
        if Instant::now() >= end {
            return Ok(Some(lag));
        }
        sleep(LOOK_EVERY).await;
    }
}

fn lag(live: &[(FeedId, Cursor)], other: &HashMap<FeedId, Cursor>) -> Option<Lag> {
    let of = |feed: &FeedId| other.get(feed).copied().unwrap_or_default();
    let mut behind = live.iter().filter(|(feed, cursor)| of(feed) < *cursor).peekable();
    let feed = behind.peek()?.0;
    let missing = |(feed, cursor): &(FeedId, Cursor)| {
        let stand = of(feed);
        if stand.epoch == cursor.epoch { cursor.position - stand.position } else { cursor.position }
    };
    Some(Lag { feed, events: behind.map(missing).sum() })
}

/// Whether a try whose end nobody heard of has switched.
async fn is_done(sides: &Sides, live: Projection, other: Projection) -> Result<bool, sqlx::Error> {
    let entries = generations::all(&sides.views).await?;
    let is = |projection, status| entries.iter().any(|it| it.projection == projection && it.status == status);
    Ok(is(live, Status::Previous) && is(other, Status::Live))
}

/// A lock was not had in time, or two were in each other's way.
fn is_locked(error: &sqlx::Error) -> bool {
    number(error).is_some_and(|number| matches!(number, 1205 | 1213))
}

/// The connection broke, or MySQL ended a session that was silent for too long (4031).
fn is_lost(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || number(error) == Some(4031)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    let sqlx::Error::Database(error) = error else { return None };
    error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(sqlx::mysql::MySqlDatabaseError::number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(n: u128) -> FeedId {
        FeedId::from(Uuid::from_u128(n))
    }

    fn at(epoch: u32, position: u64) -> Cursor {
        Cursor { epoch, position }
    }

    #[test]
    fn it_is_behind_where_it_is_behind_in_any_feed() {
        let live = [(feed(1), at(1, 5)), (feed(2), at(1, 9)), (feed(3), at(2, 4))];
        let behind =
            |other: &[(FeedId, Cursor)]| lag(&live, &other.iter().copied().collect()).map(|lag| (lag.feed, lag.events));
        assert_eq!(behind(&live), None);
        assert_eq!(behind(&[(feed(1), at(1, 6)), (feed(2), at(1, 9)), (feed(3), at(2, 4))]), None);
        assert_eq!(behind(&[(feed(1), at(1, 5)), (feed(2), at(1, 7)), (feed(3), at(2, 3))]), Some((feed(2), 3)));
        assert_eq!(behind(&[(feed(1), at(1, 5)), (feed(2), at(1, 9)), (feed(3), at(1, 90))]), Some((feed(3), 4)));
        assert_eq!(behind(&[(feed(2), at(1, 9)), (feed(3), at(2, 4))]), Some((feed(1), 5)));
    }
}
