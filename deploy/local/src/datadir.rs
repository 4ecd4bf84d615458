//! The data folder of one MySQL server.

use std::fs;
use std::path::Path;

use crate::error::ServerError;
use crate::install::MysqlInstall;
use crate::paths::beside;
use crate::progress::Progress;
use crate::template;

/// Makes sure that `data` is an initialised data folder, keeping one that is there.
/// Call it with the data's lock held.
pub(crate) fn ensure(install: &MysqlInstall, data: &Path, progress: &dyn Progress) -> Result<(), ServerError> {
    if data.join("mysql.ibd").is_file() {
        return Ok(());
    }
    if fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(ServerError::NotADataDir(data.to_owned()));
    }
    let template = template::prepare(install, progress)?;
    // Copied beside its place and renamed: a kill in the middle leaves no half data folder.
    let copy = beside(data, "unfinished");
    let _ = fs::remove_dir_all(&copy);
    template::copy(&template, &copy).map_err(ServerError::io("copy the template to", &copy))?;
    fs::rename(&copy, data).map_err(ServerError::io("create", data))
}

/// Removes what a killed server left and a new one would stumble over. The lock says that no server
/// runs, whatever the pids in these files belong to by now.
pub(crate) fn sweep(pid_file: &Path, socket: Option<&Path>) {
    let _ = fs::remove_file(pid_file);
    if let Some(socket) = socket {
        let _ = fs::remove_file(socket);
        let mut lock = socket.as_os_str().to_owned();
        lock.push(".lock");
        let _ = fs::remove_file(lock);
    }
}
