//! How far a generation is: its checkpoints against the heads of the feeds.

use super::{RebuildError, Sides};
use crate::generation::Projection;
use domain::{envelope::Cursor, ids::FeedId};
use event_store::reader::Head;
use sqlx::{MySqlPool, Row};
use std::collections::HashMap;

/// Heads that are read with one statement.
const HEADS_PER_PAGE: u32 = 1_000;

/// How far a generation is in all feeds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// The view and the generation.
    pub projection: Projection,
    /// Events that it has applied or parked: the sum of its checkpoints.
    pub done: u64,
    /// Events that there are.
    pub total: u64,
    /// Feeds that there are.
    pub feeds: u64,
    /// Events that are parked.
    pub parked: u64,
}

/// How far these generations are. The checkpoints are read before the heads, so `done` is never more
/// than `total`; it goes back only where a feed was restored from a backup.
///
/// # Errors
/// When one of the sides does not answer.
pub async fn extents(sides: &Sides, projections: &[Projection]) -> Result<Vec<Extent>, RebuildError> {
    let mut stands = Vec::with_capacity(projections.len());
    for projection in projections {
        stands.push(checkpoints(&sides.views, *projection).await?);
    }
    let heads = heads(sides).await?;
    let extent = |(projection, stands): (&Projection, &HashMap<FeedId, Stand>)| {
        let done = |head: &Head| stands.get(&head.feed).map_or(0, |stand| done(stand.cursor, head.cursor));
        Extent {
            projection: *projection,
            done: heads.iter().map(done).sum(),
            total: heads.iter().map(|head| head.cursor.position).sum(),
            feeds: heads.len() as u64,
            parked: stands.values().map(|stand| stand.parked).sum(),
        }
    };
    Ok(projections.iter().zip(&stands).map(extent).collect())
}

/// Where a generation stands in a feed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stand {
    pub(super) cursor: Cursor,
    parked: u64,
}

/// Where a generation stands in every feed that it has met.
pub(super) async fn checkpoints(
    views: &MySqlPool,
    projection: Projection,
) -> Result<HashMap<FeedId, Stand>, sqlx::Error> {
    sqlx::query("SELECT feed_id, epoch, position, parked FROM projection_checkpoints WHERE projection = ?")
        .bind(projection.to_string())
        .fetch_all(views)
        .await?
        .iter()
        .map(|row| {
            let cursor = Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? };
            let parked = u64::from(row.try_get::<u32, _>("parked")?);
            Ok((FeedId::from(row.try_get::<uuid::Uuid, _>("feed_id")?), Stand { cursor, parked }))
        })
        .collect()
}

/// Where every feed stands.
pub(super) async fn heads(sides: &Sides) -> Result<Vec<Head>, sqlx::Error> {
    let mut heads: Vec<Head> = Vec::new();
    // Ends: ids ascend, and every page but the last is full.
    loop {
        let page = sides.events.all_heads(heads.last().map(|head| head.feed), HEADS_PER_PAGE).await?;
        let is_last = page.len() < HEADS_PER_PAGE as usize;
        heads.extend(page);
        if is_last {
            return Ok(heads);
        }
    }
}

/// What was done under another numbering must be done again.
fn done(stand: Cursor, head: Cursor) -> u64 {
    if stand.epoch == head.epoch { stand.position.min(head.position) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_at_most_what_there_is_and_of_the_same_numbering() {
        let at = |epoch, position| Cursor { epoch, position };
        assert_eq!(done(at(1, 5), at(1, 9)), 5);
        assert_eq!(done(at(1, 9), at(1, 9)), 9);
        assert_eq!(done(at(1, 12), at(1, 9)), 9);
        assert_eq!(done(at(1, 5), at(2, 9)), 0);
    }
}
