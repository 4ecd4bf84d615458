//! The read models: one folder each, with its tables, what events do to them, and how they are read.
//!
//! | view | answers |
//! |---|---|
//! | [`restaurants`] | the restaurant, its menu, its sessions |
//! | [`kitchen_board`] | what a kitchen sees |
//! | [`orders`] | orders with their lines |
//!
//! `apply` is a pure step (events → changes, events of one batch folded together) followed by the
//! statements that write the changes. A row is made from the events of one aggregate only; that is
//! what lets one aggregate be parked while the others go on.

pub(crate) mod kitchen_board;
pub(crate) mod orders;
pub(crate) mod restaurants;
#[cfg(test)]
pub(crate) mod samples;

use crate::generation::Projection;
use chrono::{DateTime, Utc};
use domain::{envelope::RecordedEvent, event::Event, ids::FeedId};
use futures::future::BoxFuture;
use sqlx::MySqlConnection;
use std::sync::Arc;

/// An event as views see it: decoded, with what they need of its envelope.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// The restaurant.
    pub(crate) feed: FeedId,
    /// Where in the feed.
    pub(crate) position: u64,
    /// The version of the aggregate after it.
    pub(crate) version: u64,
    /// When it was committed.
    pub(crate) at: DateTime<Utc>,
    /// What happened.
    pub(crate) event: Event,
}

impl Fact {
    /// Decodes a stored event.
    pub(crate) fn of(recorded: &RecordedEvent) -> Result<Self, domain::event::DecodeError> {
        Ok(Self {
            feed: recorded.feed,
            position: recorded.cursor.position,
            version: recorded.version,
            at: recorded.recorded_at,
            event: recorded.event()?,
        })
    }
}

/// Why events could not be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The database said no, or did not answer.
    #[error(transparent)]
    Sql(#[from] sqlx::Error),
    /// An event is about a row that the view does not have (or has already).
    #[error("{table}: the event does not fit the rows ({rows} of {expected} are there)")]
    Misfit {
        /// The table.
        table: &'static str,
        /// How many rows the events are about.
        expected: u64,
        /// How many of them are there.
        rows: u64,
    },
}

/// Every row that the events are about must be there: a change that meets no row was lost.
pub(crate) fn all_met(table: &'static str, expected: usize, rows: u64) -> Result<(), ApplyError> {
    let expected = expected as u64;
    if rows == expected { Ok(()) } else { Err(ApplyError::Misfit { table, expected, rows }) }
}

/// A read model. Applying is deterministic: the same feed gives the same rows, however it was cut into
/// batches, and whatever other feeds are in them.
pub(crate) trait View: Send + Sync + 'static {
    /// Its name and generation, such as `orders@1`: the key of its checkpoints and leases.
    fn projection(&self) -> Projection;

    /// Its tables without the number of the generation, such as `orders`.
    fn tables(&self) -> &'static [&'static str];

    /// Whether events of this type may change rows. What does not is applied as well, only later: see
    /// `runner::gathering`.
    fn concerns(&self, event_type: &str) -> bool;

    /// Applies these events, inside the caller's transaction. They may be of several feeds; those of one
    /// feed are in order.
    fn apply<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), ApplyError>>;
}

/// The names of the views of this build.
pub(crate) const ALL: [&str; 3] = [restaurants::schema::VIEW, kitchen_board::schema::VIEW, orders::schema::VIEW];

/// The view with this name, as this build spells it.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    ALL.into_iter().find(|view| *view == name)
}

/// The code of a view for the tables of one generation.
///
/// # Panics
/// Never: a [`Projection`] names a view of this build.
pub(crate) fn of(projection: Projection) -> Arc<dyn View> {
    let Projection { view, generation } = projection;
    match view {
        restaurants::schema::VIEW => Arc::new(restaurants::Restaurants::of(generation)),
        kitchen_board::schema::VIEW => Arc::new(kitchen_board::KitchenBoard::of(generation)),
        orders::schema::VIEW => Arc::new(orders::Orders::of(generation)),
        other => unreachable!("{other} is not in ALL"),
    }
}

/// Deletes the rows of one feed: it will be applied again from its first event.
pub(crate) async fn clear(connection: &mut MySqlConnection, view: &dyn View, feed: FeedId) -> Result<(), sqlx::Error> {
    for base in view.tables() {
        let table = view.projection().generation.table(base);
        sqlx::query(&format!("DELETE FROM {table} WHERE feed_id = ?")).bind(feed.0).execute(&mut *connection).await?;
    }
    Ok(())
}
