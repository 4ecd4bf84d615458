//! The relay as a service.

use crate::{
    config::Config,
    depth,
    engine::{Engine, State},
    leases, measures,
    publisher::{IN_FLIGHT_MAX, Publisher},
    reconciler::Reconciler,
    settled::Doubts,
    store::Store,
};
use anyhow::Context;
use async_nats::{
    Client,
    jetstream::{self, context::ContextBuilder},
};
use event_store::{
    lease::{Held, LeaseKeeper},
    pool::{self, Isolation},
    pool_watch,
    reader::EventReader,
};
use service_kit::{health::Check, limits::Identify};
use sqlx::MySqlPool;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Notify, mpsc, watch},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

/// Connections to MySQL: a read, a deletion, leases, the reconciler's two, one for measuring.
const CONNECTIONS: u32 = 6;
/// How long one message may wait for its acknowledgement before it goes out again.
const ACK_WITHIN: Duration = Duration::from_secs(5);
/// What the reconciler may be ahead of the engine.
const ORDERS_MAX: usize = 16;

/// A running relay.
#[derive(Debug)]
pub struct Service {
    pool: MySqlPool,
    client: Client,
    held: watch::Receiver<Held>,
    tasks: JoinSet<()>,
}

/// Starts to publish. MySQL, NATS and leases may come later.
/// Cancel `shutdown` to end: what is in flight is waited for (at most 5 s), then leases are given back.
///
/// # Errors
/// When an address is malformed.
pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Service> {
    describe();
    let pool = pool::connect_lazy(config.mysql_url.expose(), Isolation::ReadCommitted, CONNECTIONS)?;
    let client = messaging::connect(config.nats_url.expose(), &format!("outbox-relay {}", config.node)).await?;
    let wakes = client.subscribe(config.namespace.all_wakes()).await.context("no wake-ups")?;
    let mut tasks = JoinSet::new();
    let held = keep_leases(&mut tasks, &config, &pool);
    let (orders_in, orders) = mpsc::channel(ORDERS_MAX);
    let alarm = Arc::new(Notify::new());
    let jetstream = jetstream(client.clone());
    let store = Store::new(pool.clone());
    let doubts = Doubts::default();
    let reconciler = Reconciler {
        jetstream: jetstream.clone(),
        namespace: config.namespace.clone(),
        reader: EventReader::new(pool.clone()),
        store: store.clone(),
        held: held.1.clone(),
        orders: orders_in,
        alarm: Arc::clone(&alarm),
        doubts: doubts.clone(),
        every: config.reconcile,
        most: config.refill_positions,
    };
    tasks.spawn(reconciler.run(shutdown.clone()));
    tasks.spawn(depth::watch(store.clone(), held.1.clone(), shutdown.clone()));
    pool_watch::watch("relay", pool.clone(), shutdown.clone());
    let engine = Engine {
        client: client.clone(),
        publisher: Publisher::new(jetstream, config.namespace),
        store,
        held: held.1.clone(),
        orders,
        alarm,
        doubts,
        poll: config.poll,
        state: State::default(),
    };
    let release = held.0;
    tasks.spawn(async move {
        engine.run(wakes, shutdown).await;
        release.cancel();
    });
    Ok(Service { pool, client, held: held.1, tasks })
}

fn describe() {
    measures::describe();
    event_store::measures::describe();
    messaging::measures::describe();
}

/// Leases are kept until the returned token is cancelled: longer than anything is published.
fn keep_leases(
    tasks: &mut JoinSet<()>,
    config: &Config,
    pool: &MySqlPool,
) -> (CancellationToken, watch::Receiver<Held>) {
    // Two processes may have the same name by mistake; their leases must not be shared.
    let owner = format!("{:.40}-{:08x}", config.node, rand::random::<u32>());
    let keeper = LeaseKeeper::new(pool.clone(), "relay", domain::limits::SHARDS, owner, config.lease);
    let (sender, receiver) = watch::channel(Held::nothing());
    let stop = CancellationToken::new();
    tasks.spawn(leases::keep(keeper, sender, stop.clone()));
    (stop, receiver)
}

fn jetstream(client: Client) -> jetstream::Context {
    ContextBuilder::new().timeout(ACK_WITHIN).ack_timeout(ACK_WITHIN).max_ack_inflight(4 * IN_FLIGHT_MAX).build(client)
}

impl Service {
    /// None: the relay answers nobody.
    pub fn routes(&self) -> axum::Router {
        axum::Router::new()
    }

    /// Nobody: there is nothing to ask for with a token.
    #[must_use]
    pub fn identify(&self) -> Option<Identify> {
        None
    }

    /// Ready while MySQL and NATS can be reached and leases are in force.
    #[must_use]
    pub fn health(&self) -> Vec<Check> {
        let (pool, client, held) = (self.pool.clone(), self.client.clone(), self.held.clone());
        let mysql = move || {
            let pool = pool.clone();
            async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop).map_err(|error| error.to_string()) }
        };
        let nats = move || std::future::ready(yes_or(messaging::is_connected(&client), "not connected"));
        let leases = move || std::future::ready(yes_or(held.borrow().is_valid(), "none in force"));
        vec![
            Check::new("relay-mysql", mysql),
            // Nobody asks the relay anything, and a process that also serves others goes on without NATS.
            Check::new("relay-nats", nats).advisory(),
            Check::new("relay-leases", leases).advisory(),
        ]
    }

    /// Waits until `shutdown` was cancelled and everything has ended.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the relay has failed");
            }
        }
    }
}

/// The relay's part of the API's description: empty.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    utoipa::openapi::OpenApi::default()
}

fn yes_or(yes: bool, why_not: &str) -> Result<(), String> {
    if yes { Ok(()) } else { Err(why_not.to_owned()) }
}
