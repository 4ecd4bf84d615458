//! Settings.

use action_log::Retention;
use messaging::Namespace;
use personal_data::MasterKey;
use service_kit::{
    config::{self, ConfigError, Secret, env_or, env_parsed, env_required},
    tokens::KeySource,
};
use std::time::Duration;

/// Settings of the projection-service.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address of the read side, with the user that owns it: `ARIS_PROJECTION_URL`.
    pub projection_url: Secret,
    /// Address of the event side, with the user that may read it: `ARIS_READER_URL`.
    pub reader_url: Secret,
    /// Where the keys of people are, and what wraps them: `ARIS_PERSONAL_URL` and `ARIS_MASTER_KEY_FILE`.
    pub personal: personal_data::Settings,
    /// Address of NATS: `ARIS_NATS_URL`.
    pub nats_url: String,
    /// `ARIS_NATS_PREFIX`: what stream and subjects start with; default empty.
    pub namespace: Namespace,
    /// The public keys that tokens are checked with: `ARIS_JWKS_FILE` or `ARIS_JWKS_URL`.
    pub keys: KeySource,
    /// The name of this process in leases, unlike that of any other: `ARIS_NODE`; host and process id
    /// by default.
    pub node: String,
    /// Feeds that one projection works on alone at once, such as after an outage, beside its groups of feeds:
    /// `ARIS_PROJECTION_WORKERS`, 4 by default.
    pub workers: usize,
    /// How long the shards of a projector that is gone wait for another, in seconds:
    /// `ARIS_PROJECTION_LEASE_SECONDS`, 10 by default.
    pub lease: Duration,
    /// How long it is kept who did what: `ARIS_ACTIONS_DAYS`, 400 by default.
    pub retention: Retention,
    /// Connections for queries: `ARIS_PROJECTION_QUERY_CONNECTIONS`, 16 by default.
    pub query_connections: u32,
}

impl Config {
    /// The default of [`workers`](Self::workers).
    pub const WORKERS: usize = 4;
    /// The default of [`lease`](Self::lease), in seconds.
    pub const LEASE_SECONDS: u64 = 10;
    /// The default of [`query_connections`](Self::query_connections).
    pub const QUERY_CONNECTIONS: u32 = 16;

    /// The settings from the environment.
    ///
    /// # Errors
    /// When a variable is missing or makes no sense.
    pub fn from_env() -> anyhow::Result<Self> {
        let seconds = env_parsed("ARIS_PROJECTION_LEASE_SECONDS", Self::LEASE_SECONDS, "number of seconds")?;
        Ok(Self {
            projection_url: secret("ARIS_PROJECTION_URL")?,
            reader_url: secret("ARIS_READER_URL")?,
            personal: personal_data::Settings {
                url: env_required("ARIS_PERSONAL_URL")?,
                master: MasterKey::from_env()?,
            },
            nats_url: env_required("ARIS_NATS_URL")?,
            namespace: config::namespace()?,
            keys: KeySource::from_env()?,
            node: env_or("ARIS_NODE", &default_node()),
            workers: env_parsed("ARIS_PROJECTION_WORKERS", Self::WORKERS, "number of workers")?,
            lease: Duration::from_secs(seconds.max(1)),
            retention: Retention::from_env()?,
            query_connections: env_parsed(
                "ARIS_PROJECTION_QUERY_CONNECTIONS",
                Self::QUERY_CONNECTIONS,
                "number of connections",
            )?,
        })
    }
}

fn secret(name: &'static str) -> Result<Secret, ConfigError> {
    env_required(name).map(Secret::from)
}

fn default_node() -> String {
    format!("{}-{}", env_or("HOSTNAME", "node"), std::process::id())
}
