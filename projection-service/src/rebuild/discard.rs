//! Dropping a generation: its tables, checkpoints and parked events. What was skipped stays on record.

use super::{RebuildError, Sides, lease};
use crate::{
    generation::Projection,
    generations::{self, Status},
    views,
};
use sqlx::{Executor, MySqlPool};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How long it is waited for services to let go of a generation; they look each second.
const LET_GO_WITHIN: Duration = Duration::from_secs(15);
/// How often it is looked whether they have.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// How long a `DROP TABLE` waits for transactions that use the table; services end theirs within 10 s.
const DROP_WAITS_SECONDS: u32 = 30;

/// Drops a generation that does not answer queries. Not the live one, and none that is being built now.
///
/// # Errors
/// When there is no such generation, it is in use, or the read side does not answer; run it again then.
pub async fn drop_generation(sides: &Sides, name: &str) -> Result<Projection, RebuildError> {
    let unknown = || RebuildError::UnknownProjection(name.to_owned());
    let projection = Projection::from_name(name).ok_or_else(unknown)?;
    let all = generations::all(&sides.views).await?;
    let entry = all.into_iter().find(|entry| entry.projection == projection).ok_or_else(unknown)?;
    if entry.status == Status::Live {
        return Err(RebuildError::InUse { projection, status: entry.status });
    }
    if let (Status::Building, Some(owner)) = (entry.status, lease::builder(&sides.views, projection.view).await?) {
        return Err(RebuildError::Taken { view: projection.view, owner });
    }
    discard(&sides.views, projection, entry.status).await?;
    Ok(projection)
}

/// Drops a generation that has this status. Cut off at any moment, it may be run again.
pub(super) async fn discard(views: &MySqlPool, projection: Projection, from: Status) -> Result<(), RebuildError> {
    let mut connection = views.acquire().await?;
    if from != Status::Retired
        && !generations::set_status(&mut connection, projection, from, Status::Retired, "being dropped").await?
    {
        return Err(RebuildError::UnknownProjection(projection.to_string()));
    }
    wait_until_let_go(views, projection).await?;
    // Not in a transaction: each DROP is one by itself.
    connection.execute(format!("SET SESSION lock_wait_timeout = {DROP_WAITS_SECONDS}").as_str()).await?;
    for base in views::of(projection).tables() {
        let table = projection.generation.table(base);
        connection.execute(format!("DROP TABLE IF EXISTS {table}").as_str()).await?;
    }
    forget(views, projection).await?;
    generations::set_status(&mut connection, projection, Status::Retired, Status::Dropped, "").await?;
    // Once more: until just now a service that woke up could still make a checkpoint.
    forget(views, projection).await?;
    Ok(())
}

/// A service that is frozen does not let go; its statements fail when it wakes up, and then it does.
async fn wait_until_let_go(views: &MySqlPool, projection: Projection) -> Result<(), sqlx::Error> {
    let end = Instant::now() + LET_GO_WITHIN;
    while Instant::now() < end && is_fed(views, projection).await? {
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

async fn is_fed(views: &MySqlPool, projection: Projection) -> Result<bool, sqlx::Error> {
    sqlx::query("SELECT 1 FROM leases WHERE kind = ? AND owner <> '' AND until > NOW(6) LIMIT 1")
        .bind(format!("projection {projection}"))
        .fetch_optional(views)
        .await
        .map(|row| row.is_some())
}

/// All that was written down about the generation, for every feed.
async fn forget(views: &MySqlPool, projection: Projection) -> Result<(), sqlx::Error> {
    for statement in [
        "DELETE FROM projection_checkpoints WHERE projection = ? AND feed_id >= ''",
        "DELETE FROM parked_events WHERE projection = ? AND feed_id >= ''",
    ] {
        sqlx::query(statement).bind(projection.to_string()).execute(views).await?;
    }
    sqlx::query("DELETE FROM leases WHERE kind = ?").bind(format!("projection {projection}")).execute(views).await?;
    Ok(())
}
