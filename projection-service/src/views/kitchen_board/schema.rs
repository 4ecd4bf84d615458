//! The table of the kitchen board.

use crate::generation::Generation;

/// The name of the view.
pub(crate) const VIEW: &str = "kitchen_board";

/// A row per line that is at its station: key (feed, station, line).
pub(crate) const LINES: &str = "kitchen_lines";

/// All of them.
pub(crate) const ALL: &[&str] = &[LINES];

/// The names of the tables of one generation.
pub(crate) struct Tables {
    pub(crate) lines: String,
}

impl Tables {
    /// Those of this generation.
    pub(crate) fn of(generation: Generation) -> Self {
        Self { lines: generation.table(LINES) }
    }
}
