//! Starting and stopping.

use crate::{
    Config,
    feed::{Hub, RingLimits, ingest::Sources},
    gateway::{App, Gateway},
    http, measures,
    pages::{PAGES_AT_A_TIME, Pages},
    session::Rate,
};
use anyhow::Context as _;
use event_store::{
    feeds::FeedDirectory,
    pool::{Isolation, connect_lazy},
    pool_watch,
    reader::EventReader,
};
use messaging::Bucket;
use service_kit::{health::Check, limits::Identify, tokens::Tokens};
use sqlx::MySqlPool;
use std::{
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::{Duration, Instant},
};
use tokio::{task::JoinHandle, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Connections to MySQL: pages, and a few for heads and rings so that catch-ups never stop them.
const STORE_CONNECTIONS: u32 = PAGES_AT_A_TIME as u32 + 4;
/// How long after the drain window the last connections may take to end.
const LAST_CONNECTIONS: Duration = Duration::from_secs(10);

/// A running gateway.
pub struct Service {
    gateway: Arc<Gateway>,
    pool: MySqlPool,
    nats: async_nats::Client,
    tokens: Tokens,
    end: JoinHandle<()>,
}

/// Starts the gateway. Neither MySQL nor NATS has to be there yet: the checks of [`Service::health`]
/// say when they are. Cancel `shutdown` to end: new connections are refused and the open ones sent
/// away one by one, over the drain window.
///
/// # Errors
/// When an address is malformed or the key file cannot be read.
pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Service> {
    describe();
    let pool = connect_lazy(config.reader_url.expose(), Isolation::ReadCommitted, STORE_CONNECTIONS)
        .context("ARIS_READER_URL")?;
    pool_watch::watch("gateway", pool.clone(), shutdown.clone());
    let nats = messaging::connect(config.nats_url.expose(), &format!("realtime-gateway {}", config.node)).await?;
    let revoked = Bucket::revocations(nats.clone(), &config.namespace);
    let tokens = Tokens::start(config.keys, revoked, shutdown.clone()).await.context("ARIS_JWKS_FILE")?;
    let reader = EventReader::new(pool.clone());
    let (tasks, stop) = (TaskTracker::new(), CancellationToken::new());
    let sources = Sources { reader: reader.clone(), nats: nats.clone(), namespace: config.namespace };
    let limits = RingLimits { events: config.ring_events, bytes: config.ring_bytes };
    let hub = Hub::new(sources, (limits, config.rings_max), config.timing, tasks.clone(), stop.clone());
    let gateway = Arc::new(Gateway {
        node: config.node,
        timing: Arc::new(config.timing),
        retry: config.retry,
        origins: config.origins,
        verifier: tokens.verifier().clone(),
        feeds: FeedDirectory::new(reader.clone()),
        hub,
        shutdown,
        connections: TaskTracker::new(),
        connections_max: config.connections_max,
        open: AtomicUsize::new(0),
        pages: Pages::new(reader),
        accepts: Mutex::new(Rate::new(config.accepts_per_second, Instant::now())),
    });
    let end = tokio::spawn(end(Arc::clone(&gateway), tasks, stop));
    Ok(Service { gateway, pool, nats, tokens, end })
}

fn describe() {
    measures::describe();
    event_store::measures::describe();
    messaging::measures::describe();
}

/// First the connections, which still get their events while they wait for their turn to leave; then
/// what feeds them.
async fn end(gateway: Arc<Gateway>, tasks: TaskTracker, stop: CancellationToken) {
    gateway.shutdown.cancelled().await;
    gateway.connections.close();
    let patience = gateway.timing.drain_window + LAST_CONNECTIONS;
    if timeout(patience, gateway.connections.wait()).await.is_err() {
        tracing::warn!(connections = gateway.connections.len(), "connections are left behind");
    }
    stop.cancel();
    tasks.close();
    tasks.wait().await;
}

impl Service {
    /// The routes, without fallback and without health routes.
    pub fn routes(&self) -> axum::Router {
        http::router().split_for_parts().0.with_state(App(Arc::clone(&self.gateway)))
    }

    /// How the sender of a request is found out.
    #[must_use]
    pub fn identify(&self) -> Option<Identify> {
        Some(Identify::by(App(Arc::clone(&self.gateway))))
    }

    /// What must be true for the gateway to be ready.
    #[must_use]
    pub fn health(&self) -> Vec<Check> {
        let (pool, nats) = (self.pool.clone(), self.nats.clone());
        let store = move || {
            let pool = pool.clone();
            async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop).map_err(|error| error.to_string()) }
        };
        let nats = move || {
            let connected = messaging::is_connected(&nats);
            std::future::ready(if connected { Ok(()) } else { Err("not connected".to_owned()) })
        };
        let own = [Check::new("gateway-mysql", store), Check::new("gateway-nats", nats).advisory()];
        own.into_iter().chain(self.tokens.checks(["gateway-keys", "gateway-revocations"])).collect()
    }

    /// Waits until `shutdown` was cancelled and everything has ended: at most the drain window and
    /// some seconds.
    pub async fn stopped(self) {
        if let Err(error) = self.end.await {
            tracing::error!(%error, "the end of the gateway has failed");
        }
    }
}

/// The gateway's part of the API's description.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = http::router().split_for_parts().1;
    service_kit::openapi::complete(&mut api);
    api
}
