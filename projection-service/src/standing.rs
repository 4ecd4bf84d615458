//! Where every projection stands relative to one event, for operators.

use crate::{generation::Projection, generations, runner::checkpoint};
use domain::{envelope::Cursor, ids::FeedId};
use sqlx::{MySqlConnection, MySqlPool, Row};

/// Where a projection stands relative to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The view and its generation.
    pub projection: Projection,
    /// Where it stands in the feed; `None`: it has not met the feed yet.
    pub cursor: Option<Cursor>,
    /// Whether the event was put aside instead of applied, and why.
    pub parked: Option<Parked>,
}

/// Why an event was put aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// undecodable, unappliable, constraint or behind.
    pub class: String,
    /// In words.
    pub cause: String,
}

impl Standing {
    /// Whether the projection is past this event; it was applied then, unless it is parked.
    #[must_use]
    pub fn has_passed(&self, event: Cursor) -> bool {
        self.cursor.is_some_and(|cursor| cursor >= event)
    }
}

/// Where every generation that is kept up to date stands relative to the event at this place.
///
/// # Errors
/// When the views cannot be read.
pub async fn at(views: &MySqlPool, feed: FeedId, event: Cursor) -> Result<Vec<Standing>, sqlx::Error> {
    let fed = generations::all(views).await?.into_iter().filter(|entry| entry.status.is_fed());
    let mut tx = views.begin_with("START TRANSACTION READ ONLY").await?;
    let mut standings = Vec::new();
    for projection in fed.map(|entry| entry.projection) {
        let cursor = checkpoint::read(&mut tx, projection, feed).await?.map(|checkpoint| checkpoint.cursor);
        let parked = parked(&mut tx, projection, feed, event.position).await?;
        standings.push(Standing { projection, cursor, parked });
    }
    tx.rollback().await?;
    Ok(standings)
}

async fn parked(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
    position: u64,
) -> Result<Option<Parked>, sqlx::Error> {
    sqlx::query("SELECT cause_class, cause FROM parked_events WHERE projection = ? AND feed_id = ? AND position = ?")
        .bind(projection.to_string())
        .bind(feed.0)
        .bind(position)
        .fetch_optional(connection)
        .await?
        .map(|row| Ok(Parked { class: row.try_get("cause_class")?, cause: row.try_get("cause")? }))
        .transpose()
}
