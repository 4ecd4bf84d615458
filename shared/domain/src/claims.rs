//! Claims make set rules exact: "one open session per table" is a row that only one can insert.
//!
//! Claims are a pure function of events, so the claims table can always be rebuilt from a feed. One kind is not,
//! because what its key is made from must be forgettable ([`ClaimKind::stands_in_events`]).

/// The set that a claim belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimKind {
    /// `open-session`, key `<table>`: taken by table-session.opened, released by .closed.
    OpenSession,
    /// `open-order`, key `<session>/<order>`: taken by order.placed, released when the order ends.
    OpenOrder,
    /// `item-name`, key: the lower-case name; taken by menu-item.added.
    ItemName,
    /// `member-address`, key: a keyed hash of an e-mail address; owned by the member who has it, from their
    /// invitation until they are forgotten. It stands in no event, where it would outlive them.
    MemberAddress,
}

impl ClaimKind {
    /// The name under which the claim is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenSession => "open-session",
            Self::OpenOrder => "open-order",
            Self::ItemName => "item-name",
            Self::MemberAddress => "member-address",
        }
    }

    /// Whether events say who holds which keys of this kind. Where they do not, whoever decides takes and releases
    /// them beside the events.
    #[must_use]
    pub fn stands_in_events(self) -> bool {
        match self {
            Self::OpenSession | Self::OpenOrder | Self::ItemName => true,
            Self::MemberAddress => false,
        }
    }
}

/// A claim that an event takes or releases.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ClaimChange {
    /// The aggregate of the event now owns the key; beside the events, whoever is named.
    Take(ClaimKind, String),
    /// Nobody owns the key any more.
    Release(ClaimKind, String),
}

#[cfg(test)]
mod properties;
