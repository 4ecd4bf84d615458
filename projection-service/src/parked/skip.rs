//! Leaving an event out of a view for good.

use super::{ParkedError, Which, first_places, lock, take};
use crate::runner::tx;
use sqlx::{MySqlConnection, MySqlPool};

/// Characters of a name.
const BY_CHARS_MAX: usize = 80;
/// Characters of a reason.
const REASON_CHARS_MAX: usize = 500;

/// A decision to leave an event out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skip {
    /// The position of the event: the first parked one of its aggregate.
    pub position: u64,
    /// Who decides, at most 80 characters.
    pub by: String,
    /// Why, at most 500 characters.
    pub reason: String,
}

impl Skip {
    fn is_explained(&self) -> bool {
        let fits = |text: &str, max| !text.trim().is_empty() && text.chars().count() <= max;
        fits(&self.by, BY_CHARS_MAX) && fits(&self.reason, REASON_CHARS_MAX)
    }
}

/// Leaves out the first parked event of an aggregate; what follows stays parked until it is retried.
/// Who, when and why is kept in `parked_skips`, written in the same transaction. The event itself
/// stays in the event store: rows that are made again from the start park it again.
///
/// # Errors
/// When the position is not the first parked one, name or reason is missing, or the read side does
/// not answer. Nothing was changed then.
pub async fn skip(views: &MySqlPool, which: &Which, skip: &Skip) -> Result<(), ParkedError> {
    if !skip.is_explained() {
        return Err(ParkedError::Unexplained);
    }
    let mut tx = tx::begin(views).await?;
    lock(&mut tx, which).await?;
    let places = first_places(&mut tx, which, 1).await?;
    let (_, first) = places.first().copied().ok_or(ParkedError::NothingParked)?;
    if first != skip.position {
        return Err(ParkedError::NotTheFirst { first });
    }
    write_down(&mut tx, which, skip).await?;
    take(&mut tx, which, first).await?;
    tx.commit().await?;
    tracing::warn!(
        projection = which.projection,
        feed = %which.feed,
        aggregate = %which.aggregate,
        event.position = first,
        by = skip.by,
        reason = skip.reason,
        "a parked event was skipped"
    );
    Ok(())
}

/// The audit row, with the cause that the event was parked for.
async fn write_down(connection: &mut MySqlConnection, which: &Which, skip: &Skip) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO parked_skips (projection, feed_id, epoch, position, aggregate_id, event_type, cause_class, \
                                   cause, skipped_by, reason) \
         SELECT projection, feed_id, epoch, position, aggregate_id, event_type, cause_class, cause, ?, ? \
           FROM parked_events WHERE projection = ? AND feed_id = ? AND position = ?",
    )
    .bind(&skip.by)
    .bind(&skip.reason)
    .bind(&which.projection)
    .bind(which.feed.0)
    .bind(skip.position)
    .execute(connection)
    .await
    .map(drop)
}
