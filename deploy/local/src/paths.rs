//! Paths.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::error::ServerError;

/// A path beside the data folder: `data/mysql` and `log` give `data/mysql.log`.
pub(crate) fn beside(data: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = data.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

/// The same path, whatever the working folder becomes.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, ServerError> {
    std::path::absolute(path).map_err(ServerError::io("find", path))
}
