//! Reading rows together with the place where they stand.

use crate::{
    generation::{Generation, Projection},
    lent::Lent,
    progress::Progress,
};
use domain::{envelope::Cursor, ids::FeedId, limits::QUERY_WAIT_SECONDS_MAX};
use event_store::pool::{READ_WITHIN, within};
use serde::Serialize;
use sqlx::{Executor, MySqlConnection, MySqlPool, Row};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, sleep_until, timeout_at},
};
use utoipa::ToSchema;

/// The longest wait for `min_position`.
pub(crate) const WAIT_MAX: Duration = Duration::from_secs(QUERY_WAIT_SECONDS_MAX);

/// How often who waits looks by itself: the projector may be another process.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Requests that may wait at once; more are told the lag at once.
const WAITING_MAX: usize = 1_024;

/// Of those who wait, so many look at once: when a projector stands still, its waiters must leave
/// connections to the queries that need not wait.
const LOOKING_MAX: usize = 4;

/// Every feed has its first event, so that a view which has not applied it yet is behind and not
/// empty.
const FIRST_POSITION: u64 = 1;

/// Where a view stands in the feed of a restaurant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Cursor)]
pub(crate) struct Stand {
    /// Changes only when the feed's numbering was restored from a backup.
    pub(crate) epoch: u32,
    /// The last position that the answer contains.
    pub(crate) position: u64,
}

impl From<Cursor> for Stand {
    fn from(cursor: Cursor) -> Self {
        Self { epoch: cursor.epoch, position: cursor.position }
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    /// The view has not come so far in time.
    #[error("the view is {lag} events behind")]
    Behind {
        /// How many positions were missing at the last look.
        lag: u64,
    },
    /// The database cannot answer.
    #[error("the views database: {0}")]
    Sql(#[from] sqlx::Error),
}

/// The queries' way to the views.
#[derive(Clone)]
pub(crate) struct Reads {
    pool: MySqlPool,
    progress: Arc<Progress>,
    waiting: Arc<Semaphore>,
    looking: Arc<Semaphore>,
}

/// One moment of a view: everything that is read through it stands at its cursor.
struct Snapshot {
    lent: Lent,
    generation: Generation,
    stand: Stand,
    /// Until when everything must have been read from it.
    until: Instant,
}

/// A view that is not there yet.
#[derive(Debug, Clone, Copy)]
struct Behind {
    /// How many positions are missing.
    lag: u64,
    /// Which generation is live; nothing before the first service has run.
    live: Option<Projection>,
}

impl Reads {
    /// `pool` must be REPEATABLE READ: rows and cursor are read by different statements.
    pub(crate) fn new(pool: MySqlPool, progress: Arc<Progress>) -> Self {
        let (waiting, looking) = (Arc::new(Semaphore::new(WAITING_MAX)), Arc::new(Semaphore::new(LOOKING_MAX)));
        Self { pool, progress, waiting, looking }
    }

    /// What `query` reads from one moment of the view at or after `min_position`, and where that stands.
    /// Waits for the moment at most [`WAIT_MAX`]; the database answers all of it within [`READ_WITHIN`].
    pub(crate) async fn read<T>(
        &self,
        view: &'static str,
        feed: FeedId,
        min_position: u64,
        query: impl AsyncFnOnce(&mut MySqlConnection, Generation) -> Result<T, sqlx::Error>,
    ) -> Result<(Stand, T), ReadError> {
        let Snapshot { mut lent, generation, stand, until } = self.at_least(view, feed, min_position).await?;
        let read = async {
            let found = lent.whole(async |connection| query(connection, generation).await).await?;
            lent.whole(async |connection| connection.execute("ROLLBACK").await).await?;
            Ok(found)
        };
        let found = within(until.saturating_duration_since(Instant::now()), read).await?;
        Ok((stand, found))
    }

    async fn at_least(&self, view: &'static str, feed: FeedId, min_position: u64) -> Result<Snapshot, ReadError> {
        let wanted = min_position.max(FIRST_POSITION);
        match self.look(view, feed, wanted).await? {
            Ok(snapshot) => Ok(snapshot),
            Err(behind) => self.wait(view, feed, wanted, behind).await,
        }
    }

    async fn wait(
        &self,
        view: &'static str,
        feed: FeedId,
        wanted: u64,
        mut behind: Behind,
    ) -> Result<Snapshot, ReadError> {
        let Ok(_permit) = self.waiting.try_acquire() else { return Err(ReadError::Behind { lag: behind.lag }) };
        let end = Instant::now() + WAIT_MAX;
        // Ends: each turn waits, or finds that another generation was switched in; no turn begins after `end`.
        loop {
            // Who is told of moves must look once more: the move may have been just before.
            let watched = behind.live;
            let mut moved = watched.map(|live| self.progress.watch(live, feed));
            loop {
                let looked = {
                    // While the database is silent, those who look keep their turns for long.
                    let Ok(_turn) = timeout_at(end, self.looking.acquire()).await else {
                        return Err(ReadError::Behind { lag: behind.lag });
                    };
                    self.look(view, feed, wanted).await?
                };
                behind = match looked {
                    Ok(snapshot) => return Ok(snapshot),
                    Err(behind) => behind,
                };
                if Instant::now() >= end {
                    return Err(ReadError::Behind { lag: behind.lag });
                }
                if behind.live != watched {
                    break;
                }
                let look_again = sleep_until(end.min(Instant::now() + LOOK_EVERY));
                match &mut moved {
                    Some(moved) => {
                        tokio::select! {
                            _ = moved.wait_for(|position| *position >= wanted) => {}
                            () = look_again => {}
                        }
                    }
                    None => look_again.await,
                }
            }
        }
    }

    /// One look: a moment at or after `wanted`, or how far it is behind.
    async fn look(
        &self,
        view: &'static str,
        feed: FeedId,
        wanted: u64,
    ) -> Result<Result<Snapshot, Behind>, sqlx::Error> {
        let until = Instant::now() + READ_WITHIN;
        let look = async {
            let mut lent = Lent::from(&self.pool).await?;
            lent.whole(async |connection| connection.execute("START TRANSACTION READ ONLY").await).await?;
            let live = lent.whole(async |connection| live(connection, view, feed).await).await?;
            Ok((lent, live))
        };
        let (mut lent, live) = within(READ_WITHIN, look).await?;
        match live {
            Some((generation, Some(cursor))) if cursor.position >= wanted => {
                let stand = Stand { epoch: cursor.epoch, position: cursor.position };
                Ok(Ok(Snapshot { lent, generation, stand, until }))
            }
            _ => {
                let end = lent.whole(async |connection| connection.execute("ROLLBACK").await);
                within(until.saturating_duration_since(Instant::now()), end).await?;
                let position = live.and_then(|(_, cursor)| cursor).map_or(0, |cursor| cursor.position);
                let live = live.map(|(generation, _)| Projection { view, generation });
                Ok(Err(Behind { lag: wanted - position, live }))
            }
        }
    }
}

/// Which generation is live, and where it stands in the feed: one statement, so that the snapshot of
/// the rows that are read after it is that of both.
async fn live(
    connection: &mut MySqlConnection,
    view: &str,
    feed: FeedId,
) -> Result<Option<(Generation, Option<Cursor>)>, sqlx::Error> {
    let row = sqlx::query(
        "SELECT p.generation, c.epoch, c.position \
           FROM projections p \
           LEFT JOIN projection_checkpoints c ON c.projection = p.projection AND c.feed_id = ? \
          WHERE p.live_view = ?",
    )
    .bind(feed.0)
    .bind(view)
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let cursor = match (row.try_get("epoch")?, row.try_get("position")?) {
        (Some(epoch), Some(position)) => Some(Cursor { epoch, position }),
        _ => None,
    };
    Ok(Some((Generation(row.try_get("generation")?), cursor)))
}
