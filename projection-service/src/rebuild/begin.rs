//! The generation that a rebuild fills: the one that was begun before, or a new one.

use super::{RebuildError, discard};
use crate::{
    generation::{Generation, Projection},
    generations::{self, Entry, Status},
    views,
};
use sqlx::{Executor, MySqlConnection, MySqlPool};

/// What a rebuild fills.
pub(super) struct Begun {
    pub(super) projection: Projection,
    /// Whether an earlier run of the rebuild has begun it.
    pub(super) is_resumed: bool,
}

/// Finds or makes the generation, and its tables. What an earlier rebuild left behind as failed is
/// dropped.
pub(super) async fn begin(views: &MySqlPool, view: &'static str) -> Result<Begun, RebuildError> {
    let mut tx = views.begin().await?;
    let entries = generations::locked(&mut tx, view).await?;
    let with = |status| entries.iter().find(|entry: &&Entry| entry.status == status).map(|entry| entry.projection);
    let live = with(Status::Live).ok_or(RebuildError::NothingLive(view))?;
    if let Some(ready) = with(Status::Ready) {
        return Err(RebuildError::ReadyAlready(ready));
    }
    let begun = if let Some(projection) = with(Status::Building) {
        Begun { projection, is_resumed: true }
    } else {
        let last = entries.last().map_or(Generation::FIRST, |entry| entry.projection.generation);
        let projection = Projection { view, generation: Generation(last.0 + 1) };
        generations::insert(&mut tx, projection, Status::Building, "").await?;
        take_skips_over(&mut tx, live, projection).await?;
        Begun { projection, is_resumed: false }
    };
    tx.commit().await?;
    for entry in entries.iter().filter(|entry| matches!(entry.status, Status::Failed | Status::Retired)) {
        discard::discard(views, entry.projection, entry.status).await?;
    }
    create_tables(views, begun.projection).await?;
    Ok(begun)
}

/// What somebody decided to leave out of the live generation stays left out.
async fn take_skips_over(
    connection: &mut MySqlConnection,
    live: Projection,
    new: Projection,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO parked_skips (projection, feed_id, epoch, position, aggregate_id, event_type, cause_class, \
                                   cause, skipped_by, reason, skipped_at) \
         SELECT ?, feed_id, epoch, position, aggregate_id, event_type, cause_class, cause, skipped_by, reason, \
                skipped_at FROM parked_skips WHERE projection = ?",
    )
    .bind(new.to_string())
    .bind(live.to_string())
    .execute(connection)
    .await
    .map(drop)
}

/// Like the templates of the migrations. Made by an earlier run, they stay.
async fn create_tables(views: &MySqlPool, projection: Projection) -> Result<(), sqlx::Error> {
    for base in views::of(projection).tables() {
        let table = projection.generation.table(base);
        views.execute(format!("CREATE TABLE IF NOT EXISTS {table} LIKE {base}_template").as_str()).await?;
    }
    Ok(())
}
