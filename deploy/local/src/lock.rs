//! One server per data folder.
//!
//! A pid file says who *was* there; after a `kill -9` it lies. So each data folder has lock files
//! beside it, locked through the kernel as long as their holders live. Nothing of it ever needs a
//! human to clean up.

use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::ServerError;
use crate::paths::beside;
use crate::progress::Progress;

/// Longer than a supervisor takes to end the server of an owner that died.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two locks of one data folder.
pub(crate) struct DataLock {
    /// `<data>.owner`, held by the program that wants the server, and by it alone. Another program
    /// that finds it taken need not wait: the server will stay.
    pub(crate) owner: File,
    /// `<data>.lock`, handed to the server and its supervisor: free when both have ended.
    pub(crate) server: File,
    /// Where the latter lies; the supervisor writes the server's process id into it, for messages.
    pub(crate) path: PathBuf,
}

/// Locks the data, waiting (bounded) while the server of an earlier owner is still ending.
pub(crate) fn take(data: &Path, progress: &dyn Progress) -> Result<DataLock, ServerError> {
    if let Some(parent) = data.parent() {
        fs::create_dir_all(parent).map_err(ServerError::io("create", parent))?;
    }
    let in_use = |holder| ServerError::InUse { data: data.to_owned(), holder };
    let owner_path = beside(data, "owner");
    // A moment of patience: a program that is just being started by another thread of a former
    // owner holds a copy of its lock until it has replaced itself.
    let owner = lock(&owner_path, Duration::from_secs(1), || {})?
        .ok_or_else(|| in_use(format!("started by process {}", content(&owner_path))))?;
    owner.set_len(0).map_err(ServerError::io("empty", &owner_path))?;
    (&owner).write_all(std::process::id().to_string().as_bytes()).map_err(ServerError::io("write", &owner_path))?;

    let path = beside(data, "lock");
    let holder = || match content(&path).lines().collect::<Vec<_>>().as_slice() {
        [pid] => format!("process {pid}"),
        _ => "its supervisor still runs".to_owned(),
    };
    let tell = || {
        let data = data.display();
        progress.step(&format!("An earlier server of {data} has not ended yet ({}): waiting for it", holder()));
    };
    let server = lock(&path, PATIENCE, tell)?.ok_or_else(|| in_use(holder()))?;
    server.set_len(0).map_err(ServerError::io("empty", &path))?;
    Ok(DataLock { owner, server, path })
}

/// The locked file; `None` if it did not become free in time. `wait` is called before waiting.
fn lock(path: &Path, patience: Duration, wait: impl FnOnce()) -> Result<Option<File>, ServerError> {
    let deadline = Instant::now() + patience;
    let mut wait = Some(wait);
    loop {
        // Appending, so that nobody overwrites what the holder wrote.
        let file = File::options().create(true).append(true).open(path).map_err(ServerError::io("open", path))?;
        match file.try_lock() {
            // The last holder may have removed the file: then the lock must be on the new one.
            Ok(()) if is_at(&file, path) => return Ok(Some(file)),
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(e)) => return Err(ServerError::io("lock", path)(e)),
        }
        if Instant::now() > deadline {
            return Ok(None);
        }
        if let Some(wait) = wait.take() {
            wait();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(open), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (open.dev(), open.ino()) == (there.dev(), there.ino())
}

fn content(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}
