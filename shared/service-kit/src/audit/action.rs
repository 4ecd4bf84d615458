//! Something that somebody did, or tried to do.

use chrono::{DateTime, Utc};
use domain::ids::{RestaurantId, TenantId};
use identity::{Permission, Principal, principal::Marks};
use std::net::IpAddr;
use uuid::Uuid;

/// Something that somebody did, or tried to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its own id, a UUIDv7.
    pub id: Uuid,
    /// When, the first time.
    pub at: DateTime<Utc>,
    /// Who.
    pub who: Who,
    /// The restaurant, if it was about one that they may know of.
    pub restaurant: Option<RestaurantId>,
    /// The right that it needed, or that was used.
    pub permission: Option<Permission>,
    /// Method and route.
    pub action: String,
    /// What it was about: ids in the path, people, scopes.
    pub subject: String,
    /// The HTTP status that was answered; of sockets the one that would have been.
    pub status: u16,
    /// The stable name of the problem; empty where it succeeded.
    pub code: String,
    /// Whether somebody was kept from what they may not do.
    pub is_denied: bool,
    /// From where, as far as it is known.
    pub remote: Option<IpAddr>,
    /// Joins it with all that the request set off.
    pub correlation_id: String,
}

/// The kind of somebody of whom nothing is known.
pub const UNKNOWN: &str = "unknown";

/// Who did something, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Who {
    /// `None` where it is not known to whom they belong.
    pub tenant: Option<TenantId>,
    /// `staff`, `guest`, …: the kind of an actor; `account` for who has shown that an account is theirs; `unknown`.
    pub kind: String,
    /// The `sub` of their token, or the index of their account; empty where nothing is known.
    pub id: String,
    /// Who they say they are, without having shown it: part of what it is about, and never of who it was.
    pub claimed: String,
    /// What they came with: ids of their token, log-in and key.
    pub via: String,
}

/// What an action was about, one name and id after another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject(String);

impl Who {
    /// Somebody of whom nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self { kind: UNKNOWN.to_owned(), ..Self::default() }
    }

    /// Somebody of whom nothing is known but who they say they are, such as `account:…`.
    #[must_use]
    pub fn who_claims(claimed: String, tenant: Option<TenantId>) -> Self {
        Self { tenant, claimed, ..Self::unknown() }
    }

    /// Somebody who has no token, of this kind and with this id.
    #[must_use]
    pub fn without_token(kind: &str, id: String, tenant: Option<TenantId>) -> Self {
        Self { tenant, kind: kind.to_owned(), id, ..Self::default() }
    }

    /// The same, who came with this.
    #[must_use]
    pub fn by_way_of(self, via: String) -> Self {
        Self { via, ..self }
    }

    /// Whether it is known to whom they belong, or who they say they are.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.id.is_empty()
    }
}

impl From<&Principal> for Who {
    fn from(principal: &Principal) -> Self {
        let actor = principal.actor();
        Self {
            tenant: Some(principal.tenant()),
            kind: actor.kind.as_str().to_owned(),
            id: actor.id,
            via: via(principal.marks()),
            claimed: String::new(),
        }
    }
}

/// What a token can be told from others by.
fn via(marks: &Marks) -> String {
    let Marks { token, device, api_key, .. } = marks;
    let mut via = Subject::default();
    let ids = [("key", *api_key), ("device", *device), ("token", (!token.is_nil()).then_some(*token))];
    for (name, id) in ids {
        if let Some(id) = id {
            via.add(name, id);
        }
    }
    via.into_text()
}

impl Subject {
    /// The ids in a path; whatever else a client may write there is left out.
    #[must_use]
    pub fn of_path(route: &str, path: &str) -> (Self, Option<RestaurantId>) {
        let (mut subject, mut restaurant) = (Self::default(), None);
        for (name, text) in route.split('/').zip(path.split('/')) {
            let Some(name) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) else { continue };
            let Ok(id) = Uuid::try_parse(text) else { continue };
            if name == "restaurant" {
                restaurant = Some(RestaurantId(id));
            } else {
                subject.add(name, id);
            }
        }
        (subject, restaurant)
    }

    /// Adds one more thing.
    pub fn add(&mut self, name: &str, id: impl std::fmt::Display) {
        self.add_text(&format!("{name}:{id}"));
    }

    /// Adds one more thing that says itself what it is.
    pub fn add_text(&mut self, text: &str) {
        if !self.0.is_empty() && !text.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(text);
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_ids_of_a_path_are_kept_and_the_restaurant_apart() {
        let (restaurant, order) = (Uuid::from_u128(7), Uuid::from_u128(8));
        let path = format!("/v1/restaurants/{restaurant}/orders/{order}/accept");
        let (subject, at) = Subject::of_path("/v1/restaurants/{restaurant}/orders/{order}/accept", &path);
        assert_eq!((subject.into_text(), at), (format!("order:{order}"), Some(RestaurantId(restaurant))));
        // A printed code is in no table, however it came.
        let (subject, at) =
            Subject::of_path("/v1/table-codes/{code}/join-requests", "/v1/table-codes/abc/join-requests");
        assert_eq!((subject.into_text(), at), (String::new(), None));
    }

    #[test]
    fn what_somebody_came_with_is_named_by_ids() {
        let (token, device) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let marks = Marks { token, device: Some(device), ..Marks::default() };
        assert_eq!(via(&marks), format!("device:{device} token:{token}"));
        assert_eq!(via(&Marks::default()), "");
    }
}
