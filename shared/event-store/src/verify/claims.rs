//! Claims are a pure function of the events: what the table holds must be what they say. Of addresses, which stand
//! in no event, it can only be said that who owns one is a member who was not forgotten.

use super::Finding;
use domain::{
    claims::{ClaimChange, ClaimKind},
    event::Event,
    tenants::TenantEvent,
};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Who holds what, by kind and key.
pub(super) type Held = BTreeMap<(String, String), Uuid>;

/// The claims after some events.
pub(super) struct Claims {
    /// `None` once an event could not be read: from then on nothing can be said.
    held: Option<Held>,
    /// Who may own an address.
    members: BTreeSet<Uuid>,
}

impl Default for Claims {
    fn default() -> Self {
        Self { held: Some(Held::new()), members: BTreeSet::new() }
    }
}

impl Claims {
    /// Folds an event of this aggregate in.
    pub(super) fn fold(&mut self, aggregate: Uuid, event: &Event) {
        let Some(held) = &mut self.held else { return };
        match event {
            Event::Tenant(TenantEvent::MemberInvited(it)) => {
                self.members.insert(it.member_id.0);
            }
            Event::Tenant(TenantEvent::MemberForgotten(it)) => {
                self.members.remove(&it.member_id.0);
            }
            _ => {}
        }
        for change in event.claims() {
            match change {
                ClaimChange::Take(kind, key) => held.insert((kind.as_str().to_owned(), key), aggregate),
                ClaimChange::Release(kind, key) => held.remove(&(kind.as_str().to_owned(), key)),
            };
        }
    }

    /// Says nothing about claims from here on.
    pub(super) fn give_up(&mut self) {
        self.held = None;
    }

    /// What the table says otherwise.
    pub(super) fn differences(&self, stored: &Held) -> Vec<Finding> {
        let Some(held) = &self.held else { return Vec::new() };
        let missing = held.keys().filter(|place| !stored.contains_key(*place));
        let name = |owner: Option<&Uuid>| owner.map_or_else(|| "nobody".to_owned(), ToString::to_string);
        stored
            .keys()
            .chain(missing)
            .filter(|place| stored.get(*place) != held.get(*place) && !self.is_address_of_a_member(place, stored))
            .map(|place| Finding::Claim {
                kind: place.0.clone(),
                key: place.1.clone(),
                expected: name(held.get(place)),
                found: name(stored.get(place)),
            })
            .collect()
    }

    fn is_address_of_a_member(&self, place: &(String, String), stored: &Held) -> bool {
        let owner = stored.get(place);
        place.0 == ClaimKind::MemberAddress.as_str() && owner.is_some_and(|owner| self.members.contains(owner))
    }
}
