//! The tables of the restaurants view.

/// Name and version: the key of checkpoints and leases.
pub(crate) const PROJECTION: &str = "restaurants@1";

/// The names of the tables of one version.
pub(crate) struct Tables {
    /// A row per restaurant: key (feed).
    pub(crate) restaurants: &'static str,
    /// A row per table: key (feed, table).
    pub(crate) tables: &'static str,
    /// A row per item of the menu: key (feed, item).
    pub(crate) items: &'static str,
    /// A row per table session: key (feed, session).
    pub(crate) sessions: &'static str,
    /// A row per guest of a session: key (feed, session, number).
    pub(crate) diners: &'static str,
    /// A row per request to join that nobody has answered: key (feed, session, diner).
    pub(crate) join_requests: &'static str,
}

/// The tables of the version that answers queries.
pub(crate) const TABLES: Tables = Tables {
    restaurants: "restaurants_v1",
    tables: "restaurant_tables_v1",
    items: "menu_items_v1",
    sessions: "sessions_v1",
    diners: "diners_v1",
    join_requests: "join_requests_v1",
};

impl Tables {
    /// All of them.
    pub(crate) fn all(&self) -> [&'static str; 6] {
        [self.restaurants, self.tables, self.items, self.sessions, self.diners, self.join_requests]
    }
}
