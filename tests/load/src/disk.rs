//! When the disk stood still, whoever used it.
//!
//! A disk of a virtual machine stops for a tenth of a second now and then, whatever is asked of it. Every commit under way
//! waits for that, and the slowest hundredth of a short round is then the length of the stop. So a round with a stop tells
//! about the disk, and is taken again.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A disk that had work and ended none of it for this long stood still. One that is only busy ends something
/// every millisecond.
const STILL: Duration = Duration::from_millis(25);

/// What the kernel counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    ended: u64,
    under_way: u64,
}

impl Counts {
    /// From `/sys/dev/block/<device>/stat`.
    fn parse(stat: &str) -> Option<Self> {
        let numbers: Vec<u64> = stat.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let at = |place: usize| numbers.get(place).copied();
        // Discards and flushes are counted by newer kernels only.
        let ended = at(0)? + at(4)? + at(11).unwrap_or(0) + at(15).unwrap_or(0);
        Some(Self { ended, under_way: at(8)? })
    }
}

/// The same counts, with work under way, since then.
#[derive(Debug, Default)]
struct Same(Option<(Instant, u64)>);

impl Same {
    /// How long nothing has ended although there was work; nothing while it goes on as it should.
    fn look(&mut self, at: Instant, counts: Counts) -> Duration {
        match self.0 {
            Some((since, ended)) if ended == counts.ended && counts.under_way > 0 => at.duration_since(since),
            _ => {
                self.0 = (counts.under_way > 0).then_some((at, counts.ended));
                Duration::ZERO
            }
        }
    }
}

/// Looks at a disk until it is dropped.
pub(crate) struct DiskWatch {
    stops: Arc<Mutex<Vec<(Instant, Duration)>>>,
    ended: Arc<AtomicBool>,
    looks: Option<JoinHandle<()>>,
}

impl DiskWatch {
    /// Watches the disk below a folder. Where the system does not tell, it never stands still.
    pub(crate) fn start(folder: &Path) -> Self {
        let (stops, ended) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let looks = counts_of(folder).map(|file| {
            let (stops, ended) = (Arc::clone(&stops), Arc::clone(&ended));
            thread::spawn(move || look(&file, &stops, &ended))
        });
        Self { stops, ended, looks }
    }

    /// The longest time since then that it stood still.
    pub(crate) fn stood_still_since(&self, began: Instant) -> Option<Duration> {
        let stops = self.stops.lock().unwrap_or_else(PoisonError::into_inner);
        stops.iter().filter(|(at, _)| *at >= began).map(|(_, lasted)| *lasted).max()
    }
}

impl Drop for DiskWatch {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(looks) = self.looks.take() {
            let _ = looks.join();
        }
    }
}

/// Where the kernel counts what becomes of the disk below a folder.
fn counts_of(folder: &Path) -> Option<PathBuf> {
    let device = fs::metadata(folder).ok()?.dev();
    let (major, minor) = ((device >> 8) & 0xfff, (device & 0xff) | ((device >> 12) & 0xfff00));
    let file = PathBuf::from(format!("/sys/dev/block/{major}:{minor}/stat"));
    Counts::parse(&fs::read_to_string(&file).ok()?).map(|_| file)
}

fn look(file: &Path, stops: &Mutex<Vec<(Instant, Duration)>>, ended: &AtomicBool) {
    let mut same = Same::default();
    while !ended.load(Ordering::Relaxed) {
        if let Some(counts) = fs::read_to_string(file).ok().as_deref().and_then(Counts::parse) {
            let now = Instant::now();
            let lasted = same.look(now, counts);
            if lasted >= STILL {
                stops.lock().unwrap_or_else(PoisonError::into_inner).push((now, lasted));
            }
        }
        thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Same};
    use std::time::{Duration, Instant};

    #[test]
    fn the_kernels_line_is_read() {
        let line = "    2  1  3  4   50  6  7  8   9  10  11   12 13 14 15   600  17\n";
        assert_eq!(Counts::parse(line), Some(Counts { ended: 2 + 50 + 12 + 600, under_way: 9 }));
        assert_eq!(Counts::parse("2 1 3 4 50 6 7 8 0 10 11"), Some(Counts { ended: 52, under_way: 0 }));
        assert_eq!(Counts::parse("2 1 3"), None);
    }

    #[test]
    fn only_a_disk_that_has_work_and_ends_none_stands_still() {
        let (began, mut same) = (Instant::now(), Same::default());
        let mut look = |millis, ended, under_way| {
            same.look(began + Duration::from_millis(millis), Counts { ended, under_way }).as_millis()
        };
        assert_eq!([look(0, 1, 0), look(50, 1, 0)], [0, 0], "nothing to do");
        assert_eq!([look(60, 1, 2), look(65, 2, 2), look(70, 3, 2)], [0, 0, 0], "busy");
        assert_eq!([look(75, 3, 1), look(100, 3, 4)], [5, 30], "still");
        assert_eq!([look(105, 4, 4), look(110, 5, 0), look(300, 5, 1)], [0, 0, 0], "goes on");
    }
}
