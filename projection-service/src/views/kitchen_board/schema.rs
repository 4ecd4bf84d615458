//! The table of the kitchen board.

/// Name and version: the key of checkpoints and leases.
pub(crate) const PROJECTION: &str = "kitchen_board@1";

/// The names of the tables of one version.
pub(crate) struct Tables {
    /// A row per line that is at its station: key (feed, station, line).
    pub(crate) lines: &'static str,
}

/// The tables of the version that answers queries.
pub(crate) const TABLES: Tables = Tables { lines: "kitchen_lines_v1" };

impl Tables {
    /// All of them.
    pub(crate) fn all(&self) -> [&'static str; 1] {
        [self.lines]
    }
}
