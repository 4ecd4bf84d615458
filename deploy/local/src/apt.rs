//! A private apt: its own sources, lists and caches in a folder of ours, so that it needs no root
//! and changes nothing of the machine. Signatures are checked as usual.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::apt_conf::{only_our_sources, settings, signed_by};
use crate::archive::Archive;
use crate::exec::output;
use crate::progress::Progress;

/// An apt with its own state.
pub(crate) struct Apt {
    dir: PathBuf,
    complaint: Option<String>,
}

impl Apt {
    /// Lays out the state in `dir` and reads the archive's index.
    pub(crate) fn open(dir: PathBuf, archive: &Archive, progress: &dyn Progress) -> Result<Self, String> {
        let mut apt = Self { dir, complaint: None };
        apt.lay_out(archive).map_err(|e| format!("cannot write {}: {e}", apt.dir.display()))?;
        progress.step(&format!("Reading the package index of {}", archive.name()));
        let read = match archive {
            Archive::Unstable { .. } => output(apt.get().args(["-o", "APT::Update::Error-Mode=any", "-q", "update"])),
            Archive::Own => output(apt.get().args(["-q", "update"])),
        };
        match read {
            Ok(_) => {}
            // Some other source of the machine may be out of order: what matters is whether the
            // packages are there, and that is asked next.
            Err(why) if *archive == Archive::Own => apt.complaint = Some(why),
            Err(why) => return Err(why),
        }
        Ok(apt)
    }

    /// What was wrong with a source, where that was no reason to stop.
    pub(crate) fn complaint(&self) -> Option<&str> {
        self.complaint.as_deref()
    }

    fn lay_out(&self, archive: &Archive) -> std::io::Result<()> {
        for sub in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(self.dir.join(sub))?;
        }
        fs::write(self.dir.join("status"), "")?;
        let mut conf = settings(&self.dir);
        if let Archive::Unstable { uri } = archive {
            fs::write(self.dir.join("sources.list"), format!("deb {}{uri} sid main\n", signed_by()))?;
            conf.push_str(&only_our_sources(&self.dir));
        }
        fs::write(self.dir.join("apt.conf"), conf)
    }

    /// The version that would be taken of a package; `None` when the archive has none.
    pub(crate) fn candidate(&self, package: &str) -> Option<String> {
        let text = output(self.cache().args(["policy", package])).ok()?;
        let version = text.lines().find_map(|l| l.trim().strip_prefix("Candidate: "))?;
        (version != "(none)").then(|| version.to_owned())
    }

    /// The packages themselves and everything that they need to run.
    pub(crate) fn closure(&self, packages: &[&str]) -> Result<Vec<String>, String> {
        let text = output(
            self.cache()
                .args(["depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts"])
                .args(["--no-breaks", "--no-replaces", "--no-enhances"])
                .args(packages),
        )?;
        Ok(parse_closure(&text))
    }

    /// Downloads packages into `into`, checked against the signed index.
    pub(crate) fn download(
        &self,
        packages: &[String],
        into: &Path,
        progress: &dyn Progress,
    ) -> Result<Vec<PathBuf>, String> {
        fs::create_dir_all(into).map_err(|e| format!("cannot create {}: {e}", into.display()))?;
        let log = self.dir.join("download.log");
        let total = packages.len() as u64;
        let log_file = fs::File::create(&log).map_err(|e| format!("cannot create {}: {e}", log.display()))?;
        let mut child = self
            .get()
            .args(["-q", "download"])
            .args(packages)
            .current_dir(into)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log_file)
            .spawn()
            .map_err(|e| format!("`apt-get download` could not be run: {e}"))?;
        loop {
            progress.advance((debs(into).len() as u64).min(total), total);
            match child.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(100)),
                Ok(Some(status)) if status.success() => return Ok(debs(into)),
                other => {
                    let said = fs::read_to_string(&log).unwrap_or_default();
                    return Err(format!("`apt-get download` failed ({other:?}): {}", said.trim()));
                }
            }
        }
    }

    fn get(&self) -> Command {
        self.program("apt-get")
    }

    fn cache(&self) -> Command {
        self.program("apt-cache")
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        // `-c` is read after the machine's own configuration, so proxies set there stay.
        command.arg("-c").arg(self.dir.join("apt.conf")).env("LC_ALL", "C");
        command
    }
}

/// Unindented lines are packages; the servers' optional scripts need perl, the servers do not.
fn parse_closure(text: &str) -> Vec<String> {
    let unneeded = ["perl", "libperl", "libgdbm", "debconf", "dpkg", "cdebconf", "tar"];
    let mut names: Vec<String> = text
        .lines()
        .filter(|l| l.starts_with(|c: char| c.is_ascii_alphanumeric()) && !l.contains(':'))
        .filter(|l| !unneeded.iter().any(|u| l.starts_with(u)))
        .map(|l| l.trim().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn debs(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut debs: Vec<PathBuf> =
        entries.map(|e| e.path()).filter(|p| p.extension().is_some_and(|x| x == "deb")).collect();
    debs.sort();
    debs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closure_leaves_out_what_the_server_does_not_need() {
        let text = "mysql-server-core\n  Depends: libc6\n  Depends: perl\n <virtual>\nlibc6\n\
                    perl\nlibperl5.42\nlibc6\nlibc6:i386\n";
        assert_eq!(parse_closure(text), ["libc6", "mysql-server-core"]);
    }
}
