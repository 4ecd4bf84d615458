//! Rebuilding a view side by side, while its live generation goes on answering and being fed.
//!
//! ```text
//! rebuild    building ──▶ every restaurant from position 1 ──▶ compared with the fold ──▶ ready (fed)
//!                                                                                    └──▶ failed
//! switch     ready ──▶ compared again ──▶ live; the live one ──▶ previous (fed); an older one is dropped
//! rollback   previous ⇄ live
//! ```
//!
//! A rebuild is a process of its own. What it has done stands in its checkpoints, which move in the
//! transaction that writes the rows, as everywhere: killed at any moment, it goes on where it was when
//! it is started again. A lease keeps two from doing the same work; the compare-and-set keeps them
//! right if they do.

mod begin;
mod build;
mod compare;
mod discard;
mod error;
mod extent;
mod feed;
mod lease;
mod pace;
mod run;
mod swap;

pub use build::PASSES_MAX;
pub use discard::drop_generation;
pub use error::RebuildError;
pub use extent::{Extent, extents};
pub use lease::builder;
pub use run::{Options, Phase, Step, run};
pub use swap::{Swapped, Switch, rollback, switch};

use crate::views;
use event_store::reader::EventReader;
use sqlx::MySqlPool;

/// Both sides, as a rebuild reaches them.
#[derive(Debug, Clone)]
pub struct Sides {
    /// The read side, READ COMMITTED: for all that writes.
    pub views: MySqlPool,
    /// The read side, REPEATABLE READ: rows and checkpoints of one moment.
    pub snapshots: MySqlPool,
    /// The event side.
    pub events: EventReader,
}

/// The view with this name, as this build spells it.
///
/// # Errors
/// When this build has no such view.
pub fn view(name: &str) -> Result<&'static str, RebuildError> {
    views::named(name).ok_or_else(|| RebuildError::UnknownView(name.to_owned()))
}
