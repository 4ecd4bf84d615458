//! What can go wrong, in words that say what to do about it.

use std::fmt;
use std::path::{Path, PathBuf};

/// No suitable server could be had. Its text lists everything that was tried, and what helps.
#[derive(Debug)]
pub struct ObtainError {
    pub(crate) what: String,
    pub(crate) tried: Vec<String>,
    pub(crate) advice: String,
}

impl fmt::Display for ObtainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.what)?;
        if !self.tried.is_empty() {
            writeln!(f, "Tried:")?;
        }
        for line in &self.tried {
            writeln!(f, "  - {line}")?;
        }
        write!(f, "What you can do: {}", self.advice)
    }
}

impl std::error::Error for ObtainError {}

/// A server could not be started, asked or stopped.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A file or folder could not be used.
    #[error("cannot {what} {path}: {source}")]
    Io {
        /// What was attempted, as a verb ("create", "read").
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A helper program could not be run, or said no.
    #[error("{0}")]
    Command(String),
    /// The folder exists, holds something, and is no data folder of this server.
    #[error("{0} is not empty and is no MySQL data folder: choose another folder, or move its content away")]
    NotADataDir(PathBuf),
    /// Another server still uses the data.
    #[error(
        "{data} is still in use by another server ({holder}): \
         stop the program that started it, then start again"
    )]
    InUse {
        /// The data folder.
        data: PathBuf,
        /// What the lock file says about the holder.
        holder: String,
    },
    /// The server ended before it answered.
    #[error("{server} ended before it was ready (exit code {code}). The end of its log {log}:\n{tail}")]
    EndedEarly {
        /// Which server.
        server: &'static str,
        /// Its exit code; above 128 it was ended by the signal `code - 128`.
        code: i32,
        /// Its log file.
        log: PathBuf,
        /// The last lines of that file.
        tail: String,
    },
    /// The server runs but did not answer in time.
    #[error("{server} did not answer on port {port} within {seconds} s. The end of its log {log}:\n{tail}")]
    NotReady {
        /// Which server.
        server: &'static str,
        /// Where it was asked.
        port: u16,
        /// How long it was asked.
        seconds: u64,
        /// Its log file.
        log: PathBuf,
        /// The last lines of that file.
        tail: String,
    },
    /// The server does not run (it was killed or stopped).
    #[error("{0} is not running: call restart() first")]
    NotRunning(&'static str),
    /// No free port was found.
    #[error("no free port was found between {from} and {to} on 127.0.0.1")]
    NoFreePort {
        /// First port that may be chosen.
        from: u16,
        /// Last port that may be chosen.
        to: u16,
    },
}

impl ServerError {
    /// For `map_err`: the operation and the path that an I/O error belongs to.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io { what, path, source }
    }
}
