//! A NATS server with JetStream of one's own.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::ServerError;
use crate::find::Binaries;
use crate::lock;
use crate::nats_options::{NatsCluster, NatsOptions};
use crate::paths::{absolute, beside};
use crate::ports;
use crate::progress::{Progress, QuietProgress};
use crate::ready::{Question, nats_greets, rotate};
use crate::slot::Slot;
use crate::supervise::{Plan, Supervised};

const SERVER: &str = "NATS";

/// A running NATS server. Dropping it ends the server in the background; [`stop`](Self::stop)
/// waits for the end. If this process dies in any way, the server ends too.
pub struct NatsServer {
    program: PathBuf,
    options: NatsOptions,
    /// The same after a restart: the others of a cluster know it by its name.
    name: String,
    port: u16,
    slot: Slot,
}

impl NatsServer {
    /// Starts a server and returns once it answers, with JetStream.
    ///
    /// # Errors
    /// When the server cannot be started or does not answer in time; the text has the end of its log.
    pub fn start(binaries: &Binaries, options: NatsOptions, progress: &dyn Progress) -> Result<Self, ServerError> {
        let program = binaries.nats_server.clone();
        let options = NatsOptions { store_dir: absolute(&options.store_dir)?, ..options };
        let name = unique_name();
        let (port, running) = ports::with_port(options.port, |port| launch(&program, &options, &name, port, progress))?;
        Ok(Self { program, options, name, port, slot: Slot::new(SERVER, running) })
    }

    /// The port on 127.0.0.1; the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL for clients.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// What the server calls itself, also after a restart.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The folder of the streams.
    #[must_use]
    pub fn store_dir(&self) -> &Path {
        &self.options.store_dir
    }

    /// The log file.
    #[must_use]
    pub fn log_file(&self) -> PathBuf {
        self.options.log()
    }

    /// The process id of the server itself; `None` while it does not run.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.slot.pid()
    }

    /// Shuts the server down and waits for its end; kills it if it takes longer than its grace.
    ///
    /// # Errors
    /// When the process does not end at all.
    pub fn stop(self) -> Result<(), ServerError> {
        self.slot.stop()
    }

    /// `kill -9`, as a test of what survives it. [`restart`](Self::restart) goes on with the data.
    ///
    /// # Errors
    /// When the process does not end.
    pub fn kill_hard(&self) -> Result<(), ServerError> {
        self.slot.kill()
    }

    /// Starts again on the same port and the same data; shuts down first what runs.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&self) -> Result<(), ServerError> {
        self.start_again(false)
    }

    /// Kills the server, empties its store, and starts it on the same port: the loss of its disk.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn wipe_store_and_restart(&self) -> Result<(), ServerError> {
        self.kill_hard()?;
        self.start_again(true)
    }

    fn start_again(&self, wipe: bool) -> Result<(), ServerError> {
        self.slot.replace(|| {
            let store = &self.options.store_dir;
            if wipe && store.exists() {
                fs::remove_dir_all(store).map_err(ServerError::io("empty", store))?;
            }
            launch(&self.program, &self.options, &self.name, self.port, &QuietProgress)
        })
    }

    /// Freezes the server (SIGSTOP): it neither answers nor refuses.
    ///
    /// # Errors
    /// When it does not run.
    pub fn pause(&self) -> Result<(), ServerError> {
        self.slot.signal("STOP")
    }

    /// Ends a [`pause`](Self::pause).
    ///
    /// # Errors
    /// When it does not run.
    pub fn resume(&self) -> Result<(), ServerError> {
        self.slot.signal("CONT")
    }
}

impl fmt::Debug for NatsServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NatsServer")
            .field("port", &self.port)
            .field("store_dir", &self.options.store_dir)
            .finish_non_exhaustive()
    }
}

fn launch(
    program: &Path,
    options: &NatsOptions,
    name: &str,
    port: u16,
    progress: &dyn Progress,
) -> Result<Supervised, ServerError> {
    let store = &options.store_dir;
    let lock = lock::take(store, progress)?;
    fs::create_dir_all(store).map_err(ServerError::io("create", store))?;
    let config = beside(store, "conf");
    fs::write(&config, config_text(options)).map_err(ServerError::io("write", &config))?;
    let log = options.log();
    rotate(&log)?;
    let mut command = Command::new(program);
    command.arg("-c").arg(&config).args(["-a", "127.0.0.1", "-p", &port.to_string(), "-n", name]);
    let running = Supervised::start(Plan {
        server: SERVER,
        command: &command,
        log: &log,
        grace: options.grace,
        remove: options.remove_data.then_some(store),
        lock,
    })?;
    let question = Question { server: SERVER, port, log: &log, patience: options.ready_within };
    question.wait(running, |stream| nats_greets(stream, name))
}

fn config_text(options: &NatsOptions) -> String {
    // JSON strings are what the configuration's quoted strings are.
    let store = serde_json::Value::from(options.store_dir.to_string_lossy());
    let sync = if options.sync_always { "\n  sync_interval: always" } else { "" };
    let most = options.max_file_store.map(|bytes| format!("\n  max_file_store: {bytes}")).unwrap_or_default();
    let cluster = options.cluster.as_ref().map(NatsCluster::config).unwrap_or_default();
    format!("jetstream {{\n  store_dir: {store}{sync}{most}\n}}\n{cluster}{}\n", options.extra_config)
}

/// A name that no other running server has, so that a greeting tells who it is from.
fn unique_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("aris-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
