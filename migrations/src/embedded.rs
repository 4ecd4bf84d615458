//! Numbered SQL files, run once each and in order.

use futures::future::BoxFuture;
use sqlx::{
    Connection, MySqlConnection,
    error::BoxDynError,
    migrate::{MigrateError, Migration, MigrationSource, MigrationType, Migrator},
};
use std::borrow::Cow;

/// One of the schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Events, outbox, receipts, claims.
    Events,
    /// Read models and their checkpoints.
    Views,
    /// Accounts, devices and other secrets.
    Identity,
}

/// Number, what it does, and its statements.
type File = (i64, &'static str, &'static str);

const EVENTS: &[File] = &[
    (1, "event store", include_str!("../events/0001_event_store.sql")),
    (2, "snapshots", include_str!("../events/0002_snapshots.sql")),
    (3, "personal keys", include_str!("../events/0003_personal_keys.sql")),
    (4, "code tries", include_str!("../events/0004_code_tries.sql")),
    (5, "actions", include_str!("../events/0005_actions.sql")),
    (6, "orphaned keys", include_str!("../events/0006_orphaned_keys.sql")),
    (7, "actions by correlation", include_str!("../events/0007_actions_correlation.sql")),
    (8, "digit tries", include_str!("../events/0008_digit_tries.sql")),
];
const VIEWS: &[File] = &[
    (1, "views", include_str!("../views/0001_views.sql")),
    (2, "parked skips", include_str!("../views/0002_parked_skips.sql")),
    (3, "generations", include_str!("../views/0003_generations.sql")),
    (4, "guests", include_str!("../views/0004_guests.sql")),
];

const IDENTITY: &[File] = &[
    (1, "identity", include_str!("../identity/0001_identity.sql")),
    (2, "openid", include_str!("../identity/0002_openid.sql")),
    (3, "own password", include_str!("../identity/0003_own_password.sql")),
];

impl Side {
    /// The numbers of its files, in order: what a schema that is up to date has run.
    #[must_use]
    pub fn numbers(self) -> Vec<i64> {
        self.files().iter().map(|(number, ..)| *number).collect()
    }

    fn files(self) -> &'static [File] {
        match self {
            Self::Events => EVENTS,
            Self::Views => VIEWS,
            Self::Identity => IDENTITY,
        }
    }
}

impl MigrationSource<'static> for Side {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        Box::pin(async move { Ok(self.files().iter().map(migration).collect()) })
    }
}

fn migration((number, description, sql): &File) -> Migration {
    Migration::new(*number, Cow::Borrowed(*description), MigrationType::Simple, Cow::Borrowed(*sql), false)
}

/// Brings the schema behind `url` up to date. Safe to run from several processes at once.
///
/// # Errors
/// When the server is away, or an older file was changed after it had been run.
pub async fn migrate(url: &str, side: Side) -> Result<(), MigrateError> {
    let mut connection = MySqlConnection::connect(url).await.map_err(MigrateError::Execute)?;
    Migrator::new(side).await?.run(&mut connection).await?;
    connection.close().await.map_err(MigrateError::Execute)
}
