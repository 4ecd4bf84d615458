//! Starting and stopping.

use crate::{Config, SignUp, http, people::People, submit::Commands, tables::Tables, tries};
use anyhow::Context;
use axum::Router;
use event_store::{
    committer::{Committers, OnCommit},
    feeds::FeedDirectory,
    measures,
    pool::{Isolation, connect_lazy},
    pool_watch,
    reader::EventReader,
    receipts,
};
use identity::tables::TableKey;
use messaging::{Bucket, Waker};
use service_kit::{health::Check, limits::Identify, tokens::Tokens};
use sqlx::MySqlPool;
use std::sync::Arc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Connections beside those of the committers: looking up feeds, purging receipts, readiness.
const POOL_CONNECTIONS: u32 = 4;

/// A running command-service.
pub struct Service {
    commands: Commands,
    pool: MySqlPool,
    tokens: Tokens,
    janitors: [JoinHandle<()>; 2],
}

/// Starts the committers and everything beside them. Servers may still be away: until MySQL is there,
/// commands are answered `store-unavailable`; without NATS, events travel a little later.
///
/// When `shutdown` is cancelled, new commands are refused and those that wait are still done.
///
/// # Errors
/// When an address is malformed or the key set cannot be used.
pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Service> {
    measures::describe();
    messaging::measures::describe();
    let table_key = TableKey::new(&config.personal.master.derive(TableKey::PURPOSE));
    let pool = connect_lazy(config.writer_url.expose(), Isolation::ReadCommitted, POOL_CONNECTIONS)
        .context("ARIS_WRITER_URL")?;
    let personal =
        connect_lazy(&config.personal.url, Isolation::ReadCommitted, POOL_CONNECTIONS).context("ARIS_PERSONAL_URL")?;
    pool_watch::watch("command-personal", personal.clone(), shutdown.clone());
    let people = People::new(personal, config.personal.master.clone(), config.sign_up == SignUp::Open);
    let nats = messaging::connect(&config.nats_url, &config.node).await.context("ARIS_NATS_URL")?;
    let revoked = Bucket::revocations(nats.clone(), &config.namespace);
    let tokens = Tokens::start(config.keys.clone(), revoked, shutdown.clone()).await.context("ARIS_JWKS_FILE")?;
    let waker = Waker::start(nats, config.namespace.clone());
    let on_commit: OnCommit = Arc::new(move |shards| waker.wake(shards));
    let committers = Committers::start(config.committer(), on_commit, shutdown.clone()).context("ARIS_WRITER_URL")?;
    let feeds = Arc::new(FeedDirectory::new(EventReader::new(pool.clone())));
    pool_watch::watch("command", pool.clone(), shutdown.clone());
    let tables = Arc::new(Tables::new(table_key, config.table_code_url, pool.clone()));
    let tries_janitor = tokio::spawn(tries::janitor(pool.clone(), shutdown.clone()));
    let janitor = tokio::spawn(receipts::janitor(pool.clone(), shutdown));
    let commands = Commands { committers, feeds, verifier: tokens.verifier().clone(), people, tables };
    Ok(Service { commands, pool, tokens, janitors: [janitor, tries_janitor] })
}

impl Service {
    /// Every command, without fallback and without health routes.
    pub fn routes(&self) -> Router {
        http::router().split_for_parts().0.with_state(self.commands.clone())
    }

    /// How the sender of a request is found out.
    #[must_use]
    pub fn identify(&self) -> Option<Identify> {
        Some(Identify::by(self.commands.clone()))
    }

    /// What must be true for this service to be ready. NATS is not part of it: without NATS commands
    /// are done all the same.
    #[must_use]
    pub fn health(&self) -> Vec<Check> {
        let pool = self.pool.clone();
        let mysql = Check::new("command-mysql", move || {
            let pool = pool.clone();
            async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop).map_err(|error| error.to_string()) }
        });
        std::iter::once(mysql).chain(self.tokens.checks(["command-keys", "command-revocations"])).collect()
    }

    /// Resolves when `shutdown` was cancelled and every command that was taken in has its answer.
    pub async fn stopped(self) {
        self.commands.committers.stopped().await;
        for janitor in self.janitors {
            if let Err(error) = janitor.await {
                tracing::error!(%error, "a janitor broke");
            }
        }
        self.pool.close().await;
    }
}
