//! Claims make set rules exact: "one open session per table" is a row that only one can insert.
//!
//! Claims are a pure function of events, so the claims table can always be rebuilt from a feed.

/// The set that a claim belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimKind {
    /// `open-session`, key `<table>`: taken by table-session.opened, released by .closed.
    OpenSession,
    /// `open-order`, key `<session>/<order>`: taken by order.placed, released when the order ends.
    OpenOrder,
    /// `item-name`, key: the lower-case name; taken by menu-item.added.
    ItemName,
}

impl ClaimKind {
    /// The name under which the claim is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenSession => "open-session",
            Self::OpenOrder => "open-order",
            Self::ItemName => "item-name",
        }
    }
}

/// A claim that an event takes or releases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimChange {
    /// The aggregate of the event now owns the key.
    Take(ClaimKind, String),
    /// Nobody owns the key any more.
    Release(ClaimKind, String),
}

#[cfg(test)]
mod properties;
