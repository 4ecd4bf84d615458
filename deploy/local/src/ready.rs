//! Waiting for a server by asking it.

use std::fs;
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::error::ServerError;
use crate::supervise::Supervised;

/// Who is asked, and for how long.
pub(crate) struct Question<'a> {
    pub(crate) server: &'static str,
    pub(crate) port: u16,
    pub(crate) log: &'a Path,
    pub(crate) patience: Duration,
}

impl Question<'_> {
    /// Asks again and again until `answers` is true, the server ends, or the time is over. A server
    /// that does not become ready is ended, keeping its data.
    pub(crate) fn wait(
        &self,
        running: Supervised,
        answers: impl Fn(&mut TcpStream) -> bool,
    ) -> Result<Supervised, ServerError> {
        match self.ask(&running, answers) {
            Ok(()) => Ok(running),
            Err(why) => {
                let _ = running.end(true);
                Err(why)
            }
        }
    }

    fn ask(&self, running: &Supervised, answers: impl Fn(&mut TcpStream) -> bool) -> Result<(), ServerError> {
        let (server, port, log) = (self.server, self.port, self.log.to_owned());
        let deadline = Instant::now() + self.patience;
        loop {
            if let Some(code) = running.exit() {
                return Err(ServerError::EndedEarly { server, code, tail: tail(&log), log });
            }
            if connect(port).is_some_and(|mut stream| answers(&mut stream)) {
                return Ok(());
            }
            if Instant::now() > deadline {
                let seconds = self.patience.as_secs();
                return Err(ServerError::NotReady { server, port, seconds, tail: tail(&log), log });
            }
            // Only the pace of asking: nothing is assumed to be ready after it.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

fn connect(port: u16) -> Option<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    Some(stream)
}

/// Whether a MySQL server greets: a packet header, then protocol version 10. (An error packet,
/// such as "too many connections", has 255 there.)
pub(crate) fn mysql_greets(stream: &mut TcpStream) -> bool {
    let mut start = [0; 5];
    stream.read_exact(&mut start).is_ok() && start[4] == 10
}

/// Whether the NATS server of this name greets, with JetStream on. The name tells it from another
/// server that took the same port first.
pub(crate) fn nats_greets(stream: &mut TcpStream, name: &str) -> bool {
    let mut greeting = Vec::new();
    let mut byte = [0; 1];
    while greeting.len() < 16_384 && stream.read_exact(&mut byte).is_ok() && byte[0] != b'\n' {
        greeting.push(byte[0]);
    }
    let info = greeting.strip_prefix(b"INFO ").unwrap_or_default();
    let info: serde_json::Value = serde_json::from_slice(info).unwrap_or_default();
    info["server_name"] == name && info["jetstream"] == true
}

/// The last lines of a log, for an error message.
pub(crate) fn tail(log: &Path) -> String {
    let read = || -> std::io::Result<String> {
        let mut file = fs::File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(8_192)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let text = read().unwrap_or_else(|e| format!("(cannot be read: {e})"));
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

/// Makes room for a log: a large one of earlier runs moves aside, once.
pub(crate) fn rotate(log: &Path) -> Result<(), ServerError> {
    const LARGE: u64 = 20 * 1024 * 1024;
    if let Some(parent) = log.parent() {
        fs::create_dir_all(parent).map_err(ServerError::io("create", parent))?;
    }
    if fs::metadata(log).is_ok_and(|m| m.len() > LARGE) {
        fs::rename(log, crate::paths::beside(log, "old")).map_err(ServerError::io("rename", log))?;
    }
    Ok(())
}
