//! A MySQL server of one's own.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::ServerError;
use crate::find::Binaries;
use crate::install::MysqlInstall;
use crate::lock;
use crate::mysql_command::{command, init_file, percent_encoded};
use crate::mysql_group::MysqlGroup;
use crate::mysql_options::MysqlOptions;
use crate::paths::{absolute, beside};
use crate::progress::{Progress, QuietProgress};
use crate::ready::{Question, mysql_greets, rotate};
use crate::slot::Slot;
use crate::supervise::{Plan, Supervised};
use crate::{datadir, ports};

const SERVER: &str = "MySQL";

/// A running MySQL server. Dropping it ends the server in the background; [`stop`](Self::stop)
/// waits for the end. If this process dies in any way, the server ends too.
pub struct MysqlServer {
    install: MysqlInstall,
    options: MysqlOptions,
    port: u16,
    slot: Slot,
}

impl MysqlServer {
    /// Starts a server and returns once it answers.
    ///
    /// # Errors
    /// When the server cannot be started or does not answer in time; the text has the end of its log.
    pub fn start(binaries: &Binaries, options: MysqlOptions, progress: &dyn Progress) -> Result<Self, ServerError> {
        let install = binaries.mysqld.clone();
        let options = MysqlOptions { data_dir: absolute(&options.data_dir)?, ..options };
        let (port, running) = ports::with_port(options.port, |port| launch(&install, &options, port, progress))?;
        // It began its group; from now on it joins.
        let group = options.group.map(|group| MysqlGroup { bootstraps: false, ..group });
        let options = MysqlOptions { group, ..options };
        Ok(Self { install, options, port, slot: Slot::new(SERVER, running) })
    }

    /// The port on 127.0.0.1; the same after a restart.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the administrator, without a database.
    #[must_use]
    pub fn admin_url(&self) -> String {
        let password = self.options.root_password.as_deref().filter(|p| !p.is_empty());
        let password = password.map(|p| format!(":{}", percent_encoded(p))).unwrap_or_default();
        format!("mysql://root{password}@127.0.0.1:{}", self.port)
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.options.data_dir
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
        self.slot.replace(|| launch(&self.install, &self.options, self.port, &QuietProgress))
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

impl fmt::Debug for MysqlServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MysqlServer")
            .field("port", &self.port)
            .field("data_dir", &self.options.data_dir)
            .finish_non_exhaustive()
    }
}

fn launch(
    install: &MysqlInstall,
    options: &MysqlOptions,
    port: u16,
    progress: &dyn Progress,
) -> Result<Supervised, ServerError> {
    let data = &options.data_dir;
    let lock = lock::take(data, progress)?;
    datadir::ensure(install, data, progress)?;
    let pid_file = beside(data, "pid");
    datadir::sweep(&pid_file, options.socket.as_deref());
    let log = options.log();
    rotate(&log)?;
    let init_file = init_file(options)?;
    let running = Supervised::start(Plan {
        server: SERVER,
        command: &command(install, options, port, &pid_file)?,
        log: &log,
        grace: options.grace,
        remove: options.remove_data.then_some(data),
        lock,
    })?;
    let question = Question { server: SERVER, port, log: &log, patience: options.ready_within };
    // The pid file is written after the port was taken: so it is this server that greets, and not
    // another one that was quicker to take the port.
    let ready = question.wait(running, |stream| pid_file.is_file() && mysql_greets(stream));
    if let Some(init_file) = init_file {
        let _ = fs::remove_file(init_file);
    }
    ready
}
