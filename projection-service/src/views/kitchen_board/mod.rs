//! What a kitchen sees: the lines that wait, cook, or can be carried out, grouped into tickets.

mod apply;
pub(crate) mod query;
pub(crate) mod schema;

use super::{ApplyError, Fact, View};
use crate::generation::{Generation, Projection};
use futures::future::BoxFuture;
use schema::{ALL, Tables, VIEW};
use sqlx::MySqlConnection;

/// The view in one generation.
pub(crate) struct KitchenBoard {
    generation: Generation,
    tables: Tables,
}

impl KitchenBoard {
    /// The view in this generation.
    pub(crate) fn of(generation: Generation) -> Self {
        Self { generation, tables: Tables::of(generation) }
    }
}

impl View for KitchenBoard {
    fn projection(&self) -> Projection {
        Projection { view: VIEW, generation: self.generation }
    }

    fn tables(&self) -> &'static [&'static str] {
        ALL
    }

    fn concerns(&self, event_type: &str) -> bool {
        event_type.starts_with("line.")
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move { apply::Changes::of(facts)?.write(connection, &self.tables).await })
    }
}
