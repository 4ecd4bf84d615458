//! Counting how often somebody guessed at the digits of a table.
//!
//! A try is counted before the digits are compared, and given back when they were right. So however many guesses come
//! at once and to however many instances, no more are compared than are allowed.

use domain::{
    ids::{RestaurantId, SessionId},
    limits::{CODE_TRIES_MAX, CODE_TRIES_OF_A_SOURCE_FREE, CODE_TRY_PAUSE_SECONDS},
};
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlConnection, MySqlPool, Row};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

// Not `INSERT IGNORE`, which shares the lock of a row that is there: two would wait for each other afterwards.
const ROW: &str = "INSERT INTO digit_tries (feed_id, session_id, rotation, source, tries, first_at) \
  VALUES (?, ?, ?, ?, 0, NOW(6)) ON DUPLICATE KEY UPDATE tries = tries";
const LOOK: &str = "SELECT tries, CAST(GREATEST(TIMESTAMPDIFF(SECOND, first_at, NOW(6)), 0) AS UNSIGNED) AS seconds \
  FROM digit_tries WHERE feed_id = ? AND session_id = ? AND rotation = ? AND source = ?";
const COUNT: &str = "UPDATE digit_tries SET tries = tries + 1 \
  WHERE feed_id = ? AND session_id = ? AND rotation = ? AND source IN (?, ?)";
const GIVE_BACK: &str = "UPDATE digit_tries SET tries = tries - 1 \
  WHERE feed_id = ? AND session_id = ? AND rotation = ? AND source IN (?, ?) AND tries > 0";
const PURGE: &str = "DELETE FROM digit_tries WHERE first_at < NOW(6) - INTERVAL 7 DAY LIMIT 500";
/// Time between two purges.
const PURGE_EVERY: Duration = Duration::from_mins(10);
/// The row of all addresses together.
const EVERYBODY: [u8; 16] = [0; 16];

/// One set of digits, and from where somebody types them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Typed {
    pub(crate) restaurant: RestaurantId,
    pub(crate) session: SessionId,
    pub(crate) rotation: u32,
    /// A keyed hash of the address.
    pub(crate) source: [u8; 16],
}

/// Whether a try may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Try {
    /// It may, and is counted; `last` when no other may, if it is wrong.
    Counted { last: bool },
    /// Not from this address for so many seconds.
    Wait(u32),
    /// None of this set of digits may any more.
    UsedUp,
}

/// Counts a try, if it may be compared.
pub(crate) async fn count(pool: &MySqlPool, typed: Typed) -> Result<Try, sqlx::Error> {
    within(READ_WITHIN, count_once(pool, typed)).await
}

async fn count_once(pool: &MySqlPool, typed: Typed) -> Result<Try, sqlx::Error> {
    let mut tx = pool.begin().await?;
    // Both rows are locked, always in this order.
    let (of_all, _) = look(&mut tx, typed, &EVERYBODY).await?;
    if of_all >= CODE_TRIES_MAX {
        return tx.rollback().await.map(|()| Try::UsedUp);
    }
    let (of_source, seconds) = look(&mut tx, typed, &typed.source).await?;
    if let Some(wait) = wait(of_source, seconds) {
        return tx.rollback().await.map(|()| Try::Wait(wait));
    }
    both(COUNT, typed).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(Try::Counted { last: of_all + 1 >= CODE_TRIES_MAX })
}

/// Locks a row, which is made where it is missing: how many tries there were, and for how many seconds.
async fn look(tx: &mut MySqlConnection, typed: Typed, source: &[u8; 16]) -> Result<(u32, u64), sqlx::Error> {
    let bound = |statement| {
        let query = sqlx::query(statement).bind(typed.restaurant.0).bind(typed.session.0);
        query.bind(typed.rotation).bind(source.as_slice())
    };
    bound(ROW).execute(&mut *tx).await?;
    let row = bound(LOOK).fetch_one(&mut *tx).await?;
    Ok((row.try_get("tries")?, row.try_get("seconds")?))
}

/// How many seconds an address has to wait that had so many tries in so many seconds: a few at once, and one more for
/// each pause.
fn wait(tries: u32, seconds: u64) -> Option<u32> {
    let pauses = tries.checked_sub(CODE_TRIES_OF_A_SOURCE_FREE)?.saturating_add(1);
    let due = pauses.saturating_mul(CODE_TRY_PAUSE_SECONDS);
    due.checked_sub(u32::try_from(seconds).unwrap_or(u32::MAX)).filter(|wait| *wait > 0)
}

/// The digits were right.
pub(crate) async fn give_back(pool: &MySqlPool, typed: Typed) -> Result<(), sqlx::Error> {
    within(READ_WITHIN, both(GIVE_BACK, typed).execute(pool)).await.map(drop)
}

fn both(statement: &str, typed: Typed) -> sqlx::query::Query<'_, sqlx::MySql, sqlx::mysql::MySqlArguments> {
    let query = sqlx::query(statement).bind(typed.restaurant.0).bind(typed.session.0).bind(typed.rotation);
    query.bind(EVERYBODY.to_vec()).bind(typed.source.to_vec())
}

/// Deletes what is older than any visit, a little at a time, until the shutdown.
pub(crate) async fn janitor(pool: MySqlPool, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(PURGE_EVERY)).await.is_some() {
        if let Err(error) = sqlx::query(PURGE).execute(&pool).await {
            tracing::warn!(%error, "old tries of digits could not be purged; tried again in ten minutes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::wait;

    #[test]
    fn an_address_has_five_tries_at_once_and_one_more_each_minute() {
        assert_eq!([wait(0, 0), wait(4, 0)], [None, None]);
        assert_eq!([wait(5, 0), wait(5, 59), wait(5, 60)], [Some(60), Some(1), None]);
        assert_eq!([wait(6, 60), wait(6, 119), wait(6, 120)], [Some(60), Some(1), None]);
        assert_eq!(wait(u32::MAX, u64::MAX), None);
        assert!(wait(u32::MAX, 0).is_some());
    }
}
