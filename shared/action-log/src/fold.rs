//! What happens again is counted, not written again; and no flood fills the table, or hides somebody else.
//!
//! Within a minute, the same (who, what, how it ended, from where) is one row with a count. One person gets
//! [`ROWS_OF_ONE_MAX`] rows; what they do beyond is counted in one more. A circle gets so many: the staff and machines
//! of a tenant, the guests and strangers that come to it, and all strangers that come to nobody known; what happens
//! there beyond is counted in one more. So nobody who is not of a tenant takes the room of those who are.
//!
//! A process has [`ROWS_MAX`] rows. Where tenants have filled them, each circle that comes later still has its first
//! row and one that counts all else, out of [`RESERVED_MAX`]. Only beyond that nothing is left but a count of what was
//! dropped.

use crate::table::Row;
use chrono::{DateTime, Utc};
use domain::{
    envelope::ActorKind,
    ids::{RestaurantId, TenantId},
};
use identity::Permission;
use service_kit::{
    audit::{Action, UNKNOWN, Who},
    client::counted_as,
};
use std::{collections::HashMap, net::IpAddr};

/// Rows that one person, or one address where nobody is known, gets in a minute.
pub const ROWS_OF_ONE_MAX: usize = 20;
/// Rows that the staff and machines of a tenant get in a minute.
pub const ROWS_OF_TENANT_MAX: usize = 600;
/// Rows that the guests of a tenant get in a minute, together with strangers that come to it.
pub const ROWS_OF_OUTSIDERS_MAX: usize = 120;
/// Rows that all strangers together get in a minute, of whom nobody knows to which tenant they came.
pub const ROWS_OF_STRANGERS_MAX: usize = 120;
/// Rows of a process in a minute.
pub const ROWS_MAX: usize = 3_000;
/// Rows beyond it: the first one and the last one of circles that find no other.
pub const RESERVED_MAX: usize = 1_000;
/// What stands where different things were counted together.
pub const MANY: &str = "*";
/// What stands beside it where they were guests and strangers.
pub const OUTSIDERS: &str = "outsiders";

/// The rows of this minute.
#[derive(Debug, Default)]
pub struct Minute {
    rows: HashMap<Key, Row>,
    of_one: HashMap<One, usize>,
    of_circle: HashMap<Circle, usize>,
}

/// What became of an action.
#[derive(Debug, PartialEq, Eq)]
pub enum Folded {
    /// It is the first of its kind: write this row.
    New(Box<Row>),
    /// It was counted; the row is written again at the end of the minute.
    Counted,
    /// There are too many rows.
    Dropped,
}

/// Those who share room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Circle {
    tenant: Option<TenantId>,
    /// Of a tenant: its staff and its machines, with tokens that were signed for them.
    is_insider: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct One {
    circle: Circle,
    kind: String,
    /// Who it is, or who they said that they are.
    id: String,
    /// Of who is not known; of IPv6 the network, because one household has all of it.
    network: Option<IpAddr>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Same {
        one: One,
        via: String,
        network: Option<IpAddr>,
        action: String,
        restaurant: Option<RestaurantId>,
        permission: Option<Permission>,
        status: u16,
        code: String,
    },
    RestOf(One, u16),
    RestOfCircle(Circle, u16),
    /// However it ended.
    AllOfCircle(Circle),
}

impl Minute {
    /// Takes one more action.
    pub fn take(&mut self, action: Action) -> Folded {
        let one = One::of(&action);
        let (circle, status) = (one.circle, action.status);
        let of_one = self.of_one.get(&one).copied().unwrap_or_default();
        let of_circle = self.of_circle.get(&circle).copied().unwrap_or_default();
        let (free, reserved) = (self.rows.len() < ROWS_MAX, self.rows.len() < ROWS_MAX + RESERVED_MAX);
        let has_room = of_circle < circle.rows_max() && free;
        // From the finest to the coarsest.
        let levels = [
            (Key::same(one.clone(), &action), (has_room && of_one < ROWS_OF_ONE_MAX) || (of_circle == 0 && reserved)),
            (Key::RestOf(one.clone(), status), has_room),
            (Key::RestOfCircle(circle, status), free),
            (Key::AllOfCircle(circle), reserved),
        ];
        for (key, has_room) in levels {
            if let Some(row) = self.rows.get_mut(&key) {
                row.count(action.at);
                return Folded::Counted;
            }
            if has_room {
                let row = Row::first(coarse(action, &key));
                self.rows.insert(key, row.clone());
                *self.of_one.entry(one).or_default() += 1;
                *self.of_circle.entry(circle).or_default() += 1;
                return Folded::New(Box::new(row));
            }
        }
        Folded::Dropped
    }

    /// Ends the minute: the rows whose count has grown since they were new.
    pub fn end(&mut self) -> Vec<Row> {
        let rows = std::mem::take(self).rows;
        rows.into_values().filter(|row| row.repeats > 1).collect()
    }
}

impl One {
    fn of(action: &Action) -> Self {
        let Who { kind, id, claimed, .. } = action.who.clone();
        let id = if id.is_empty() { claimed } else { id };
        let network = action.remote.filter(|_| id.is_empty()).map(counted_as);
        Self { circle: Circle::of(&action.who), kind, id, network }
    }
}

impl Circle {
    fn of(who: &Who) -> Self {
        let is_insider = who.tenant.is_some() && ![UNKNOWN, ActorKind::Guest.as_str()].contains(&who.kind.as_str());
        Self { tenant: who.tenant, is_insider }
    }

    fn rows_max(self) -> usize {
        match self {
            Self { tenant: None, .. } => ROWS_OF_STRANGERS_MAX,
            Self { is_insider: true, .. } => ROWS_OF_TENANT_MAX,
            Self { is_insider: false, .. } => ROWS_OF_OUTSIDERS_MAX,
        }
    }
}

impl Key {
    fn same(one: One, action: &Action) -> Self {
        Self::Same {
            one,
            via: action.who.via.clone(),
            network: action.remote.map(counted_as),
            action: action.action.clone(),
            restaurant: action.restaurant,
            permission: action.permission,
            status: action.status,
            code: action.code.clone(),
        }
    }
}

/// The action with only that told which all have in common that are counted under the key.
fn coarse(action: Action, key: &Key) -> Action {
    let many = |action: Action| Action {
        restaurant: None,
        permission: None,
        action: MANY.to_owned(),
        subject: String::new(),
        code: String::new(),
        ..action
    };
    match key {
        Key::Same { .. } => action,
        Key::RestOf(..) => {
            let who = Who { via: String::new(), ..action.who.clone() };
            Action { subject: who.claimed.clone(), who, ..many(action) }
        }
        Key::RestOfCircle(circle, _) | Key::AllOfCircle(circle) => {
            let id = if circle.tenant.is_some() && !circle.is_insider { OUTSIDERS } else { "" };
            let who = Who::without_token(MANY, id.to_owned(), circle.tenant);
            Action { who, remote: None, correlation_id: String::new(), ..many(action) }
        }
    }
}

impl Row {
    fn first(action: Action) -> Self {
        Self { last_at: action.at, repeats: 1, action }
    }

    fn count(&mut self, at: DateTime<Utc>) {
        self.repeats = self.repeats.saturating_add(1);
        self.last_at = at;
    }
}

#[cfg(test)]
mod tests;
