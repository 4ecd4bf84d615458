//! Places in a service where a test may stop it, make it fail, or kill it.
//!
//! A window between two awaits is hit by luck, if it is only a few microseconds wide. So the places that
//! matter have a name, such as `commit.before-commit`, and a test says what happens there. It speaks to a
//! real process through a folder, because only a process can really die: the folder's path is in the
//! process's environment as [`FOLDER`], and a file in it with the name of the point arms it. What stands
//! in the file is what happens, once:
//!
//! - `pause`: the task stays there until the file `<point>.reached` is removed,
//! - `error`: the place fails,
//! - `abort`: the process ends, as by `kill -9`.
//!
//! In every case the file is renamed to `<point>.reached` first: whoever renames it is the one who stops,
//! and the test sees that it has come so far.
//!
//! Without the feature `armable`, [`failpoint!`] is `Ok(())` and nothing of this exists: a release cannot
//! be armed. With it, a process that was not given a folder pays one relaxed load per place.

/// Arrives at a place, which may stop, fail or end here: gives an [`std::io::Result`].
#[cfg(feature = "armable")]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        $crate::arrive($name).await
    };
}

/// Arrives at a place: nothing happens in this build.
#[cfg(not(feature = "armable"))]
#[macro_export]
macro_rules! failpoint {
    ($name:literal) => {
        Ok::<(), std::io::Error>(())
    };
}

#[cfg(feature = "armable")]
mod armable;
#[cfg(feature = "armable")]
pub use armable::{FOLDER, arrive};
