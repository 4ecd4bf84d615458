//! The next events of many feeds in one transaction: every checkpoint first, by one compare-and-set, then
//! the rows of all of them. What MySQL waits for is the disk, once per transaction, so that is what busy
//! restaurants share.
//!
//! All or nothing: when one checkpoint is not where it was, an event cannot be applied, or the rows are
//! locked, nothing was changed, and each feed takes its step alone ([`super::job`]), which finds out whose
//! fault it was. So a group knows nothing of parking.

use super::{
    checkpoint::{self, Checkpoint},
    job::{self, Context, JobError, STEP_WITHIN},
    poison, tx,
};
use crate::views::{ApplyError, Fact};
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
};
use failpoints::failpoint;
use sqlx::{MySqlConnection, mysql::MySqlDatabaseError};
use tokio::time::timeout;
use tracing::Instrument;

#[cfg(test)]
mod tests;

/// Errors of MySQL that another transaction causes: a lock that was not given in time, a deadlock.
const IN_THE_WAY: &[u16] = &[1205, 1213];

/// A feed of a group.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) feed: FeedId,
    /// Where the projection is believed to stand. No event of the feed is parked.
    pub(crate) from: Checkpoint,
    /// The events that follow, without a hole.
    pub(crate) events: Vec<RecordedEvent>,
    /// The furthest place of the feed that anybody told of.
    pub(crate) target: Cursor,
}

impl Member {
    /// Where the projection stands after these events.
    pub(crate) fn to(&self) -> Checkpoint {
        let cursor = self.events.last().map_or(self.from.cursor, |event| event.cursor);
        Checkpoint { cursor, ..self.from }
    }
}

/// What came of a group that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Every feed moved.
    Moved,
    /// Nothing was changed: each feed is to take its step alone.
    Apart,
}

/// Feeds whose next events are applied in one transaction.
pub(crate) struct Group {
    members: Vec<Member>,
}

impl Group {
    /// A group of these feeds, each once.
    pub(crate) fn of(members: Vec<Member>) -> Self {
        Self { members }
    }

    /// Its feeds.
    pub(crate) fn feeds(&self) -> impl Iterator<Item = FeedId> {
        self.members.iter().map(|member| member.feed)
    }

    /// Its feeds, with all that was known of them.
    pub(crate) fn into_members(self) -> Vec<Member> {
        self.members
    }

    /// Does the step of all of them.
    ///
    /// # Errors
    /// One that may pass. Where the projection stands is then unknown: read the checkpoints again.
    pub(crate) async fn run(&self, context: &Context) -> Result<Outcome, JobError> {
        let outcome = timeout(STEP_WITHIN, self.step(context)).await.unwrap_or(Err(JobError::TooSlow))?;
        if outcome == Outcome::Apart {
            metrics::counter!("projection_groups_split_total", "projection" => context.view.projection().to_string())
                .increment(1);
        }
        Ok(outcome)
    }

    async fn step(&self, context: &Context) -> Result<Outcome, JobError> {
        let events = self.members.iter().flat_map(|member| &member.events);
        let Ok(facts) = events.clone().map(Fact::of).collect::<Result<Vec<_>, _>>() else { return Ok(Outcome::Apart) };
        let outcome = self.commit(context, &facts).instrument(job::span(context.view.projection(), events)).await?;
        failpoint!("projection.committed").map_err(sqlx::Error::Io)?;
        if outcome == Outcome::Moved {
            job::tell(context, self.members.iter().map(|member| (member.feed, &*member.events)));
        }
        Ok(outcome)
    }

    async fn commit(&self, context: &Context, facts: &[Fact]) -> Result<Outcome, sqlx::Error> {
        let mut tx = tx::begin_group(&context.pool).await?;
        match self.change(&mut tx, context, facts).await {
            Ok(Outcome::Moved) => {
                failpoint!("projection.before-commit").map_err(sqlx::Error::Io)?;
                tx.commit().await?;
                Ok(Outcome::Moved)
            }
            Ok(Outcome::Apart) => tx.rollback().await.map(|()| Outcome::Apart),
            Err(ApplyError::Sql(error)) if may_pass(&error) => Err(error),
            Err(error) => {
                tracing::debug!(projection = %context.view.projection(), error = %error, "a group is done feed by feed");
                tx.rollback().await.map(|()| Outcome::Apart)
            }
        }
    }

    async fn change(
        &self,
        connection: &mut MySqlConnection,
        context: &Context,
        facts: &[Fact],
    ) -> Result<Outcome, ApplyError> {
        if !checkpoint::advance_all(connection, context.view.projection(), &self.members).await? {
            return Ok(Outcome::Apart);
        }
        failpoint!("projection.advanced").map_err(sqlx::Error::Io)?;
        context.view.apply(connection, facts).await?;
        Ok(Outcome::Moved)
    }
}

/// Whether it is neither an event's fault nor another transaction's: the same may happen to each feed alone.
fn may_pass(error: &sqlx::Error) -> bool {
    let number = error.as_database_error().and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    !number.is_some_and(|error| IN_THE_WAY.contains(&error.number()) || poison::is_refused_value(error.number()))
}
