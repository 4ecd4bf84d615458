//! The tables of the orders view.

use crate::generation::Generation;

/// The name of the view.
pub(crate) const VIEW: &str = "orders";

/// A row per order: key (feed, order).
pub(crate) const ORDERS: &str = "orders";
/// A row per line: key (feed, order, line).
pub(crate) const LINES: &str = "order_lines";

/// All of them.
pub(crate) const ALL: &[&str] = &[ORDERS, LINES];

/// The names of the tables of one generation.
pub(crate) struct Tables {
    pub(crate) orders: String,
    pub(crate) lines: String,
}

impl Tables {
    /// Those of this generation.
    pub(crate) fn of(generation: Generation) -> Self {
        Self { orders: generation.table(ORDERS), lines: generation.table(LINES) }
    }
}
