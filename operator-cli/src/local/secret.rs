//! Files that are made once, and that only their owner reads.

use anyhow::{Context, Result};
use std::{
    fs::OpenOptions,
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

/// Writes such a file as a whole, whatever was there before.
pub(crate) fn write_secret(path: &Path, text: &str) -> Result<()> {
    let draft = path.with_extension(format!("draft-{}", std::process::id()));
    let write = || {
        // One that is left of a process that had the same number and was killed.
        let _ = std::fs::remove_file(&draft);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(text.as_bytes())?;
        std::fs::rename(&draft, path)
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

/// Reads such a file; makes it on the first call, readable by its owner only.
pub(crate) fn read_or_make(path: &Path, make: impl FnOnce() -> Result<String>) -> Result<String> {
    let text = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(mut file) => {
            let text = make()?;
            file.write_all(text.as_bytes()).map(|()| text)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => std::fs::read_to_string(path),
        Err(error) => Err(error),
    };
    text.with_context(|| format!("{} cannot be used", path.display()))
}
