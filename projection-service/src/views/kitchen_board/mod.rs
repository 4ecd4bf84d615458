//! What a kitchen sees: the lines that wait, cook, or can be carried out, grouped into tickets.

mod apply;
pub(crate) mod query;
pub(crate) mod schema;

use super::{ApplyError, Fact, View, clear_tables};
use domain::ids::FeedId;
use futures::future::BoxFuture;
use schema::{PROJECTION, TABLES};
use sqlx::MySqlConnection;

/// The view.
pub(crate) struct KitchenBoard;

impl View for KitchenBoard {
    fn projection(&self) -> &'static str {
        PROJECTION
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        feed: FeedId,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move { apply::Changes::of(facts)?.write(connection, feed).await })
    }

    fn clear<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        feed: FeedId,
    ) -> BoxFuture<'a, Result<(), sqlx::Error>> {
        Box::pin(async move { clear_tables(connection, feed, &TABLES.all()).await })
    }
}
