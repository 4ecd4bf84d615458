//! What can be set.

use crate::{frames::Retry, limits::Timing};
use messaging::Namespace;
use service_kit::{
    config::{self, Secret, env_or, env_parsed, env_required},
    http::HttpConfig,
    tokens::KeySource,
};
use std::time::Duration;

/// Everything that the gateway can be told. Fails at start, not at use.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ARIS_READER_URL`: the event schema, with a user who may only read. Required.
    pub reader_url: Secret,
    /// `ARIS_NATS_URL`: one address, or several with commas. Required.
    pub nats_url: Secret,
    /// `ARIS_NATS_PREFIX`: what subjects start with; default empty.
    pub namespace: Namespace,
    /// `ARIS_JWKS_FILE` or `ARIS_JWKS_URL`: the public keys that tokens are verified with. Required.
    pub keys: KeySource,
    /// `ARIS_CORS_ORIGINS`: pages that may connect, with commas; default none.
    pub origins: Vec<String>,
    /// `ARIS_NODE`: the name of this process that clients and operators see; default `gateway-<process id>`.
    pub node: String,
    /// `ARIS_REALTIME_CONNECTIONS_MAX`: connections at a time; default 20,000.
    pub connections_max: usize,
    /// `ARIS_REALTIME_ACCEPTS_PER_SECOND`: new connections per second, and that many at once; more are
    /// answered 503 and come back; default 2,000.
    pub accepts_per_second: u32,
    /// `ARIS_REALTIME_RINGS_MAX`: restaurants that are followed at a time; default 5,000.
    pub rings_max: usize,
    /// `ARIS_REALTIME_RING_EVENTS`: newest events of each that are held in memory; default 1,024.
    pub ring_events: usize,
    /// `ARIS_REALTIME_RING_BYTES`: and most bytes of them; default 1 MiB.
    pub ring_bytes: usize,
    /// Times; `ARIS_REALTIME_DRAIN_MS` sets the window over which clients are sent away at shutdown;
    /// default 5,000.
    pub timing: Timing,
    /// How clients are told to come back after a break.
    pub retry: Retry,
}

impl Config {
    /// A gateway over these servers, with defaults for the rest.
    #[must_use]
    pub fn new(reader_url: impl Into<Secret>, nats_url: impl Into<Secret>, keys: impl Into<KeySource>) -> Self {
        Self {
            reader_url: reader_url.into(),
            nats_url: nats_url.into(),
            namespace: Namespace::production(),
            keys: keys.into(),
            origins: Vec::new(),
            node: format!("gateway-{}", std::process::id()),
            connections_max: 20_000,
            accepts_per_second: 2_000,
            rings_max: 5_000,
            ring_events: 1_024,
            ring_bytes: 1024 * 1024,
            timing: Timing::default(),
            retry: Retry::default(),
        }
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// When something required is missing or a number is none; the message names the variable.
    pub fn from_env() -> anyhow::Result<Self> {
        let (reader, nats) = (env_required("ARIS_READER_URL")?, env_required("ARIS_NATS_URL")?);
        let defaults = Self::new(reader, nats, KeySource::from_env()?);
        let number = |name, default: usize| env_parsed(name, default, "whole number");
        let drain = env_parsed("ARIS_REALTIME_DRAIN_MS", 5_000_u64, "whole number of milliseconds")?;
        Ok(Self {
            namespace: config::namespace()?,
            origins: HttpConfig::from_env()?.cors_origins,
            node: env_or("ARIS_NODE", &defaults.node),
            connections_max: number("ARIS_REALTIME_CONNECTIONS_MAX", defaults.connections_max)?,
            accepts_per_second: env_parsed(
                "ARIS_REALTIME_ACCEPTS_PER_SECOND",
                defaults.accepts_per_second,
                "whole number",
            )?,
            rings_max: number("ARIS_REALTIME_RINGS_MAX", defaults.rings_max)?,
            ring_events: number("ARIS_REALTIME_RING_EVENTS", defaults.ring_events)?,
            ring_bytes: number("ARIS_REALTIME_RING_BYTES", defaults.ring_bytes)?,
            timing: Timing { drain_window: Duration::from_millis(drain), ..Timing::default() },
            ..defaults
        })
    }
}
