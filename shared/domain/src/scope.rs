//! Scopes: the part of a feed that a client may see.

use crate::{
    ids::{OrderId, SessionId},
    station::StationKey,
};
use serde::Deserialize;
use uuid::Uuid;

/// The part of a restaurant's feed that a client follows.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// `kitchen:<station>`: the lines of one station.
    Kitchen(StationKey),
    /// `floor`: tables, sessions, orders, and the menu's availability.
    Floor,
    /// `audit`: everything.
    Audit,
    /// `table-session:<id>`: one session and its orders.
    TableSession(SessionId),
    /// `order:<id>`: one order.
    Order(OrderId),
}

/// A text that is no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is kitchen:<station>, floor, audit, table-session:<id> or order:<id>")]
pub struct InvalidScope;

impl std::str::FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        match text.split_once(':') {
            None if text == "floor" => Ok(Self::Floor),
            None if text == "audit" => Ok(Self::Audit),
            Some(("kitchen", station)) => station.parse().map(Self::Kitchen).map_err(|_| InvalidScope),
            Some(("table-session", id)) => canonical(id).map(|id| Self::TableSession(id.into())),
            Some(("order", id)) => canonical(id).map(|id| Self::Order(id.into())),
            _ => Err(InvalidScope),
        }
    }
}

/// One spelling per scope: ids in another form than lower-case with hyphens are refused.
fn canonical(id: &str) -> Result<Uuid, InvalidScope> {
    let parsed = Uuid::try_parse(id).map_err(|_| InvalidScope)?;
    if parsed.hyphenated().to_string() == id { Ok(parsed) } else { Err(InvalidScope) }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Kitchen(station) => write!(f, "kitchen:{station}"),
            Self::Floor => f.write_str("floor"),
            Self::Audit => f.write_str("audit"),
            Self::TableSession(id) => write!(f, "table-session:{id}"),
            Self::Order(id) => write!(f, "order:{id}"),
        }
    }
}

/// What of an event's data decides who sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Tags {
    /// The station of a line or an item.
    #[serde(default)]
    pub station: Option<StationKey>,
    /// The session that the event belongs to.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// The order that the event belongs to.
    #[serde(default)]
    pub order_id: Option<OrderId>,
}

impl Tags {
    /// The tags in an event's `data`. Data that cannot be read has none, so only `audit` sees it.
    #[must_use]
    pub fn of(data: &[u8]) -> Self {
        serde_json::from_slice(data).unwrap_or_default()
    }
}

/// Whether a client that follows `scope` sees an event of this type with these tags.
///
/// Depends on nothing else, so an event is encoded once and shared by all clients of a scope.
/// Everything a kitchen sees names one line of one station: nothing is ever redacted.
#[must_use]
pub fn visible(scope: &Scope, event_type: &str, tags: &Tags) -> bool {
    let (aggregate, _) = event_type.split_once('.').unwrap_or((event_type, ""));
    match scope {
        Scope::Audit => true,
        Scope::Kitchen(station) => aggregate == "line" && tags.station.as_ref() == Some(station),
        Scope::Floor => {
            matches!(aggregate, "line" | "order" | "table-session")
                || matches!(event_type, "menu-item.withdrawn" | "menu-item.restored")
        }
        Scope::TableSession(session) => {
            matches!(aggregate, "line" | "order" | "table-session") && tags.session_id == Some(*session)
        }
        Scope::Order(order) => matches!(aggregate, "line" | "order") && tags.order_id == Some(*order),
    }
}

#[cfg(test)]
mod tests;
