//! Streams: the events of one aggregate, and the state that they fold to.

use crate::{
    dining::TableSession,
    event::Event,
    ids::{MenuId, OrderId, RestaurantId, SessionId, TenantId},
    menu::Menu,
    ordering::Order,
    restaurants::Restaurant,
    tenants::Tenant,
};
use cqrs_es::Aggregate;
use uuid::Uuid;

/// The kinds of aggregates in feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AggregateKind {
    /// Settings, stations and tables.
    Restaurant,
    /// The menu.
    Menu,
    /// Guests at a table.
    TableSession,
    /// An order and its lines.
    Order,
    /// A business, its staff, roles, groups of restaurants and keys; alone in the tenant's own feed.
    Tenant,
}

impl AggregateKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::Restaurant, Self::Menu, Self::TableSession, Self::Order, Self::Tenant];

    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Restaurant => "restaurant",
            Self::Menu => "menu",
            Self::TableSession => "table-session",
            Self::Order => "order",
            Self::Tenant => "tenant",
        }
    }

    /// The kind with this stored name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One stream of a feed. Ids are unique in a feed across all kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId {
    /// What the aggregate is.
    pub kind: AggregateKind,
    /// Its id.
    pub id: Uuid,
}

impl From<RestaurantId> for StreamId {
    fn from(id: RestaurantId) -> Self {
        Self { kind: AggregateKind::Restaurant, id: id.0 }
    }
}

impl From<MenuId> for StreamId {
    fn from(id: MenuId) -> Self {
        Self { kind: AggregateKind::Menu, id: id.0 }
    }
}

impl From<SessionId> for StreamId {
    fn from(id: SessionId) -> Self {
        Self { kind: AggregateKind::TableSession, id: id.0 }
    }
}

impl From<OrderId> for StreamId {
    fn from(id: OrderId) -> Self {
        Self { kind: AggregateKind::Order, id: id.0 }
    }
}

impl From<TenantId> for StreamId {
    fn from(id: TenantId) -> Self {
        Self { kind: AggregateKind::Tenant, id: id.0 }
    }
}

impl Event {
    /// The kind of aggregate that this event belongs to.
    #[must_use]
    pub fn kind(&self) -> AggregateKind {
        match self {
            Self::Restaurant(_) => AggregateKind::Restaurant,
            Self::Menu(_) => AggregateKind::Menu,
            Self::TableSession(_) => AggregateKind::TableSession,
            Self::Order(_) => AggregateKind::Order,
            Self::Tenant(_) => AggregateKind::Tenant,
        }
    }
}

/// The state of any aggregate, folded from its events.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// A restaurant.
    Restaurant(Restaurant),
    /// A menu.
    Menu(Menu),
    /// A table session.
    TableSession(TableSession),
    /// An order.
    Order(Order),
    /// A tenant.
    Tenant(Tenant),
}

impl State {
    /// The state before the first event.
    #[must_use]
    pub fn absent(kind: AggregateKind) -> Self {
        match kind {
            AggregateKind::Restaurant => Self::Restaurant(Restaurant::default()),
            AggregateKind::Menu => Self::Menu(Menu::default()),
            AggregateKind::TableSession => Self::TableSession(TableSession::default()),
            AggregateKind::Order => Self::Order(Order::default()),
            AggregateKind::Tenant => Self::Tenant(Tenant::default()),
        }
    }

    /// The kind of this aggregate.
    #[must_use]
    pub fn kind(&self) -> AggregateKind {
        match self {
            Self::Restaurant(_) => AggregateKind::Restaurant,
            Self::Menu(_) => AggregateKind::Menu,
            Self::TableSession(_) => AggregateKind::TableSession,
            Self::Order(_) => AggregateKind::Order,
            Self::Tenant(_) => AggregateKind::Tenant,
        }
    }

    /// Folds one event in. An event of another kind changes nothing; the store never mixes kinds.
    pub fn apply(&mut self, event: Event) {
        match (self, event) {
            (Self::Restaurant(state), Event::Restaurant(event)) => state.apply(event),
            (Self::Menu(state), Event::Menu(event)) => state.apply(event),
            (Self::TableSession(state), Event::TableSession(event)) => state.apply(event),
            (Self::Order(state), Event::Order(event)) => state.apply(event),
            (Self::Tenant(state), Event::Tenant(event)) => state.apply(event),
            _ => {}
        }
    }

    /// About how many bytes this state takes in memory; for budgets of caches.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        match self {
            Self::Restaurant(state) => state.size_estimate(),
            Self::Menu(state) => state.size_estimate(),
            Self::TableSession(state) => state.size_estimate(),
            Self::Order(state) => state.size_estimate(),
            Self::Tenant(state) => state.size_estimate(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AggregateKind, State};
    use crate::{dining::TableSession, menu::Menu, ordering::Order, restaurants::Restaurant, tenants::Tenant};
    use cqrs_es::Aggregate;

    #[test]
    fn a_kind_is_called_what_its_aggregate_is_called() {
        let types = [Restaurant::TYPE, Menu::TYPE, TableSession::TYPE, Order::TYPE, Tenant::TYPE];
        assert_eq!(AggregateKind::ALL.map(AggregateKind::as_str), types);
    }

    #[test]
    fn every_kind_is_found_again_by_its_name_and_has_a_state() {
        for kind in AggregateKind::ALL {
            assert_eq!(AggregateKind::from_name(kind.as_str()), Some(kind));
            assert_eq!(State::absent(kind).kind(), kind);
        }
        assert_eq!(AggregateKind::from_name("payment"), None);
    }
}
