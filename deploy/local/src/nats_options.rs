//! What can be chosen about a NATS server.

use std::path::PathBuf;
use std::time::Duration;

use crate::paths::beside;

/// The servers of a NATS cluster, as one of them sees them.
#[derive(Debug, Clone)]
pub struct NatsCluster {
    /// The name of the cluster.
    pub name: String,
    /// The ports on 127.0.0.1 where the servers meet; clients use others.
    pub ports: Vec<u16>,
    /// Which of them this server is, from 0.
    pub place: usize,
}

impl NatsCluster {
    /// Its part of the configuration file. Clients are not told of the other servers: they know them.
    pub(crate) fn config(&self) -> String {
        let own = self.ports.get(self.place).copied().unwrap_or_default();
        let others = self.ports.iter().filter(|port| **port != own);
        let routes: Vec<_> = others.map(|port| format!("nats-route://127.0.0.1:{port}")).collect();
        format!(
            "cluster {{\n  name: {}\n  listen: \"127.0.0.1:{own}\"\n  routes: {}\n  no_advertise: true\n}}\n",
            serde_json::json!(self.name),
            serde_json::json!(routes)
        )
    }
}

/// How to start a NATS server. Make it with [`NatsOptions::new`] and change what you need.
#[derive(Debug, Clone)]
pub struct NatsOptions {
    /// Where JetStream keeps its streams: used if it is there, made if not. Beside it lie
    /// `<store_dir>.lock` and other small files, so give it a parent folder of your own.
    pub store_dir: PathBuf,
    /// The port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// The log file; `None` is `<store_dir>.log`.
    pub log_file: Option<PathBuf>,
    /// Whether a stored message is on the disk before it is acknowledged (`sync_interval: always`).
    /// Without it, a loss of power may take acknowledged messages of the last minutes along.
    pub sync_always: bool,
    /// Most bytes that all streams together may take of the disk; `None` leaves it to the server.
    pub max_file_store: Option<u64>,
    /// The cluster that it is a member of; `None` is a server by itself.
    pub cluster: Option<NatsCluster>,
    /// Further lines of the server's configuration file.
    pub extra_config: String,
    /// How long the server may take to shut down before it is killed (in whole seconds); 0 s kills
    /// at once, also at a restart.
    pub grace: Duration,
    /// Remove the store when the server is stopped, dropped, or its owner dies.
    pub remove_data: bool,
    /// How long to wait for the first answer.
    pub ready_within: Duration,
}

impl NatsOptions {
    /// A durable server on a free port that keeps its data.
    #[must_use]
    pub fn new(store_dir: impl Into<PathBuf>) -> Self {
        Self {
            store_dir: store_dir.into(),
            port: None,
            log_file: None,
            sync_always: true,
            max_file_store: None,
            cluster: None,
            extra_config: String::new(),
            grace: Duration::from_secs(10),
            remove_data: false,
            ready_within: Duration::from_secs(60),
        }
    }

    /// A server for a test: quick (no sync per message), killed at once and removed when its owner
    /// is done with it.
    #[must_use]
    pub fn throw_away(store_dir: impl Into<PathBuf>) -> Self {
        Self { grace: Duration::ZERO, remove_data: true, sync_always: false, ..Self::new(store_dir) }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.log_file.clone().unwrap_or_else(|| beside(&self.store_dir, "log"))
    }
}
