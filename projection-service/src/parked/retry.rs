//! Applying the parked events of an aggregate again.

use super::{ParkedError, Which, first_places, lock, take};
use crate::{
    generation::Projection,
    runner::{
        poison::{self, CauseClass},
        tx,
    },
    views::{self, ApplyError, Fact, View},
};
use event_store::reader::EventReader;
use sqlx::{MySqlConnection, MySqlPool};
use std::sync::Arc;

/// Events of one transaction; a projector of the restaurant waits meanwhile.
const BATCH: usize = 64;
/// Characters of a cause that are kept.
const CAUSE_CHARS_MAX: usize = 500;

/// What came of a retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retried {
    /// Events that are in the rows now, and no longer parked.
    pub applied: u64,
    /// The event that still cannot be applied, with the cause; it and what follows stay parked.
    pub stuck: Option<(u64, String)>,
}

/// What came of one batch.
enum Tried {
    Applied(u64),
    /// Nothing was changed. The position of the first event of the batch.
    Poison(u64, CauseClass, String),
}

/// Applies the parked events of an aggregate in their order, as far as that goes. Service goes on.
/// Each batch of events leaves the parked ones in the transaction that changes the rows.
///
/// # Errors
/// When nothing is parked there, or a database does not answer; what was applied before stays.
pub async fn retry(views: &MySqlPool, reader: &EventReader, which: &Which) -> Result<Retried, ParkedError> {
    let projection = Projection::from_name(&which.projection);
    let view = views::of(projection.ok_or_else(|| ParkedError::UnknownProjection(which.projection.clone()))?);
    let (mut applied, mut size) = (0, BATCH);
    // Ends: each turn takes events away, or makes the next one take them singly, or is the last.
    loop {
        match batch(views, reader, &view, which, size).await? {
            Tried::Applied(0) if applied == 0 => return Err(ParkedError::NothingParked),
            Tried::Applied(0) => return Ok(Retried { applied, stuck: None }),
            Tried::Applied(n) => applied += n,
            Tried::Poison(..) if size > 1 => size = 1,
            Tried::Poison(position, class, cause) => {
                note(views, which, position, class, &cause).await?;
                return Ok(Retried { applied, stuck: Some((position, cause)) });
            }
        }
    }
}

async fn batch(
    views: &MySqlPool,
    reader: &EventReader,
    view: &Arc<dyn View>,
    which: &Which,
    size: usize,
) -> Result<Tried, ParkedError> {
    let mut tx = tx::begin(views).await?;
    lock(&mut tx, which).await?;
    let places = first_places(&mut tx, which, size).await?;
    let (Some((_, first)), Some((_, last))) = (places.first().copied(), places.last().copied()) else {
        tx.rollback().await?;
        return Ok(Tried::Applied(0));
    };
    let tried = match apply(&mut tx, reader, view, which, &places).await? {
        Ok(()) => Tried::Applied(take(&mut tx, which, last).await?),
        Err((class, cause)) => Tried::Poison(first, class, cause),
    };
    match tried {
        Tried::Applied(_) => tx.commit().await?,
        Tried::Poison(..) => tx.rollback().await?,
    }
    Ok(tried)
}

/// Applies the events of these places; the inner error is the events' own fault.
async fn apply(
    connection: &mut MySqlConnection,
    reader: &EventReader,
    view: &Arc<dyn View>,
    which: &Which,
    places: &[(u32, u64)],
) -> Result<Result<(), (CauseClass, String)>, ParkedError> {
    let mut facts = Vec::with_capacity(places.len());
    for (epoch, position) in places {
        let page = reader.page(which.feed, position.saturating_sub(1), 1).await?;
        let event = page.first().filter(|event| (event.cursor.epoch, event.cursor.position) == (*epoch, *position));
        match Fact::of(event.ok_or(ParkedError::Renumbered(*position))?) {
            Ok(fact) => facts.push(fact),
            Err(error) => return Ok(Err((CauseClass::Undecodable, error.to_string()))),
        }
    }
    let Err(error) = view.apply(connection, &facts).await else { return Ok(Ok(())) };
    match (poison::class_of(&error), error) {
        (Some(class), error) => Ok(Err((class, error.to_string()))),
        (None, ApplyError::Sql(error)) => Err(error.into()),
        (None, misfit) => Ok(Err((CauseClass::Unappliable, misfit.to_string()))),
    }
}

/// Writes down that the event was tried again in vain, and why.
async fn note(
    views: &MySqlPool,
    which: &Which,
    position: u64,
    class: CauseClass,
    cause: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE parked_events SET attempts = attempts + 1, cause_class = ?, cause = ? \
          WHERE projection = ? AND feed_id = ? AND position = ?",
    )
    .bind(class.as_str())
    .bind(cause.chars().take(CAUSE_CHARS_MAX).collect::<String>())
    .bind(&which.projection)
    .bind(which.feed.0)
    .bind(position)
    .execute(views)
    .await
    .map(drop)
}
