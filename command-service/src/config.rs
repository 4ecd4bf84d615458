//! Settings.

use domain::limits::COMMITTER_QUEUE_MAX;
use event_store::committer::CommitterConfig;
use messaging::Namespace;
use personal_data::MasterKey;
use service_kit::{
    config::{self, Secret, env_or, env_parsed, env_required},
    tokens::KeySource,
};

/// Mebibytes of aggregates that one committer remembers, unless it is set.
const CACHE_MIB: usize = 64;

/// Where a phone goes that scans a table, unless it is set: this very machine.
const TABLE_CODE_URL: &str = "http://127.0.0.1:8080/t/";

/// Who may sign a tenant up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Anybody.
    Open,
    /// Nobody.
    Closed,
}

impl std::str::FromStr for SignUp {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "open" => Ok(Self::Open),
            "closed" => Ok(Self::Closed),
            _ => Err(()),
        }
    }
}

/// Settings of the command-service. Fails at start, not at use.
#[derive(Debug, Clone)]
pub struct Config {
    /// `ARIS_WRITER_URL`: the event schema, with the user that may append. Required.
    pub writer_url: Secret,
    /// `ARIS_NATS_URL`: one address, or several with commas. Required.
    pub nats_url: String,
    /// `ARIS_NATS_PREFIX`: what subjects start with; default empty.
    pub namespace: Namespace,
    /// `ARIS_JWKS_FILE` or `ARIS_JWKS_URL`: the public keys that tokens are verified with. Required.
    pub keys: KeySource,
    /// `ARIS_PERSONAL_URL` and `ARIS_MASTER_KEY_FILE`: where the keys of people are, and what wraps them. Printed
    /// table codes, digits and passes of guests follow from the master key too. Required; the identity-service has
    /// the same.
    pub personal: personal_data::Settings,
    /// `ARIS_TABLE_CODE_URL`: what the address in a printed code starts with; default
    /// `http://127.0.0.1:8080/t/`.
    pub table_code_url: String,
    /// `ARIS_SIGN_UP`: `open` lets anybody sign a tenant up; default `closed`.
    pub sign_up: SignUp,
    /// `ARIS_NODE`: the name of this process that operators see; default `command-<process id>`.
    pub node: String,
    /// `ARIS_COMMITTERS`: how many committers work at once, each on its own connection; default two for each
    /// core.
    pub committers: usize,
    /// `ARIS_COMMITTER_QUEUE`: commands that one committer may have, waiting or being committed; default
    /// 1,024.
    pub queue: usize,
    /// `ARIS_COMMITTER_CACHE_MIB`: mebibytes that one committer may remember; default 64.
    pub cache_mib: usize,
}

impl Config {
    /// A command-service for these servers and keys, with defaults for the rest.
    #[must_use]
    pub fn new(
        writer_url: impl Into<Secret>,
        personal: personal_data::Settings,
        nats_url: impl Into<String>,
        keys: impl Into<KeySource>,
    ) -> Self {
        Self {
            writer_url: writer_url.into(),
            personal,
            sign_up: SignUp::Closed,
            nats_url: nats_url.into(),
            namespace: Namespace::production(),
            keys: keys.into(),
            table_code_url: TABLE_CODE_URL.to_owned(),
            node: format!("command-{}", std::process::id()),
            committers: CommitterConfig::new("").committers,
            queue: COMMITTER_QUEUE_MAX,
            cache_mib: CACHE_MIB,
        }
    }

    /// Reads the environment.
    ///
    /// # Errors
    /// When something required is missing or a number is none; the message names the variable.
    pub fn from_env() -> anyhow::Result<Self> {
        let defaults = Self::new(
            env_required("ARIS_WRITER_URL")?,
            personal_data::Settings { url: env_required("ARIS_PERSONAL_URL")?, master: MasterKey::from_env()? },
            env_required("ARIS_NATS_URL")?,
            KeySource::from_env()?,
        );
        Ok(Self {
            namespace: config::namespace()?,
            table_code_url: env_or("ARIS_TABLE_CODE_URL", &defaults.table_code_url),
            sign_up: env_parsed("ARIS_SIGN_UP", SignUp::Closed, "`open` or `closed`")?,
            node: env_or("ARIS_NODE", &defaults.node),
            committers: at_least_one("ARIS_COMMITTERS", defaults.committers)?,
            queue: at_least_one("ARIS_COMMITTER_QUEUE", defaults.queue)?,
            cache_mib: at_least_one("ARIS_COMMITTER_CACHE_MIB", defaults.cache_mib)?,
            ..defaults
        })
    }

    pub(crate) fn committer(&self) -> CommitterConfig {
        CommitterConfig {
            committers: self.committers,
            queue: self.queue,
            cache_bytes: self.cache_mib.saturating_mul(1024 * 1024),
            ..CommitterConfig::new(self.writer_url.expose())
        }
    }
}

fn at_least_one(name: &'static str, default: usize) -> anyhow::Result<usize> {
    let number = env_parsed(name, default, "whole number")?;
    anyhow::ensure!(number > 0, "{name} must be more than 0");
    Ok(number)
}
