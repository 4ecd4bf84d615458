//! Each window between two awaits, hit on purpose: a process is killed in it, or stopped in it until another
//! one has taken over, or it fails there.
//!
//! The drawn faults of the judge hit such windows by luck; here nothing is left to luck. A process is started
//! with a folder of [points](Points) in its environment (see the crate `failpoints`), so what dies is a real
//! process, and who takes over is one as well.

mod commit;
mod gateway;
mod projection;
mod relay;
mod switch;

use crate::{
    installation::{Installation, Service, Special, free_port},
    restaurant::Restaurant,
};
use std::{
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};
use testkit::wait_for;

/// How long a process may take to come to a point, or to end there.
const REACHED_WITHIN: Duration = Duration::from_secs(60);

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    /// The process dies there.
    Abort,
    /// It fails there.
    Error,
    /// Its task stops there.
    Pause,
}

/// The points of one process.
struct Points {
    folder: PathBuf,
}

impl Points {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("arisgourmet-test-{}-points-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// A process that has these points.
    async fn serve(&self, house: &Installation, name: &str) -> Service {
        let env = vec![self.variable()];
        let mut service = house.spawn(name, free_port(), &Special { env, ..Special::default() });
        service.until_ready().await;
        service
    }

    /// What tells a process of these points.
    fn variable(&self) -> (&'static str, String) {
        (failpoints::FOLDER, self.folder.display().to_string())
    }

    fn arm(&self, point: &str, blow: Blow) {
        let what = match blow {
            Blow::Abort => "abort",
            Blow::Error => "error",
            Blow::Pause => "pause",
        };
        // Written elsewhere and moved: the process must not read half of it.
        let draft = self.folder.join("draft");
        std::fs::write(&draft, what).unwrap();
        std::fs::rename(draft, self.folder.join(point)).unwrap();
    }

    /// Waits until the process has come there.
    async fn reached(&self, point: &str) {
        let reached = self.folder.join(format!("{point}.reached"));
        wait_for(&format!("{point} is reached"), REACHED_WITHIN, async || {
            if reached.exists() { Ok(()) } else { Err("not yet".to_owned()) }
        })
        .await;
    }

    /// Lets it go on from there.
    fn release(&self, point: &str) {
        std::fs::remove_file(self.folder.join(format!("{point}.reached"))).unwrap();
    }
}

impl Drop for Points {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Waits until a process has ended by what was armed.
async fn ended(service: &mut Service) {
    wait_for("the process ends", REACHED_WITHIN, async || service.ended().map(drop).ok_or("it runs".to_owned())).await;
}

/// Where the feed stands.
async fn head(house: &Installation, place: &Restaurant) -> u64 {
    house.env.reader().await.head(place.id.into()).await.unwrap().unwrap().cursor.position
}
