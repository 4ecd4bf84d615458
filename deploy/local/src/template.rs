//! An initialised MySQL data folder, made once per server version and copied for each new one.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::cache::{self, CacheLock};
use crate::error::ServerError;
use crate::exec::{is_root, output};
use crate::install::MysqlInstall;
use crate::progress::Progress;

/// The template for this server, made if it is not there. Safe to call from many processes.
pub(crate) fn prepare(install: &MysqlInstall, progress: &dyn Progress) -> Result<PathBuf, ServerError> {
    let cache = cache::open().map_err(ServerError::Command)?;
    let name = format!("mysql-data-{}", key(install.version_text()));
    let place = cache.join(&name);
    if place.is_dir() {
        return Ok(place);
    }
    let _lock = CacheLock::take(&cache, "mysql-data", progress).map_err(ServerError::Command)?;
    if place.is_dir() {
        return Ok(place);
    }
    progress.step("Initialising a MySQL data folder (once per version)");
    let workshop = cache::workshop(&cache, "mysql-data").map_err(ServerError::Command)?;
    let data = workshop.join(&name);
    initialise(install, &data)?;
    cache::put(&data, &place).map_err(ServerError::Command)?;
    let _ = fs::remove_dir_all(&workshop);
    progress.done("MySQL data folder is ready");
    Ok(place)
}

/// `9.7.4-2 for Linux on x86_64 ((Debian))` without what does not belong into a file's name.
fn key(version_text: &str) -> String {
    let words = version_text.split(|c: char| !c.is_ascii_alphanumeric() && c != '.' && c != '-');
    words.filter(|w| !w.is_empty()).collect::<Vec<_>>().join("_")
}

fn initialise(install: &MysqlInstall, data: &Path) -> Result<(), ServerError> {
    let mut command = install.server();
    command
        .args(run_as_root()?)
        .arg("--initialize-insecure")
        .arg(format!("--datadir={}", data.display()))
        // Nobody needs a half template: speed instead of durability, and small files to copy.
        .args(["--innodb-flush-log-at-trx-commit=0", "--skip-log-bin", "--innodb-redo-log-capacity=8M"])
        .arg("--secure-file-priv=");
    output(&mut command).map_err(ServerError::Command)?;
    // Each server makes its own identity at its first start.
    let _ = fs::remove_file(data.join("auto.cnf"));
    Ok(())
}

/// `mysqld` refuses to run as root by oversight: it must be told.
pub(crate) fn run_as_root() -> Result<Option<&'static str>, ServerError> {
    let root = is_root().map_err(ServerError::Command)?;
    Ok(root.then_some("--user=root"))
}

/// Copies a folder with everything in it.
pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    // For the user alone, as the server itself makes it.
    fs::DirBuilder::new().mode(0o700).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn key_is_a_file_name() {
        assert_eq!(super::key("9.7.4-2 for Linux on x86_64 ((Debian))"), "9.7.4-2_for_Linux_on_x86_64_Debian");
    }
}
