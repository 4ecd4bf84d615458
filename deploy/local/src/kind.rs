//! How a server of each kind is recognised, wherever it lies.

use std::path::{Path, PathBuf};

use crate::install::{MysqlInstall, check_nats};
use crate::unpack::{MYSQL, NATS, Wanted};
use crate::version::Version;

/// A kind of server. The two functions accept a program or an unpacked copy, or say why not.
pub(crate) struct Kind<T> {
    /// How messages call it, and what is needed.
    pub(crate) needed: &'static str,
    pub(crate) wanted: &'static Wanted,
    /// The program's name on `PATH`.
    pub(crate) program: &'static str,
    /// The environment variable that names a program.
    pub(crate) variable: &'static str,
    pub(crate) of_system: fn(&Path) -> Result<T, String>,
    pub(crate) of_prefix: fn(&Path) -> Result<T, String>,
}

/// A NATS server program and its version.
pub(crate) type Nats = (PathBuf, Version);

pub(crate) const MYSQL_SERVER: Kind<MysqlInstall> = Kind {
    needed: "MySQL 8.4 or newer",
    wanted: &MYSQL,
    program: "mysqld",
    variable: "ARIS_MYSQLD",
    of_system: unconfined_mysqld,
    of_prefix: MysqlInstall::of_prefix,
};

pub(crate) const NATS_SERVER: Kind<Nats> = Kind {
    needed: "a NATS server 2.11 or newer",
    wanted: &NATS,
    program: "nats-server",
    variable: "ARIS_NATS_SERVER",
    of_system: |program| Ok((program.to_owned(), check_nats(program)?)),
    of_prefix: nats_of_prefix,
};

/// Packages have server programs in either folder.
fn nats_of_prefix(prefix: &Path) -> Result<Nats, String> {
    let places = ["usr/sbin/nats-server", "usr/bin/nats-server"].map(|p| prefix.join(p));
    let program = places.into_iter().find(|p| p.is_file()).ok_or("has no nats-server")?;
    let version = check_nats(&program)?;
    Ok((program, version))
}

/// Ubuntu confines its `mysqld` to `/var/lib/mysql`: it could not read our data folders.
fn unconfined_mysqld(program: &Path) -> Result<MysqlInstall, String> {
    let install = MysqlInstall::of_system(program)?;
    let confining =
        std::fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.starts_with('Y'));
    if confining && program.starts_with("/usr/sbin") && Path::new("/etc/apparmor.d/usr.sbin.mysqld").exists() {
        return Err("is confined to its own data folder by an AppArmor profile".to_owned());
    }
    Ok(install)
}

/// Finds a program on `PATH`, and in the folders of servers that a user's `PATH` often lacks.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/usr/local/mysql/bin"].map(PathBuf::from);
    std::env::split_paths(&path).chain(more).map(|dir| dir.join(name)).find(|p| p.is_absolute() && p.is_file())
}
