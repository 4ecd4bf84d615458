//! Starting and stopping.

use crate::{
    Config,
    feeding::Feeding,
    http::{self, AppState},
    measures,
    orphans::Orphans,
    parked,
    people::People,
    progress::Progress,
    read::Reads,
    runner::{self, Settings, heads::Heads, live::Subscriptions},
    views,
};
use anyhow::Context as _;
use axum::Router;
use event_store::{
    feeds::FeedDirectory,
    pool::{Isolation, connect_lazy},
    pool_watch,
    reader::EventReader,
    tenants::TenantDirectory,
};
use messaging::Bucket;
use service_kit::{health::Check, limits::Identify, tokens::Tokens};
use sqlx::MySqlPool;
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often the heads of all feeds are looked at.
const HEADS_EVERY: Duration = Duration::from_secs(1);

/// How often the parked events are counted.
const PARKED_EVERY: Duration = Duration::from_secs(5);

/// Generations of one view that are fed at once, each by its workers and a group: the live one, and one more
/// that is ready or previous. While a third one is, it waits for the others' connections.
const FED_GENERATIONS: usize = 2;

/// Connections beside those that apply events: leases and checkpoints.
const SPARE_CONNECTIONS: u32 = 4;

/// Connections to the event side.
const READER_CONNECTIONS: u32 = 8;

/// Connections for keys of people and for who looked at their data.
const PERSONAL_CONNECTIONS: u32 = 4;

/// A running projection-service.
pub struct Service {
    state: AppState,
    checks: Vec<Check>,
    tasks: JoinSet<()>,
}

/// Starts every projection and the queries. Neither MySQL nor NATS has to be there yet: the checks
/// of [`Service::health`] say when they are.
///
/// # Errors
/// When an address is malformed, or the key file cannot be read.
pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Service> {
    describe();
    let workers = u32::try_from((config.workers + 1) * views::ALL.len() * FED_GENERATIONS).unwrap_or(u32::MAX);
    let url = config.projection_url.expose();
    let writes = connect_lazy(url, Isolation::ReadCommitted, workers.saturating_add(SPARE_CONNECTIONS))
        .context("ARIS_PROJECTION_URL")?;
    let queries =
        connect_lazy(url, Isolation::RepeatableRead, config.query_connections).context("ARIS_PROJECTION_URL")?;
    let events = connect_lazy(config.reader_url.expose(), Isolation::ReadCommitted, READER_CONNECTIONS)
        .context("ARIS_READER_URL")?;
    let personal = connect_lazy(&config.personal.url, Isolation::ReadCommitted, PERSONAL_CONNECTIONS)
        .context("ARIS_PERSONAL_URL")?;
    for (name, pool) in [
        ("projection-writes", &writes),
        ("projection-queries", &queries),
        ("projection-events", &events),
        ("projection-personal", &personal),
    ] {
        pool_watch::watch(name, pool.clone(), shutdown.clone());
    }
    let nats = messaging::connect(&config.nats_url, &format!("projection {}", config.node)).await?;
    let revoked = Bucket::revocations(nats.clone(), &config.namespace);
    let tokens = Tokens::start(config.keys.clone(), revoked, shutdown.clone()).await.context("ARIS_JWKS_FILE")?;

    let (reader, progress) = (EventReader::new(events.clone()), Arc::new(Progress::default()));
    let (heads_sender, heads) = watch::channel(Heads::default());
    let mut tasks = JoinSet::new();
    tasks.spawn(runner::heads::look(reader.clone(), HEADS_EVERY, heads_sender, shutdown.clone()));
    tasks.spawn(parked::gauge::show(writes.clone(), PARKED_EVERY, shutdown.clone()));
    let feeding = Feeding {
        pool: writes,
        reader: reader.clone(),
        progress: Arc::clone(&progress),
        settings: Settings { workers: config.workers, owner: owner(&config.node), lease: config.lease },
        subscriptions: Arc::new(Subscriptions::new(nats.clone(), config.namespace.clone())),
        heads,
    };
    let ending = shutdown.clone();
    tasks.spawn(feeding.run(shutdown));
    let feeds = Arc::new(FeedDirectory::new(reader.clone()));
    tasks.spawn(config.retention.keep(personal.clone(), ending.clone()));
    let tenants = Arc::new(TenantDirectory::new(reader.clone()));
    tasks.spawn(Orphans { pool: personal.clone(), tenants: Arc::clone(&tenants) }.delete(ending));
    let state = AppState {
        reads: Reads::new(queries.clone(), progress),
        feeds,
        tenants,
        people: People::new(personal, config.personal.master.clone()),
        events: reader,
        verifier: tokens.verifier().clone(),
    };
    let mut checks = vec![answers("projection-views", queries), answers("projection-events", events), connected(nats)];
    checks.extend(tokens.checks(["projection-keys", "projection-revocations"]));
    Ok(Service { state, checks, tasks })
}

impl Service {
    /// Every query, without fallback and without health routes.
    pub fn routes(&self) -> Router {
        http::router().split_for_parts().0.with_state(self.state.clone())
    }

    /// How the sender of a request is found out.
    #[must_use]
    pub fn identify(&self) -> Option<Identify> {
        Some(Identify::by(self.state.clone()))
    }

    /// What must be true for this service to be ready.
    #[must_use]
    pub fn health(&self) -> Vec<Check> {
        self.checks.clone()
    }

    /// Resolves when shutdown was cancelled and every task has ended.
    pub async fn stopped(mut self) {
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(error = %error, "a task of the projection-service broke");
            }
        }
    }
}

/// The part of the OpenAPI document that this service answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    http::openapi()
}

fn describe() {
    measures::describe();
    event_store::measures::describe();
    messaging::measures::describe();
}

/// Two processes may have the same name by mistake; their leases must not be shared.
fn owner(node: &str) -> String {
    format!("{node:.40}-{}", Uuid::new_v4().simple())
}

fn answers(name: &'static str, pool: MySqlPool) -> Check {
    Check::new(name, move || {
        let pool = pool.clone();
        async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop).map_err(|error| error.to_string()) }
    })
}

fn connected(client: async_nats::Client) -> Check {
    Check::new("projection-nats", move || {
        let connected = messaging::is_connected(&client);
        async move { if connected { Ok(()) } else { Err("not connected; the views are up to a second behind".into()) } }
    })
    .advisory()
}
