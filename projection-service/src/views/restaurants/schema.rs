//! The tables of the restaurants view.

use crate::generation::Generation;

/// The name of the view.
pub(crate) const VIEW: &str = "restaurants";

/// A row per restaurant: key (feed).
pub(crate) const RESTAURANTS: &str = "restaurants";
/// A row per table: key (feed, table).
pub(crate) const TABLES: &str = "restaurant_tables";
/// A row per item of the menu: key (feed, item).
pub(crate) const ITEMS: &str = "menu_items";
/// A row per table session: key (feed, session).
pub(crate) const SESSIONS: &str = "sessions";
/// A row per guest of a session: key (feed, session, number).
pub(crate) const DINERS: &str = "diners";

/// A row per request to join that nobody has answered: key (feed, session, diner).
pub(crate) const JOIN_REQUESTS: &str = "join_requests";

/// All of them.
pub(crate) const ALL: &[&str] = &[RESTAURANTS, TABLES, ITEMS, SESSIONS, DINERS, JOIN_REQUESTS];

/// The names of the tables of one generation.
pub(crate) struct Tables {
    pub(crate) restaurants: String,
    pub(crate) tables: String,
    pub(crate) items: String,
    pub(crate) sessions: String,
    pub(crate) diners: String,
    pub(crate) join_requests: String,
}

impl Tables {
    /// Those of this generation.
    pub(crate) fn of(generation: Generation) -> Self {
        Self {
            restaurants: generation.table(RESTAURANTS),
            tables: generation.table(TABLES),
            items: generation.table(ITEMS),
            sessions: generation.table(SESSIONS),
            diners: generation.table(DINERS),
            join_requests: generation.table(JOIN_REQUESTS),
        }
    }
}
