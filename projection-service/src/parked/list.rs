//! Looking at what is parked.

use super::Which;
use chrono::{DateTime, Utc};
use domain::ids::FeedId;
use sqlx::{MySqlPool, Row};

/// Aggregates that one list shows.
const AGGREGATES_MAX: u32 = 1_000;
/// Events that one look at an aggregate shows.
const EVENTS_MAX: u32 = 1_000;

/// An aggregate with parked events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedAggregate {
    /// Which one, of which projection.
    pub which: Which,
    /// How many of its events are parked.
    pub events: u64,
    /// The position of the first: the one to blame.
    pub first: u64,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A parked event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedEvent {
    /// Where in the feed.
    pub position: u64,
    /// Such as `order.accepted`.
    pub event_type: String,
    /// undecodable, unappliable, constraint, or behind (an earlier event of the aggregate is parked).
    pub cause_class: String,
    /// Why, in words.
    pub cause: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when.
    pub parked_at: DateTime<Utc>,
}

/// How much of a projection is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Such as `orders@1`.
    pub projection: String,
    /// Restaurants that are concerned.
    pub feeds: u64,
    /// Parked events of all of them.
    pub events: u64,
    /// The age of the oldest, in seconds.
    pub oldest_seconds: u64,
}

/// The aggregates with parked events, at most 1,000.
///
/// # Errors
/// When the read side does not answer.
pub async fn list(views: &MySqlPool) -> Result<Vec<ParkedAggregate>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT projection, feed_id, aggregate_id, COUNT(*) AS n, MIN(position) AS first, MIN(parked_at) AS since \
           FROM parked_events GROUP BY projection, feed_id, aggregate_id ORDER BY projection, feed_id, first LIMIT ?",
    )
    .bind(AGGREGATES_MAX)
    .fetch_all(views)
    .await?;
    let aggregate = |row: &sqlx::mysql::MySqlRow| {
        let which = Which {
            projection: row.try_get("projection")?,
            feed: FeedId(row.try_get("feed_id")?),
            aggregate: row.try_get("aggregate_id")?,
        };
        let events = row.try_get::<i64, _>("n")?.unsigned_abs();
        Ok(ParkedAggregate { which, events, first: row.try_get("first")?, since: row.try_get("since")? })
    };
    rows.iter().map(aggregate).collect()
}

/// The parked events of an aggregate in order, at most the first 1,000.
///
/// # Errors
/// When the read side does not answer.
pub async fn events(views: &MySqlPool, which: &Which) -> Result<Vec<ParkedEvent>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT position, event_type, cause_class, cause, attempts, parked_at FROM parked_events \
          WHERE projection = ? AND feed_id = ? AND aggregate_id = ? ORDER BY position LIMIT ?",
    )
    .bind(&which.projection)
    .bind(which.feed.0)
    .bind(which.aggregate)
    .bind(EVENTS_MAX)
    .fetch_all(views)
    .await?;
    let event = |row: &sqlx::mysql::MySqlRow| {
        Ok(ParkedEvent {
            position: row.try_get("position")?,
            event_type: row.try_get("event_type")?,
            cause_class: row.try_get("cause_class")?,
            cause: row.try_get("cause")?,
            attempts: row.try_get("attempts")?,
            parked_at: row.try_get("parked_at")?,
        })
    };
    rows.iter().map(event).collect()
}

/// One line for each projection with parked events.
///
/// # Errors
/// When the read side does not answer.
pub async fn summary(views: &MySqlPool) -> Result<Vec<Summary>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT projection, COUNT(DISTINCT feed_id) AS feeds, COUNT(*) AS n, \
                GREATEST(0, TIMESTAMPDIFF(SECOND, MIN(parked_at), NOW(6))) AS oldest \
           FROM parked_events GROUP BY projection",
    )
    .fetch_all(views)
    .await?;
    let line = |row: &sqlx::mysql::MySqlRow| {
        let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        let (feeds, events, oldest_seconds) = (number("feeds")?, number("n")?, number("oldest")?);
        Ok(Summary { projection: row.try_get("projection")?, feeds, events, oldest_seconds })
    };
    rows.iter().map(line).collect()
}
