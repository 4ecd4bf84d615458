//! The restaurant, its menu, its tables, and who sits at them.

mod apply;
mod guests;
pub(crate) mod query;
pub(crate) mod schema;
mod write;

use super::{ApplyError, Fact, View, clear_tables};
use domain::ids::FeedId;
use futures::future::BoxFuture;
use schema::{PROJECTION, TABLES};
use sqlx::MySqlConnection;

/// The view.
pub(crate) struct Restaurants;

impl View for Restaurants {
    fn projection(&self) -> &'static str {
        PROJECTION
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        feed: FeedId,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move { write::write(connection, feed, apply::Changes::of(facts)).await })
    }

    fn clear<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        feed: FeedId,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move { clear_tables(connection, feed, &TABLES.all()).await })
    }
}
