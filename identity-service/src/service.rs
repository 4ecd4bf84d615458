//! Starting and stopping.

use crate::{
    Config, http,
    http::App,
    keys::KeyFolder,
    mail::{Post, Worker},
    measures,
    openid::Providers,
    passwords::Passwords,
    reactor::Reactor,
    revocations,
    rights::RightsBook,
    secrets::Secrets,
    store::{MachineKeys, Store},
    tokens::Issuer,
};
use anyhow::Context as _;
use axum::Router;
use event_store::{
    committer::{CommitterConfig, Committers, OnCommit},
    pool::{Isolation, connect_lazy},
    pool_watch,
    reader::EventReader,
};
use identity::tables::TableKey;
use messaging::{Bucket, Waker};
use personal_data::PersonalKeys;
use service_kit::{config::Secret, health::Check, limits::Identify, tokens::Tokens};
use sqlx::MySqlPool;
use std::{collections::HashMap, sync::Arc};
use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// Connections to the schema of accounts.
const STORE_CONNECTIONS: u32 = 16;
/// Connections to the event side.
const READER_CONNECTIONS: u32 = 6;
/// Connections to the keys of people and of machines: one letter is written at a time, and a machine shows its
/// key every quarter of an hour.
const PERSONAL_CONNECTIONS: u32 = 6;
/// A few members join in a day.
const COMMITTERS: usize = 1;

/// A running identity-service.
pub struct Service {
    app: App,
    tokens: Tokens,
    pools: [(&'static str, MySqlPool); 2],
    committers: Committers,
    tasks: JoinSet<()>,
}

/// Starts the service. Neither MySQL nor NATS has to be there yet: the checks of [`Service::health`] say
/// when they are.
///
/// # Errors
/// When an address is malformed, a key cannot be used, or the master key could be guessed.
pub async fn start(config: Config, shutdown: CancellationToken) -> anyhow::Result<Service> {
    describe();
    let table_key = TableKey::new(&config.master.derive(TableKey::PURPOSE));
    let secrets = Arc::new(Secrets::of(&config.master)?);
    let [people, accounts, events] = connections(&config)?;
    let folder = KeyFolder::new(&config.keys_dir);
    let issuer = Issuer::new(folder.clone()).context("ARIS_SIGNING_KEYS_DIR")?;
    let nats =
        messaging::connect(&config.nats_url, &format!("identity {}", config.node)).await.context("ARIS_NATS_URL")?;
    let bucket = Bucket::revocations(nats.clone(), &config.namespace);
    let tokens = Tokens::start(folder.jwks_file().into(), bucket.clone(), shutdown.clone()).await?;
    let waker = Waker::start(nats.clone(), config.namespace.clone());
    let on_commit: OnCommit = Arc::new(move |shards| waker.wake(shards));
    let committer = CommitterConfig { committers: COMMITTERS, ..CommitterConfig::new(config.writer_url.expose()) };
    let committers = Committers::start(committer, on_commit, shutdown.clone()).context("ARIS_WRITER_URL")?;

    let (store, reader) = (Store::new(accounts.clone()), EventReader::new(events.clone()));
    let rights = RightsBook::new(reader.clone(), committers.clone());
    let revoked = Arc::new(Notify::new());
    let machine_keys = MachineKeys::new(people.clone());
    let mails = Worker {
        store: store.clone(),
        secrets: Arc::clone(&secrets),
        post: Post::new(&config.mail)?,
        public_url: config.public_url.as_str().into(),
        news: Arc::default(),
    };
    let reactor = Reactor {
        store: store.clone(),
        reader: reader.clone(),
        rights: rights.clone(),
        people: PersonalKeys::new(people, config.master),
        mails: mails.clone(),
        nats,
        namespace: config.namespace,
        revoked: Arc::clone(&revoked),
        read: HashMap::new(),
    };
    let mut tasks = JoinSet::new();
    tasks.spawn(issuer.clone().follow(shutdown.clone()));
    tasks.spawn(store.clone().janitor(shutdown.clone()));
    tasks.spawn(revocations::tell(store.clone(), bucket, Arc::clone(&revoked), shutdown.clone()));
    tasks.spawn(mails.clone().run(shutdown.clone()));
    tasks.spawn(reactor.run(shutdown.clone()));
    let pools = [("identity", accounts), ("identity-events", events)];
    for (name, pool) in &pools {
        pool_watch::watch(name, pool.clone(), shutdown.clone());
    }
    let providers = Providers::new(config.openid).context("ARIS_OIDC_PROVIDERS")?;
    let passwords = Passwords::new(config.hashes_at_once)?;
    let verifier = tokens.verifier().clone();
    let app = App {
        store,
        secrets,
        passwords,
        issuer,
        verifier,
        rights,
        machine_keys,
        mails,
        providers,
        revoked,
        reader,
        table_key,
    };
    Ok(Service { app, tokens, pools, committers, tasks })
}

/// To the keys of people, to the accounts and to the events; made at first use.
fn connections(config: &Config) -> anyhow::Result<[MySqlPool; 3]> {
    let to = |url: &Secret, most, name| connect_lazy(url.expose(), Isolation::ReadCommitted, most).context(name);
    Ok([
        to(&config.personal_url, PERSONAL_CONNECTIONS, "ARIS_PERSONAL_URL")?,
        to(&config.identity_url, STORE_CONNECTIONS, "ARIS_IDENTITY_URL")?,
        to(&config.reader_url, READER_CONNECTIONS, "ARIS_READER_URL")?,
    ])
}

fn describe() {
    measures::describe();
    event_store::measures::describe();
    messaging::measures::describe();
}

impl Service {
    /// Every route, without fallback and without health routes.
    pub fn routes(&self) -> Router {
        http::router().split_for_parts().0.with_state(self.app.clone())
    }

    /// How the sender of a request is found out.
    #[must_use]
    pub fn identify(&self) -> Option<Identify> {
        Some(Identify::by(self.app.clone()))
    }

    /// What must be true for this service to be ready.
    #[must_use]
    pub fn health(&self) -> Vec<Check> {
        let answers = |(name, pool): &(&'static str, MySqlPool)| {
            let (name, pool) = (if *name == "identity" { "identity-mysql" } else { "identity-events" }, pool.clone());
            Check::new(name, move || {
                let pool = pool.clone();
                async move { sqlx::query("SELECT 1").execute(&pool).await.map(drop).map_err(|error| error.to_string()) }
            })
        };
        self.pools.iter().map(answers).chain(self.tokens.checks(["identity-keys", "identity-revocations"])).collect()
    }

    /// Resolves when shutdown was cancelled and every task has ended.
    pub async fn stopped(mut self) {
        self.committers.stopped().await;
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a task of the identity-service broke");
            }
        }
    }
}
