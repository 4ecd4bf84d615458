//! Servers as children that end with their owner.
//!
//! The owner may die by `kill -9`, and then runs no code at all. So a server is started by a small
//! shell that reads a pipe held by the owner: when the owner is gone, the kernel closes the pipe,
//! and the shell ends the server. Both are in a process group of their own, which Ctrl-C in the
//! owner's terminal does not reach: the owner decides when and in which order servers stop.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use crate::error::ServerError;
use crate::exec::signal;
use crate::fate::{Fate, LOST};
use crate::lock::DataLock;

const SCRIPT: &str = include_str!("supervise.sh");

/// What the supervisor needs to know about a server.
pub(crate) struct Plan<'a> {
    pub(crate) server: &'static str,
    pub(crate) command: &'a Command,
    pub(crate) log: &'a Path,
    /// How long it may take to obey SIGTERM; 0 s means SIGKILL at once.
    pub(crate) grace: Duration,
    /// A folder to remove when the owner lets go.
    pub(crate) remove: Option<&'a Path>,
    pub(crate) lock: DataLock,
}

/// A running server. Dropping it lets go: the supervisor ends the server in the background.
pub(crate) struct Supervised {
    server: &'static str,
    stdin: Option<ChildStdin>,
    pid: u32,
    grace: Duration,
    fate: Arc<Fate>,
    /// Says to other programs that this one uses the data.
    _owner: File,
}

impl Supervised {
    pub(crate) fn start(plan: Plan<'_>) -> Result<Self, ServerError> {
        let Plan { server, command, log, grace, remove, lock } = plan;
        let failed = |e: std::io::Error| ServerError::Command(format!("cannot start {server}: {e}"));
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", SCRIPT, "sh", &grace.as_millis().div_ceil(1000).to_string()])
            .arg(remove.unwrap_or(Path::new("")))
            .args([&lock.path, log])
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(lock.server)
            .process_group(0);
        let mut child = shell.spawn().map_err(failed)?;
        // The command still holds a copy of the lock.
        drop(shell);
        let stdin = child.stdin.take();
        let mut told = child
            .stdout
            .take()
            .map(BufReader::new)
            .ok_or_else(|| ServerError::Command(format!("cannot start {server}: no pipe to its supervisor")))?;
        let mut line = String::new();
        told.read_line(&mut line).map_err(failed)?;
        let pid = line.trim().strip_prefix("pid ").and_then(|n| n.parse().ok());
        let pid =
            pid.ok_or_else(|| ServerError::Command(format!("cannot start {server}: its supervisor ended at once")))?;
        let fate = Arc::new(Fate::default());
        let watched = Arc::clone(&fate);
        std::thread::spawn(move || watched.watch(told, child));
        Ok(Self { server, stdin, pid, grace, fate, _owner: lock.owner })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The exit code, if the server has ended; -1 if nobody saw how.
    pub(crate) fn exit(&self) -> Option<i32> {
        self.fate.get().exit
    }

    /// Sends a signal to the server itself, unless it has ended (its number may be another's now).
    pub(crate) fn signal(&self, name: &str) -> Result<(), ServerError> {
        if self.exit().is_some() {
            return Err(ServerError::NotRunning(self.server));
        }
        signal(name, self.pid).map_err(ServerError::Command)
    }

    /// SIGKILL, and waits for the end. No error when the server had ended already.
    pub(crate) fn kill(&self) -> Result<(), ServerError> {
        if self.exit().is_none() {
            let sent = signal("KILL", self.pid);
            if !self.fate.wait(Duration::from_secs(10), |s| s.exit.is_some()) {
                sent.map_err(ServerError::Command)?;
                return Err(self.survives());
            }
        }
        Ok(())
    }

    /// Ends the server gracefully and waits until everything is released. With `keep`, a folder
    /// that was to be removed stays.
    pub(crate) fn end(mut self, keep: bool) -> Result<(), ServerError> {
        if let Some(mut stdin) = self.stdin.take().filter(|_| keep) {
            // A supervisor that is gone cannot remove anything either.
            let _ = stdin.write_all(b"keep\n");
        }
        drop(self.stdin.take());
        let patience = self.grace + Duration::from_secs(10);
        if !self.fate.wait(patience, |s| s.released) {
            // The supervisor does not do its work: somebody may have killed it.
            self.kill()?;
            if !self.fate.wait(Duration::from_secs(10), |s| s.released) {
                return Err(self.survives());
            }
        }
        if self.fate.get().exit == Some(LOST) {
            // Nobody saw the server's end, so it may still be there.
            let _ = signal("KILL", self.pid);
        }
        Ok(())
    }

    fn survives(&self) -> ServerError {
        ServerError::Command(format!(
            "{} (process {}) does not end: end it by hand with `kill -9 {}`",
            self.server, self.pid, self.pid
        ))
    }
}
