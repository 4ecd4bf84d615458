//! What can be set.

use messaging::Namespace;
use service_kit::config::{self, Secret, env_or, env_parsed, env_required};
use std::time::Duration;

/// Everything that the relay can be told. Fails at start, not at use.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ARIS_RELAY_URL`: the event schema, with the relay's user. Required.
    pub mysql_url: Secret,
    /// `ARIS_NATS_URL`: one address, or several with commas. Required.
    pub nats_url: Secret,
    /// `ARIS_NATS_PREFIX`: what subjects and stream start with; default empty.
    pub namespace: Namespace,
    /// `ARIS_NODE`: the name of this process that operators see; default `relay-<process id>`.
    pub node: String,
    /// `ARIS_RELAY_LEASE_MS`: after this time others take the shards of a relay that died; default 10,000.
    pub lease: Duration,
    /// `ARIS_RELAY_POLL_MS`: the longest time that a commit whose wake-up was lost waits; default 250.
    pub poll: Duration,
    /// `ARIS_RELAY_REFILL_POSITIONS`: how many of the last positions of a feed are put back into a
    /// stream that has lost them; default 1,000. It is bounded because the stream is a window, not a
    /// store: whoever misses more fills the hole from MySQL, page by page and only where needed,
    /// while a refill of everything would push what is new behind all that was ever there.
    pub refill_positions: u64,
    /// `ARIS_RELAY_RECONCILE_MS`: the pause between two comparisons of stream and heads; default 30,000.
    pub reconcile: Duration,
}

impl Config {
    /// A relay for these servers, with defaults for the rest.
    #[must_use]
    pub fn new(mysql_url: impl Into<Secret>, nats_url: impl Into<Secret>) -> Self {
        Self {
            mysql_url: mysql_url.into(),
            nats_url: nats_url.into(),
            namespace: Namespace::production(),
            node: format!("relay-{}", std::process::id()),
            lease: Duration::from_secs(10),
            poll: Duration::from_millis(250),
            refill_positions: 1_000,
            reconcile: Duration::from_secs(30),
        }
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// When something required is missing or a number is none; the message names the variable.
    pub fn from_env() -> anyhow::Result<Self> {
        let defaults = Self::new(env_required("ARIS_RELAY_URL")?, env_required("ARIS_NATS_URL")?);
        Ok(Self {
            namespace: config::namespace()?,
            node: env_or("ARIS_NODE", &defaults.node),
            lease: millis("ARIS_RELAY_LEASE_MS", defaults.lease)?,
            poll: millis("ARIS_RELAY_POLL_MS", defaults.poll)?,
            refill_positions: env_parsed("ARIS_RELAY_REFILL_POSITIONS", defaults.refill_positions, "whole number")?,
            reconcile: millis("ARIS_RELAY_RECONCILE_MS", defaults.reconcile)?,
            ..defaults
        })
    }
}

fn millis(name: &'static str, default: Duration) -> anyhow::Result<Duration> {
    let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
    let millis = env_parsed(name, default, "whole number of milliseconds")?;
    anyhow::ensure!(millis > 0, "{name} must be more than 0");
    Ok(Duration::from_millis(millis))
}
