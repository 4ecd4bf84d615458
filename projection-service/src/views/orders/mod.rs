//! Orders with their lines.

mod apply;
pub(crate) mod as_of;
mod load;
pub(crate) mod query;
pub(crate) mod schema;
mod write;

use super::{ApplyError, Fact, View};
use crate::generation::{Generation, Projection};
use futures::future::BoxFuture;
use schema::{ALL, Tables, VIEW};
use sqlx::MySqlConnection;

/// The view in one generation.
pub(crate) struct Orders {
    generation: Generation,
    tables: Tables,
}

impl Orders {
    /// The view in this generation.
    pub(crate) fn of(generation: Generation) -> Self {
        Self { generation, tables: Tables::of(generation) }
    }
}

impl View for Orders {
    fn projection(&self) -> Projection {
        Projection { view: VIEW, generation: self.generation }
    }

    fn tables(&self) -> &'static [&'static str] {
        ALL
    }

    fn concerns(&self, event_type: &str) -> bool {
        ["order.", "line."].iter().any(|of| event_type.starts_with(of))
    }

    fn apply<'a>(
        &'a self,
        connection: &'a mut MySqlConnection,
        facts: &'a [Fact],
    ) -> BoxFuture<'a, Result<(), ApplyError>> {
        Box::pin(async move {
            let known = load::progress(connection, &self.tables, &apply::needed(facts)).await?;
            write::write(connection, &self.tables, apply::Changes::of(facts, known)?).await
        })
    }
}
