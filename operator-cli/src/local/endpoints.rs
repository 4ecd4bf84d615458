//! Where a running local installation listens.

use super::{read, write_whole};
use crate::cli::ServiceName;
use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Addresses of a running local installation; with one process all are the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    /// Commands, `http://…`.
    pub(crate) command: String,
    /// Queries, `http://…`.
    pub(crate) projection: String,
    /// Sockets, `http://…`.
    pub(crate) gateway: String,
    /// Only health and metrics, `http://…`.
    pub(crate) relay: String,
    /// Log-in, `http://…`.
    pub(crate) identity: String,
    /// The port of the private MySQL server on 127.0.0.1.
    pub(crate) mysql_port: u16,
    /// The port of the private NATS server on 127.0.0.1.
    pub(crate) nats_port: u16,
}

const FILE: &str = "endpoints.json";

impl Endpoints {
    /// All services in one process at this port.
    pub(crate) fn together(port: u16, mysql_port: u16, nats_port: u16) -> Self {
        let url = format!("http://127.0.0.1:{port}");
        Self {
            command: url.clone(),
            projection: url.clone(),
            gateway: url.clone(),
            relay: url.clone(),
            identity: url,
            mysql_port,
            nats_port,
        }
    }

    /// One process per service, from this port on.
    pub(crate) fn apart(first_port: u16, mysql_port: u16, nats_port: u16) -> Self {
        let url = |offset: u16| format!("http://127.0.0.1:{}", first_port.saturating_add(offset));
        Self {
            command: url(0),
            projection: url(1),
            gateway: url(2),
            relay: url(3),
            identity: url(4),
            mysql_port,
            nats_port,
        }
    }

    /// Where a service listens.
    pub(crate) fn of(&self, service: ServiceName) -> &str {
        match service {
            ServiceName::Command | ServiceName::All => &self.command,
            ServiceName::Projection => &self.projection,
            ServiceName::Gateway => &self.gateway,
            ServiceName::Relay => &self.relay,
            ServiceName::Identity => &self.identity,
        }
    }

    /// The socket's address.
    pub(crate) fn realtime(&self) -> String {
        format!("{}/v1/realtime", self.gateway.replacen("http", "ws", 1))
    }

    pub(crate) fn write(&self, local: &Path) -> Result<()> {
        write_whole(&local.join(FILE), &serde_json::to_string_pretty(self)?)
    }

    pub(crate) fn read(local: &Path) -> Result<Self> {
        serde_json::from_str(&read(&local.join(FILE))?).context("endpoints.json is damaged: start `aris up` again")
    }

    pub(crate) fn remove(local: &Path) {
        // Who finds it gone knows that nothing runs; a leftover only makes for a slower message.
        let _ = std::fs::remove_file(local.join(FILE));
    }
}
