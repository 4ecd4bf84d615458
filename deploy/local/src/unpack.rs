//! Copies of the servers, unpacked into the cache folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::apt::Apt;
use crate::archive::Archive;
use crate::cache;
use crate::exec::output;
use crate::progress::Progress;
use crate::version::{LEAST_MYSQL, LEAST_NATS, Version};

/// A server as the archives know it.
pub(crate) struct Wanted {
    /// What messages and the cache folder call it.
    pub(crate) name: &'static str,
    /// Sets of packages, the preferred set first; the first package of a set has the version.
    choices: &'static [&'static [&'static str]],
    least: Version,
    /// Whether the libraries come along.
    closure: bool,
}

/// The MySQL server and its client programs.
pub(crate) const MYSQL: Wanted = Wanted {
    name: "mysql",
    choices: &[&["mysql-server-core", "mysql-client-core"], &["mysql-server-core-8.4", "mysql-client-core-8.4"]],
    least: LEAST_MYSQL,
    closure: true,
};

/// The NATS server: a program that needs nothing but a C library of any age.
pub(crate) const NATS: Wanted =
    Wanted { name: "nats", choices: &[&["nats-server"]], least: LEAST_NATS, closure: false };

/// Where a finished copy lies.
pub(crate) fn place(cache: &Path, wanted: &Wanted) -> PathBuf {
    cache.join(wanted.name)
}

/// What the marker of a finished copy says ("9.7.4-2 from Debian unstable"); `None` without one.
pub(crate) fn marker(prefix: &Path) -> Option<String> {
    let text = fs::read_to_string(prefix.join(MARKER)).ok()?;
    let marker: serde_json::Value = serde_json::from_str(&text).ok()?;
    Some(format!("{} from {}", marker["version"].as_str()?, marker["archive"].as_str()?))
}

const MARKER: &str = "arisgourmet.json";

/// A package archive whose index was read. Dropping it removes its files.
pub(crate) struct OpenArchive {
    archive: Archive,
    apt: Apt,
    workshop: PathBuf,
}

impl OpenArchive {
    /// Reads the index of the archive that suits this machine. Call it with the lock of the cache
    /// held.
    pub(crate) fn open(cache: &Path, progress: &dyn Progress) -> Result<Self, String> {
        let archive = Archive::of_this_machine()?;
        let workshop = cache::workshop(cache, "servers")?;
        let apt = Apt::open(workshop.join("apt"), &archive, progress)?;
        Ok(Self { archive, apt, workshop })
    }

    /// Downloads and unpacks a server, and puts it into its place in one step, once `check` accepts it.
    pub(crate) fn unpack(
        &self,
        wanted: &Wanted,
        cache: &Path,
        check: impl FnOnce(&Path) -> Result<(), String>,
        progress: &dyn Progress,
    ) -> Result<(), String> {
        let (packages, version) = self.choose(wanted)?;
        let packages = if wanted.closure {
            self.apt.closure(packages)?
        } else {
            packages.iter().map(|p| (*p).to_owned()).collect()
        };
        let name = wanted.name;
        progress.step(&format!("Downloading {name} {version} ({} packages)", packages.len()));
        let debs = self.apt.download(&packages, &self.workshop.join(format!("{name}-packages")), progress)?;
        progress.step(&format!("Unpacking {name} {version}"));
        let prefix = self.workshop.join(name);
        for (n, deb) in debs.iter().enumerate() {
            output(Command::new("dpkg-deb").arg("-x").arg(deb).arg(&prefix))?;
            progress.advance(n as u64 + 1, debs.len() as u64);
        }
        trim(&prefix);
        check(&prefix).map_err(|why| format!("the copy of {name} {version} {why}"))?;
        let marker = serde_json::json!({ "version": version, "archive": self.archive.name() });
        fs::write(prefix.join(MARKER), marker.to_string())
            .map_err(|e| format!("cannot write the marker of {name}: {e}"))?;
        cache::put(&prefix, &place(cache, wanted))?;
        progress.done(&format!("{name} {version} is ready"));
        Ok(())
    }

    /// The first set of packages that is new enough.
    fn choose<'w>(&self, wanted: &'w Wanted) -> Result<(&'w [&'static str], String), String> {
        let mut seen = Vec::new();
        for packages in wanted.choices {
            let Some(version) = self.apt.candidate(packages[0]) else { continue };
            if Version::parse_package(&version).is_some_and(|v| v >= wanted.least) {
                return Ok((packages, version));
            }
            seen.push(format!("{} {version}", packages[0]));
        }
        let found = if seen.is_empty() { format!("no {}", wanted.choices[0][0]) } else { seen.join(", ") };
        let complaint = self.apt.complaint().map(|c| format!(" ({c})")).unwrap_or_default();
        let (archive, least) = (self.archive.name(), wanted.least);
        Err(format!("{least} or newer is needed, and in {archive} there is {found}{complaint}"))
    }
}

impl Drop for OpenArchive {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.workshop);
    }
}

/// Drops what a server does not read.
fn trim(prefix: &Path) {
    for dir in ["doc", "man", "locale", "info", "lintian", "bug"] {
        let _ = fs::remove_dir_all(prefix.join("usr/share").join(dir));
    }
}
