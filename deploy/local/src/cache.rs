//! The user's cache folder: what was downloaded once serves every clone.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::progress::Progress;

/// `${XDG_CACHE_HOME:-~/.cache}/arisgourmet`; `None` when there is no home folder either.
#[must_use]
pub fn cache_dir() -> Option<PathBuf> {
    let xdg = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    // The convention: a relative path there is to be ignored.
    xdg.filter(|p| p.is_absolute())
        .or_else(|| std::env::home_dir().filter(|h| h.is_absolute()).map(|h| h.join(".cache")))
        .map(|base| base.join("arisgourmet"))
}

/// Like [`cache_dir`], created.
pub(crate) fn open() -> Result<PathBuf, String> {
    let dir = cache_dir().ok_or("neither HOME nor XDG_CACHE_HOME is set")?;
    fs::create_dir_all(&dir).map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
    Ok(dir)
}

/// Holds a named lock of the cache until it is dropped, or until its process ends in any way.
pub(crate) struct CacheLock(#[expect(dead_code, reason = "held, never read")] File);

impl CacheLock {
    /// Waits for the lock, and says so when it has to.
    pub(crate) fn take(cache: &Path, name: &str, progress: &dyn Progress) -> Result<Self, String> {
        let path = cache.join(format!("{name}.lock"));
        let say = |e: std::io::Error| format!("cannot lock {}: {e}", path.display());
        let file = File::options().create(true).append(true).open(&path).map_err(say)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress.step(&format!("Another process prepares {name}: waiting for it"));
                file.lock().map_err(say)?;
            }
            Err(TryLockError::Error(e)) => return Err(say(e)),
        }
        Ok(Self(file))
    }
}

/// A new folder for half-done work. What is finished there is renamed to its place in one step,
/// so that a kill at any moment leaves no half install. Call it with the lock held: it also
/// removes what killed runs left behind.
pub(crate) fn workshop(cache: &Path, name: &str) -> Result<PathBuf, String> {
    let root = cache.join("unfinished").join(name);
    let _ = fs::remove_dir_all(&root);
    // A new name each time: a child of a killed run may still write into the old one.
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    let dir = root.join(format!("{}-{nanos}", std::process::id()));
    fs::create_dir_all(&dir).map_err(|e| format!("cannot create {}: {e}", dir.display()))?;
    Ok(dir)
}

/// Puts a finished folder into its place, replacing what is there.
pub(crate) fn put(finished: &Path, place: &Path) -> Result<(), String> {
    let say = |e: std::io::Error| format!("cannot put {} into place: {e}", place.display());
    if place.exists() {
        fs::remove_dir_all(place).map_err(say)?;
    }
    fs::rename(finished, place).map_err(say)
}
