//! The connection of one committer.

use crate::{group::Servers, pool::roll_back};
use sqlx::{ConnectOptions, Executor, MySqlConnection};
use std::time::{Duration, Instant};

/// Settings of the session. `wait_timeout`: when this process freezes inside a transaction, MySQL
/// takes its locks away after 3 s, instead of the default 8 hours. `innodb_lock_wait_timeout`: a
/// lock that others hold is waited for 1 s at a time, so that the other feeds are not held up.
/// `character_set_client`: values stand in the text of statements, and with `binary` each byte is a
/// character, so none can hide a quote; `sql_mode`, whatever the server's is: strict, and a backslash
/// escapes (see `sql::script`).
pub(super) const SETTINGS: &str = "SET SESSION transaction_isolation = 'READ-COMMITTED', \
                        SESSION wait_timeout = 3, SESSION innodb_lock_wait_timeout = 1, \
                        SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,NO_ENGINE_SUBSTITUTION', \
                        SESSION character_set_client = 'binary'";

/// A connection that was idle for longer is asked whether it still lives before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// One connection, opened anew whenever anything was wrong with it.
pub(super) struct Session {
    servers: Servers,
    /// The place of the server that it leads to, and when it was used.
    connection: Option<(MySqlConnection, usize, Instant)>,
}

impl Session {
    pub(super) fn new(url: &str) -> Result<Self, sqlx::Error> {
        Ok(Self { servers: Servers::of(url)?, connection: None })
    }

    /// A connection to the primary that answers, outside any transaction.
    pub(super) async fn ready(&mut self) -> Result<&mut MySqlConnection, sqlx::Error> {
        let mut usable = None;
        if let Some((mut connection, place, used)) = self.connection.take()
            && self.servers.is_primary(place)
            && (used.elapsed() < TRUSTED_IDLE || roll_back(&mut connection).await.is_ok())
        {
            usable = Some((connection, place));
        }
        let (connection, place) = match usable {
            Some(usable) => usable,
            None => self.open().await?,
        };
        Ok(&mut self.connection.insert((connection, place, Instant::now())).0)
    }

    /// Closes the connection: whatever transaction it was in ends, and its locks with it.
    pub(super) fn discard(&mut self) {
        self.connection = None;
    }

    /// Says that the connection was used just now.
    pub(super) fn touch(&mut self) {
        if let Some((.., used)) = &mut self.connection {
            *used = Instant::now();
        }
    }

    /// Keeps an idle connection, and the statements prepared on it, alive.
    pub(super) async fn keep_alive(&mut self) {
        if let Some((connection, _, used)) = &mut self.connection {
            match tokio::time::timeout(CONNECT_TIMEOUT, roll_back(connection)).await {
                Ok(Ok(())) => *used = Instant::now(),
                _ => self.discard(),
            }
        }
    }

    async fn open(&self) -> Result<(MySqlConnection, usize), sqlx::Error> {
        let open = async {
            let (place, options) = self.servers.primary(CONNECT_TIMEOUT).await?;
            // What the driver would log of a slow statement is its text, and the values of people in it.
            let mut connection = options.clone().disable_statement_logging().connect().await?;
            connection.execute(SETTINGS).await?;
            Ok::<_, sqlx::Error>((connection, place))
        };
        tokio::time::timeout(CONNECT_TIMEOUT, open).await.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut))
    }
}
