//! Transactions of projectors.

use sqlx::{MySql, MySqlPool, Transaction};

/// A projector that is frozen or cut off inside a transaction holds the checkpoint of its feed.
/// MySQL ends such a session after 10 s, so that another projector can go on; that one waits for the
/// lock at most 5 s at a time. Said with each BEGIN, in the same round trip, because pools do not know
/// what their connections are for.
const BEGIN: &str = "SET SESSION wait_timeout = 10, SESSION innodb_lock_wait_timeout = 5; START TRANSACTION";

/// A group waits for less: as long as a switch of generations holds the checkpoints, then its feeds go on
/// one by one, and only the one that is locked waits further.
const BEGIN_GROUP: &str = "SET SESSION wait_timeout = 10, SESSION innodb_lock_wait_timeout = 2; START TRANSACTION";

/// Begins a transaction that does not hold others up for long, whatever happens to this process.
pub(crate) async fn begin(pool: &MySqlPool) -> Result<Transaction<'static, MySql>, sqlx::Error> {
    pool.begin_with(BEGIN).await
}

/// The same for the events of many feeds.
pub(crate) async fn begin_group(pool: &MySqlPool) -> Result<Transaction<'static, MySql>, sqlx::Error> {
    pool.begin_with(BEGIN_GROUP).await
}
