//! Counting how often somebody guessed at the digits of a table.
//!
//! A try is counted before the digits are compared, and forgiven when they were right. So however many
//! guesses come at once and to however many instances, no more are compared than are allowed.

use domain::limits::{CODE_TRIES_OF_A_GUEST_MAX, CODE_TRIES_OF_A_SESSION_MAX};
use identity::tables::GuestPass;
use sqlx::{MySqlPool, Row};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const COUNT: &str = "INSERT INTO code_tries (feed_id, session_id, rotation, diner_id, tries, last_at) \
  VALUES (?, ?, ?, ?, 1, NOW(6)) ON DUPLICATE KEY UPDATE tries = tries + 1, last_at = NOW(6)";
const TRIES: &str = "SELECT CAST(SUM(tries) AS UNSIGNED) AS of_session, \
    CAST(SUM(IF(diner_id = ?, tries, 0)) AS UNSIGNED) AS of_guest \
  FROM code_tries WHERE feed_id = ? AND session_id = ? AND rotation = ?";
const FORGIVE: &str = "DELETE FROM code_tries WHERE feed_id = ? AND session_id = ? AND rotation = ? AND diner_id = ?";
const PURGE: &str = "DELETE FROM code_tries WHERE last_at < NOW(6) - INTERVAL 1 DAY LIMIT 500";
/// Time between two purges.
const PURGE_EVERY: Duration = Duration::from_mins(10);

/// How often digits of this rotation were typed, this time included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tries {
    of_session: u64,
    of_guest: u64,
}

impl Tries {
    /// Whether this try may be compared.
    pub(crate) fn may_compare(self) -> bool {
        self.of_guest <= CODE_TRIES_OF_A_GUEST_MAX.into() && self.of_session <= CODE_TRIES_OF_A_SESSION_MAX.into()
    }

    /// Whether no further one of this session may, if this one is wrong.
    pub(crate) fn is_last_of_session(self) -> bool {
        self.of_session >= CODE_TRIES_OF_A_SESSION_MAX.into()
    }
}

/// Counts a try.
pub(crate) async fn count(pool: &MySqlPool, guest: &GuestPass, rotation: u32) -> Result<Tries, sqlx::Error> {
    let (feed, session, diner) = (guest.restaurant.0, guest.session.0, guest.diner.0);
    sqlx::query(COUNT).bind(feed).bind(session).bind(rotation).bind(diner).execute(pool).await?;
    let row = sqlx::query(TRIES).bind(diner).bind(feed).bind(session).bind(rotation).fetch_one(pool).await?;
    Ok(Tries { of_session: row.try_get("of_session")?, of_guest: row.try_get("of_guest")? })
}

/// Forgets the tries of a guest who knew the digits in the end.
pub(crate) async fn forgive(pool: &MySqlPool, guest: &GuestPass, rotation: u32) -> Result<(), sqlx::Error> {
    let forgive = sqlx::query(FORGIVE).bind(guest.restaurant.0).bind(guest.session.0).bind(rotation);
    forgive.bind(guest.diner.0).execute(pool).await.map(drop)
}

/// Deletes what is older than a day, a little at a time, until the shutdown.
pub(crate) async fn janitor(pool: MySqlPool, shutdown: CancellationToken) {
    while shutdown.run_until_cancelled(tokio::time::sleep(PURGE_EVERY)).await.is_some() {
        if let Err(error) = sqlx::query(PURGE).execute(&pool).await {
            tracing::warn!(%error, "old tries of digits could not be purged; tried again in ten minutes");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tries;

    #[test]
    fn five_of_a_guest_and_ten_of_a_session_are_compared() {
        let may = |of_guest, of_session| Tries { of_session, of_guest }.may_compare();
        assert!(may(1, 1) && may(5, 5) && may(1, 10));
        assert!(!may(6, 6) && !may(1, 11));
        assert!(Tries { of_guest: 1, of_session: 10 }.is_last_of_session());
        assert!(!Tries { of_guest: 5, of_session: 9 }.is_last_of_session());
    }
}
