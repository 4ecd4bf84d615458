//! One MySQL and one NATS server per test process, on free ports.

use local_servers::{Binaries, MysqlOptions, MysqlServer, NatsOptions, NatsServer, TerminalProgress, obtain};
use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

/// Running servers. They end, and their data goes, with the process.
pub struct Servers {
    /// Where the programs were found, to start more servers.
    pub binaries: Binaries,
    /// The MySQL server.
    pub mysql: MysqlServer,
    /// The NATS server.
    pub nats: NatsServer,
}

/// The servers that all tests of this process share.
///
/// # Panics
/// When they cannot be had; the message says why and what to do.
#[must_use]
pub fn servers() -> &'static Servers {
    static SERVERS: OnceLock<Servers> = OnceLock::new();
    SERVERS.get_or_init(|| {
        let binaries = obtain(&TerminalProgress).unwrap_or_else(|error| panic!("{error}"));
        start(binaries, &folder("shared"), |nats| nats)
    })
}

/// Servers of a test's own, for tests that stop, freeze or wipe them.
///
/// # Panics
/// When they cannot be started.
#[must_use]
pub fn own_servers(name: &str) -> Servers {
    own_servers_with(name, |nats| nats)
}

/// The same, with a NATS server that is not like the others.
///
/// # Panics
/// When they cannot be started.
#[must_use]
pub fn own_servers_with(name: &str, nats: impl FnOnce(NatsOptions) -> NatsOptions) -> Servers {
    start(servers().binaries.clone(), &folder(name), nats)
}

fn start(binaries: Binaries, folder: &Path, nats: impl FnOnce(NatsOptions) -> NatsOptions) -> Servers {
    let mysql = MysqlServer::start(&binaries, MysqlOptions::throw_away(folder.join("mysql")), &TerminalProgress)
        .unwrap_or_else(|error| panic!("{error}"));
    let nats = nats(NatsOptions::throw_away(folder.join("nats")));
    let nats = NatsServer::start(&binaries, nats, &TerminalProgress).unwrap_or_else(|error| panic!("{error}"));
    Servers { binaries, mysql, nats }
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("arisgourmet-test-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{} cannot be made: {error}", folder.display()));
    folder
}
