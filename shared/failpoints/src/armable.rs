//! What happens at a place, in a build that tests use.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

/// The variable that names the folder in which a test arms places.
pub const FOLDER: &str = "ARIS_FAILPOINTS";

/// How often a task that was stopped looks whether it may go on.
const LOOK: Duration = Duration::from_millis(2);

/// Nobody has asked yet whether there is a folder.
const UNKNOWN: u8 = 0;
/// There is none: every place is passed.
const OFF: u8 = 1;
/// There is one.
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
static PLACE: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Arrives at the place of this name.
///
/// # Errors
/// When a test has said that it fails.
pub async fn arrive(point: &str) -> io::Result<()> {
    if STATE.load(Ordering::Relaxed) == OFF {
        return Ok(());
    }
    match folder() {
        Some(folder) => happen(folder, point).await,
        None => Ok(()),
    }
}

fn folder() -> Option<&'static Path> {
    let folder = PLACE.get_or_init(|| std::env::var_os(FOLDER).filter(|path| !path.is_empty()).map(PathBuf::from));
    STATE.store(if folder.is_some() { ON } else { OFF }, Ordering::Relaxed);
    folder.as_deref()
}

async fn happen(folder: &Path, point: &str) -> io::Result<()> {
    let armed = folder.join(point);
    let Ok(what) = std::fs::read_to_string(&armed) else { return Ok(()) };
    let reached = reached(&armed);
    if std::fs::rename(&armed, &reached).is_err() {
        // Another task was faster: it happens once.
        return Ok(());
    }
    match what.trim() {
        "pause" => {
            while reached.exists() {
                tokio::time::sleep(LOOK).await;
            }
            Ok(())
        }
        "error" => Err(io::Error::other(format!("the test said so at {point}"))),
        "abort" => std::process::abort(),
        other => Err(io::Error::other(format!("{point} is armed with {other:?}; say pause, error or abort"))),
    }
}

fn reached(armed: &Path) -> PathBuf {
    let mut name = OsString::from(armed);
    name.push(".reached");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armed(what: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("aris-failpoints-{}-{what}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("here"), what).unwrap();
        folder
    }

    #[tokio::test]
    async fn a_place_that_is_not_armed_is_passed() {
        let folder = armed("error");
        happen(&folder, "elsewhere").await.unwrap();
        assert!(arrive("here").await.is_ok(), "no folder, nothing happens");
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn it_fails_once() {
        let folder = armed("error ");
        assert!(happen(&folder, "here").await.is_err());
        assert!(folder.join("here.reached").exists());
        happen(&folder, "here").await.unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }

    #[tokio::test]
    async fn who_was_stopped_goes_on_when_the_test_says_so() {
        let folder = armed("pause");
        let stopped = tokio::spawn({
            let folder = folder.clone();
            async move { happen(&folder, "here").await }
        });
        while !folder.join("here.reached").exists() {
            tokio::time::sleep(LOOK).await;
        }
        assert!(!stopped.is_finished());
        std::fs::remove_file(folder.join("here.reached")).unwrap();
        stopped.await.unwrap().unwrap();
        std::fs::remove_dir_all(folder).unwrap();
    }
}
