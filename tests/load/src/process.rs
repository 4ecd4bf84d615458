//! A server of a run: started, asked for its time and memory, killed or ended.

use crate::processes::Usage;
use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{net::TcpStream, time::sleep};

/// How long a server may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How long it may take to end before it is killed.
const END_WITHIN: Duration = Duration::from_secs(20);
/// Time between two looks.
const LOOK: Duration = Duration::from_millis(25);

/// A running server. It ends when its standard input does, so also when this process is killed; dropping it kills it.
pub(crate) struct Process {
    name: String,
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts a command that listens on this port of 127.0.0.1; what it says goes into the log.
    pub(crate) fn start(name: &str, mut command: Command, port: u16, log: &Path) -> Result<Self> {
        let file = File::options().create(true).append(true).open(log)?;
        let child = command
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        Ok(Self { name: name.to_owned(), child, address })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it answers a GET of this path with 200.
    pub(crate) async fn ready(&mut self, path: &str) -> Result<()> {
        let end = Instant::now() + READY_WITHIN;
        let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                bail!("{} has ended with {status}", self.name);
            }
            if let Ok(stream) = TcpStream::connect(self.address).await
                && let Ok(answer) = crate::wire::Connection::new(stream)?.ask(request.as_bytes()).await
                && answer.status == 200
            {
                return Ok(());
            }
            sleep(LOOK).await;
        }
        bail!("{} is not ready after {READY_WITHIN:?}", self.name)
    }

    /// Time and memory of it and of all its children.
    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.child.id())
    }

    /// Stops it in the middle of whatever it does (SIGSTOP).
    pub(crate) fn freeze(&self) -> Result<()> {
        let status = Command::new("kill").args(["-STOP", &self.child.id().to_string()]).status()?;
        ensure!(status.success(), "{} cannot be frozen", self.name);
        Ok(())
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill().with_context(|| format!("{} cannot be killed", self.name))?;
        self.child.wait().with_context(|| format!("{} does not end", self.name))?;
        Ok(())
    }

    /// Ends it politely.
    pub(crate) async fn end(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let end = Instant::now() + END_WITHIN;
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < end, "{} does not end", self.name);
            sleep(LOOK).await;
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The lifeline first: a supervisor that is killed could not end what it supervises.
        drop(self.child.stdin.take());
        let end = Instant::now() + END_WITHIN;
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(LOOK);
        }
        // It has ended, or nothing more can be done for it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
