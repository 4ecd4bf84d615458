//! Which parts of a feed the holder of a token may follow.

use crate::{permission::Permission, principal::Principal};
use domain::{
    ids::{RestaurantId, SessionId},
    scope::{Scope, Tags, visible},
};

/// A part of a feed, as one holder of a token sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeFilter {
    /// What is followed.
    pub scope: Scope,
    /// Only what names this session is shown. A guest who follows an order that is not theirs sees
    /// an empty stream: nothing is looked up, so nothing leaks.
    pub only_session: Option<SessionId>,
}

impl ScopeFilter {
    /// Whether its holder sees an event of this type with these tags.
    #[must_use]
    pub fn shows(&self, event_type: &str, tags: &Tags) -> bool {
        let own = self.only_session.is_none_or(|session| tags.session_id == Some(session));
        own && visible(&self.scope, event_type, tags)
    }
}

/// How this principal sees this scope of this restaurant; `None` where they may not. Whether the
/// restaurant belongs to their tenant is for the caller to look up.
#[must_use]
pub fn filter_for(principal: &Principal, restaurant: RestaurantId, scope: &Scope) -> Option<ScopeFilter> {
    let only_session = match principal {
        Principal::Staff(_) | Principal::Machine(_) => {
            principal.may(restaurant, permission_for(scope)).then_some(None)?
        }
        Principal::Guest(guest) if guest.restaurant != restaurant => return None,
        Principal::Guest(guest) => match scope {
            Scope::TableSession(session) if *session == guest.session_id => None,
            Scope::Order(_) => Some(guest.session_id),
            Scope::TableSession(_) | Scope::Kitchen(_) | Scope::Floor | Scope::Audit => return None,
        },
    };
    Some(ScopeFilter { scope: scope.clone(), only_session })
}

/// What somebody who works there, or a machine, needs to follow a scope.
#[must_use]
pub fn permission_for(scope: &Scope) -> Permission {
    match scope {
        Scope::Kitchen(_) => Permission::KitchenRead,
        Scope::Floor | Scope::TableSession(_) => Permission::FloorRead,
        Scope::Audit => Permission::AuditRead,
        Scope::Order(_) => Permission::OrderRead,
    }
}
