//! Where a projection stands in a feed: read, made, and moved by compare-and-set.

use super::group::Member;
use crate::{generation::Projection, sql};
use domain::{envelope::Cursor, ids::FeedId};
use sqlx::{MySql, MySqlConnection, QueryBuilder, Row};

/// Where a projection stands in a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The last event that was applied or parked.
    pub(crate) cursor: Cursor,
    /// How many events of the feed are parked.
    pub(crate) parked: u32,
}

/// Reads it; nothing for a feed that the projection has never met.
pub(crate) async fn read(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
) -> Result<Option<Checkpoint>, sqlx::Error> {
    sqlx::query("SELECT epoch, position, parked FROM projection_checkpoints WHERE projection = ? AND feed_id = ?")
        .bind(projection.to_string())
        .bind(feed.0)
        .fetch_optional(connection)
        .await?
        .map(|row| {
            let cursor = Cursor { epoch: row.try_get("epoch")?, position: row.try_get("position")? };
            Ok(Checkpoint { cursor, parked: row.try_get("parked")? })
        })
        .transpose()
}

/// Makes the checkpoint before the first event of a feed, unless another projector just did, or the
/// generation is gone.
pub(crate) async fn create(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
    epoch: u32,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT IGNORE INTO projection_checkpoints (projection, feed_id, epoch, position) \
         SELECT p.projection, ?, ?, 0 FROM projections p WHERE p.projection = ? AND p.status <> 'dropped'",
    )
    .bind(feed.0)
    .bind(epoch)
    .bind(projection.to_string())
    .execute(connection)
    .await
    .map(drop)
}

/// Moves it, if it still stands where the caller believes. Must be the first statement of the
/// transaction that changes the rows: it takes the lock that makes another projector wait, and that
/// one then loses.
pub(crate) async fn advance(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
    from: Checkpoint,
    to: Cursor,
) -> Result<bool, sqlx::Error> {
    let moved = sqlx::query(
        "UPDATE projection_checkpoints SET epoch = ?, position = ? \
          WHERE projection = ? AND feed_id = ? AND epoch = ? AND position = ? AND parked = ?",
    )
    .bind(to.epoch)
    .bind(to.position)
    .bind(projection.to_string())
    .bind(feed.0)
    .bind(from.cursor.epoch)
    .bind(from.cursor.position)
    .bind(from.parked)
    .execute(connection)
    .await?;
    Ok(moved.rows_affected() == 1)
}

/// Moves the checkpoints of a group, each within its epoch, if all of them still stand where the caller
/// believes; else the caller rolls back. Must be the first statement of the transaction, like [`advance`].
/// Rows are locked in the order of their key, whatever the order of the group, so that two groups do not
/// wait for each other; the index is named because from a part of the table on MySQL would read all of it.
pub(crate) async fn advance_all(
    connection: &mut MySqlConnection,
    projection: Projection,
    group: &[Member],
) -> Result<bool, sqlx::Error> {
    let query = moves(projection, group);
    Ok(sql::run(connection, query).await? == group.len() as u64)
}

/// The statement that moves them.
pub(super) fn moves(projection: Projection, group: &[Member]) -> QueryBuilder<'_, MySql> {
    // The last one is repeated up to a power of two: few texts, so that they stay prepared.
    let padding = group.last().into_iter().cycle().take(group.len().next_power_of_two() - group.len());
    let padded = group.iter().chain(padding);
    let mut query =
        QueryBuilder::new("UPDATE projection_checkpoints FORCE INDEX (PRIMARY) SET position = CASE feed_id");
    for member in padded.clone() {
        query.push(" WHEN ").push_bind(member.feed.0).push(" THEN ").push_bind(member.to().cursor.position);
    }
    query.push(" ELSE position END WHERE projection = ").push_bind(projection.to_string());
    query.push(" AND (feed_id, epoch, position, parked) IN ");
    query.push_tuples(padded, |mut tuple, Member { feed, from, .. }| {
        tuple.push_bind(feed.0).push_bind(from.cursor.epoch).push_bind(from.cursor.position).push_bind(from.parked);
    });
    query
}

/// Sets how many events are parked, in the transaction that parked them.
pub(crate) async fn set_parked(
    connection: &mut MySqlConnection,
    projection: Projection,
    feed: FeedId,
    parked: u32,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE projection_checkpoints SET parked = ? WHERE projection = ? AND feed_id = ?")
        .bind(parked)
        .bind(projection.to_string())
        .bind(feed.0)
        .execute(connection)
        .await
        .map(drop)
}
