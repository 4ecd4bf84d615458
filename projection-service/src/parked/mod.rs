//! What operators do with events that could not be applied: look, try again, leave one out.
//!
//! Each change locks the checkpoint of the feed first, as a projector does, and changes its count of
//! parked events: a projector that runs meanwhile waits, then sees that it must look again.

pub(crate) mod gauge;
mod list;
mod retry;
mod skip;

pub use list::{ParkedAggregate, ParkedEvent, Summary, events, list, summary};
pub use retry::{Retried, retry};
pub use skip::{Skip, skip};

use domain::ids::FeedId;
use sqlx::{MySqlConnection, Row};
use uuid::Uuid;

/// The aggregate whose events are parked, in one projection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Which {
    /// Such as `orders@1`.
    pub projection: String,
    /// The restaurant.
    pub feed: FeedId,
    /// The order, session, menu or restaurant.
    pub aggregate: Uuid,
}

/// Why nothing, or not everything, was done.
#[derive(Debug, thiserror::Error)]
pub enum ParkedError {
    /// The read side or the event side does not answer.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// This build does not keep the projection.
    #[error("this build keeps no projection {0}; `aris parked list` names those with parked events")]
    UnknownProjection(String),
    /// Nothing is parked there.
    #[error("nothing is parked there; `aris parked list` shows what is")]
    NothingParked,
    /// The event store no longer has the event under the number that it was parked with.
    #[error("position {0} was renumbered since it was parked; the projector makes the rows of this restaurant again")]
    Renumbered(u64),
    /// Only the first parked event of an aggregate can be left out.
    #[error("only the first parked event of an aggregate can be skipped: here position {first}")]
    NotTheFirst {
        /// The first one.
        first: u64,
    },
    /// A skip without a name or a reason.
    #[error("a skip needs a name (at most 80 characters) and a reason (at most 500)")]
    Unexplained,
}

/// Locks the checkpoint against projectors until the transaction ends.
async fn lock(connection: &mut MySqlConnection, which: &Which) -> Result<(), ParkedError> {
    sqlx::query("SELECT position FROM projection_checkpoints WHERE projection = ? AND feed_id = ? FOR UPDATE")
        .bind(&which.projection)
        .bind(which.feed.0)
        .fetch_optional(connection)
        .await?
        .map(drop)
        .ok_or(ParkedError::NothingParked)
}

/// Places of the first `limit` parked events of the aggregate, in order.
async fn first_places(
    connection: &mut MySqlConnection,
    which: &Which,
    limit: usize,
) -> Result<Vec<(u32, u64)>, sqlx::Error> {
    sqlx::query(
        "SELECT epoch, position FROM parked_events WHERE projection = ? AND feed_id = ? AND aggregate_id = ? \
          ORDER BY position LIMIT ?",
    )
    .bind(&which.projection)
    .bind(which.feed.0)
    .bind(which.aggregate)
    .bind(limit as u64)
    .fetch_all(connection)
    .await?
    .iter()
    .map(|row| Ok((row.try_get("epoch")?, row.try_get("position")?)))
    .collect()
}

/// Takes the parked events of the aggregate up to `last` away, and from the count of the checkpoint.
async fn take(connection: &mut MySqlConnection, which: &Which, last: u64) -> Result<u64, sqlx::Error> {
    let gone = sqlx::query(
        "DELETE FROM parked_events WHERE projection = ? AND feed_id = ? AND aggregate_id = ? AND position <= ?",
    )
    .bind(&which.projection)
    .bind(which.feed.0)
    .bind(which.aggregate)
    .bind(last)
    .execute(&mut *connection)
    .await?
    .rows_affected();
    sqlx::query("UPDATE projection_checkpoints SET parked = parked - ? WHERE projection = ? AND feed_id = ?")
        .bind(gone)
        .bind(&which.projection)
        .bind(which.feed.0)
        .execute(connection)
        .await?;
    Ok(gone)
}
