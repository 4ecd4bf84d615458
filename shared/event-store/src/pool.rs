//! The only place that opens connection pools.
//!
//! Every pool cures a trap of the driver: a future that is dropped while `BEGIN` is on its way (a
//! client hung up, a timeout fired) leaves the pooled connection inside a transaction that nobody
//! knows of, and the next user's writes vanish when it closes. So each connection is rolled back
//! before it is handed out; that replaces the driver's ping and costs no extra round trip.
//!
//! A server that vanishes without a word (a cable, a frozen host) would keep a caller for a quarter of
//! an hour, and after it the connection: the driver pings what comes back, without a limit. So callers
//! wait [`within`] a limit, and what comes back answers in time or is dropped.
//!
//! An address may list the members of a group (`crate::group`): then a connection is handed out only while it
//! leads to the primary, and new ones go there.

pub use crate::group::primary_url;
use crate::group::{Group, Servers};
use sqlx::{
    Connection, Executor, MySqlConnection, MySqlPool,
    mysql::{MySqlConnectOptions, MySqlPoolOptions, MySqlSslMode},
};
use std::{future::Future, io, str::FromStr, sync::Arc, time::Duration};
use tokio::time::timeout;

/// What a transaction of this pool sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what is committed: for everything that writes.
    ReadCommitted,
    /// All statements of a transaction see one moment: for queries that read rows and cursor together.
    RepeatableRead,
}

impl Isolation {
    fn statement(self) -> &'static str {
        match self {
            Self::ReadCommitted => "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            Self::RepeatableRead => "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        }
    }
}

/// Statements that a connection keeps prepared: more than any service has texts.
pub(crate) const STATEMENT_CACHE: usize = 1_024;

/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection that comes back may take to prove that it works.
const RETURN_TIMEOUT: Duration = Duration::from_secs(2);

/// How long one short read may take before the server counts as gone; more than any takes, and short
/// enough that whoever waits behind it goes on by himself.
pub const READ_WITHIN: Duration = Duration::from_secs(10);

/// What `work` gives, or an error when it takes longer than `limit`. The connection that it used is
/// then closed, or proves within 2 s that it works.
///
/// # Errors
/// Those of `work`, and one of the kind [`io::ErrorKind::TimedOut`].
pub async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    let late = || io::Error::new(io::ErrorKind::TimedOut, format!("MySQL has not answered within {limit:?}"));
    timeout(limit, work).await.unwrap_or_else(|_| Err(sqlx::Error::Io(late())))
}

/// Opens a pool. Connections are made as they are needed; the first one is made here, so that a
/// wrong address is told at the start.
///
/// A pool of a group lives as long as its process, unless it is closed: dropping it is not enough.
///
/// # Errors
/// When the address is malformed or the server cannot be reached.
pub async fn connect(url: &str, isolation: Isolation, max_connections: u32) -> Result<MySqlPool, sqlx::Error> {
    let pool = connect_lazy(url, isolation, max_connections)?;
    match pool.acquire().await {
        Ok(_) => Ok(pool),
        Err(error) => {
            pool.close().await;
            Err(error)
        }
    }
}

/// Like [`connect`], but the server may still be away.
///
/// # Errors
/// When the address is malformed.
pub fn connect_lazy(url: &str, isolation: Isolation, max_connections: u32) -> Result<MySqlPool, sqlx::Error> {
    match Servers::of(url)? {
        Servers::One(server) => Ok(single(isolation, max_connections).connect_lazy_with(*server)),
        Servers::Several(group, servers) => {
            let first = servers[0].clone();
            let pool = of_group(isolation, max_connections, &group).connect_lazy_with(first);
            tokio::spawn(follow(pool.clone(), group, servers));
            Ok(pool)
        }
    }
}

/// Options of every connection. On loopback TLS would only cost time, so it is not offered there
/// unless the address asks for it; elsewhere the driver's default stands: TLS if the server has it.
pub(crate) fn connect_options(url: &str) -> Result<MySqlConnectOptions, sqlx::Error> {
    let mut options = MySqlConnectOptions::from_str(url)?;
    if options.get_host() == "127.0.0.1" && matches!(options.get_ssl_mode(), MySqlSslMode::Preferred) {
        options = options.ssl_mode(MySqlSslMode::Disabled);
    }
    Ok(options.statement_cache_capacity(STATEMENT_CACHE).timezone(Some("+00:00".to_owned())))
}

fn options(max_connections: u32) -> MySqlPoolOptions {
    MySqlPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move { within(RETURN_TIMEOUT, connection.ping()).await.map(|()| true) })
        })
}

fn single(isolation: Isolation, max_connections: u32) -> MySqlPoolOptions {
    options(max_connections)
        .after_connect(move |connection, _| {
            Box::pin(async move { connection.execute(isolation.statement()).await.map(drop) })
        })
        .before_acquire(|connection, _| Box::pin(async move { roll_back(connection).await.map(|()| true) }))
}

/// The proof ends an earlier transaction too, so it is no further round trip. A connection that lacks it is
/// closed by the pool, which then makes another one.
fn of_group(isolation: Isolation, max_connections: u32, group: &Arc<Group>) -> MySqlPoolOptions {
    let (new, used) = (Arc::clone(group), Arc::clone(group));
    options(max_connections)
        .after_connect(move |connection, _| {
            let group = Arc::clone(&new);
            Box::pin(async move {
                group.prove(connection, ACQUIRE_TIMEOUT).await?;
                connection.execute(isolation.statement()).await.map(drop)
            })
        })
        .before_acquire(move |connection, _| {
            let group = Arc::clone(&used);
            Box::pin(async move { group.prove(connection, ACQUIRE_TIMEOUT).await.map(|()| true) })
        })
}

/// Sends new connections of a pool to whoever is the primary, until the pool is closed.
async fn follow(pool: MySqlPool, group: Arc<Group>, servers: Vec<MySqlConnectOptions>) {
    let mut changes = group.changes();
    loop {
        if let Some(place) = *changes.borrow_and_update() {
            pool.set_connect_options(servers[place].clone());
        }
        tokio::select! {
            () = pool.close_event() => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}

/// Ends whatever transaction an earlier, cancelled user may have left open.
pub(crate) async fn roll_back(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    connection.execute("ROLLBACK").await.map(drop)
}
