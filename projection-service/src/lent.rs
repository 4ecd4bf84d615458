//! A connection that goes back into its pool only between two statements.
//!
//! A statement that is given up in the middle (its time was over, the client hung up) leaves the rest of
//! its answer on the way, which could be taken for the answer to the next one. Such a connection is
//! closed; one that rests between two statements is as good as new.

use sqlx::{MySql, MySqlConnection, MySqlPool, pool::PoolConnection};

/// A connection of a pool.
pub(crate) struct Lent {
    connection: PoolConnection<MySql>,
    is_half_way: bool,
}

impl Lent {
    /// Takes one, waiting for it as long as the pool allows.
    pub(crate) async fn from(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        Ok(Self { connection: pool.acquire().await?, is_half_way: false })
    }

    /// Statements of which each is answered to its end, unless this is dropped meanwhile.
    pub(crate) async fn whole<T>(
        &mut self,
        work: impl AsyncFnOnce(&mut MySqlConnection) -> Result<T, sqlx::Error>,
    ) -> Result<T, sqlx::Error> {
        self.is_half_way = true;
        let done = work(&mut self.connection).await;
        self.is_half_way = false;
        done
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if self.is_half_way {
            self.connection.close_on_drop();
        }
    }
}
