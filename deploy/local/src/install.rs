//! An installed MySQL: where its programs are and how they are run.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::exec::output;
use crate::version::{Version, judge_mysqld, judge_nats};

/// A MySQL server program that the product supports, and how to run it.
#[derive(Debug, Clone)]
pub struct MysqlInstall {
    program: PathBuf,
    unpacked: Option<Unpacked>,
    version: Version,
    text: String,
}

/// A copy that was unpacked beside its own libraries: it is started through its own loader,
/// because the machine's C library may be too old for it.
#[derive(Debug, Clone)]
struct Unpacked {
    prefix: PathBuf,
    loader: PathBuf,
    libraries: String,
}

impl MysqlInstall {
    /// Judges a `mysqld` of the system; the error says why it will not do.
    pub(crate) fn of_system(program: &Path) -> Result<Self, String> {
        Self::check(program.to_owned(), None)
    }

    /// Judges a copy under `prefix`; the error says why it will not do.
    pub(crate) fn of_prefix(prefix: &Path) -> Result<Self, String> {
        let unpacked = Unpacked::find(prefix)?;
        Self::check(prefix.join("usr/sbin/mysqld"), Some(unpacked))
    }

    fn check(program: PathBuf, unpacked: Option<Unpacked>) -> Result<Self, String> {
        let mut this = Self { program, unpacked, version: Version::new(0, 0, 0), text: String::new() };
        let text = output(this.mysqld().arg("--version"))?;
        this.version = judge_mysqld(&text)?;
        // From "Ver" on it is the same wherever the program lies.
        this.text = text.trim().rsplit("Ver ").next().unwrap_or_default().to_owned();
        Ok(this)
    }

    /// The version of the server.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// What the server itself prints about its version.
    #[must_use]
    pub fn version_text(&self) -> &str {
        &self.text
    }

    /// The server program.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// A command that runs the server, without defaults of the machine; further arguments may follow.
    pub(crate) fn server(&self) -> Command {
        let mut command = self.mysqld();
        command.arg("--no-defaults");
        if let Some(Unpacked { prefix, .. }) = &self.unpacked {
            command
                .arg(format!("--lc-messages-dir={}", prefix.join("usr/share/mysql").display()))
                .arg(format!("--plugin-dir={}", prefix.join("usr/lib/mysql/plugin").display()));
        }
        command
    }

    /// A command that runs a client program of the same install (`mysql`, `mysqldump`,
    /// `mysqlbinlog`, …); `None` when it is not there.
    #[must_use]
    pub fn client(&self, name: &str) -> Option<Command> {
        let Some(Unpacked { prefix, .. }) = &self.unpacked else {
            let beside = self.program.parent()?.join(name);
            let found = if beside.is_file() { beside } else { crate::kind::on_path(name)? };
            return Some(Command::new(found));
        };
        let program = prefix.join("usr/bin").join(name);
        program.is_file().then(|| self.run(&program))
    }

    fn mysqld(&self) -> Command {
        self.run(&self.program)
    }

    fn run(&self, program: &Path) -> Command {
        let Some(Unpacked { loader, libraries, .. }) = &self.unpacked else {
            return Command::new(program);
        };
        let mut command = Command::new(loader);
        command.arg("--library-path").arg(libraries).arg(program);
        command
    }
}

impl Unpacked {
    fn find(prefix: &Path) -> Result<Self, String> {
        let places = ["usr/lib64", "lib64", "usr/lib", "lib"].map(|d| prefix.join(d));
        let loader = places
            .iter()
            .find_map(|dir| entry_starting(dir, "ld-linux"))
            .ok_or_else(|| format!("{} has no program loader", prefix.display()))?;
        let triplet = format!("{}-linux-gnu", std::env::consts::ARCH);
        let dirs = [format!("usr/lib/{triplet}"), format!("lib/{triplet}"), "usr/lib".to_owned()];
        let dirs: Vec<String> =
            dirs.iter().map(|d| prefix.join(d)).filter(|d| d.is_dir()).map(|d| d.display().to_string()).collect();
        Ok(Self { prefix: prefix.to_owned(), loader, libraries: dirs.join(":") })
    }
}

fn entry_starting(dir: &Path, start: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(dir).ok()?.flatten();
    let mut found = entries.filter(|e| e.file_name().to_string_lossy().starts_with(start));
    found.next().map(|e| e.path())
}

/// Judges a `nats-server` program; the error says why it will not do.
pub(crate) fn check_nats(program: &Path) -> Result<Version, String> {
    judge_nats(&output(Command::new(program).arg("--version"))?)
}
