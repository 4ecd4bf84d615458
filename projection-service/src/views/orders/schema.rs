//! The tables of the orders view.

/// Name and version: the key of checkpoints and leases.
pub(crate) const PROJECTION: &str = "orders@1";

/// The names of the tables of one version.
pub(crate) struct Tables {
    /// A row per order: key (feed, order).
    pub(crate) orders: &'static str,
    /// A row per line: key (feed, order, line).
    pub(crate) lines: &'static str,
}

/// The tables of the version that answers queries.
pub(crate) const TABLES: Tables = Tables { orders: "orders_v1", lines: "order_lines_v1" };

impl Tables {
    /// All of them.
    pub(crate) fn all(&self) -> [&'static str; 2] {
        [self.orders, self.lines]
    }
}
