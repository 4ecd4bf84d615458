//! What happens again is counted, not written again; and no flood fills the table.
//!
//! Within a minute, the same (who, what, how it ended, from where) is one row with a count. One person gets
//! [`ROWS_OF_ONE_MAX`] rows; what they do beyond is counted in one more. A tenant, and all strangers together,
//! get so many; what happens there beyond is counted in one more. Only beyond [`ROWS_MAX`] nothing is left
//! but a count of what was dropped.

use crate::table::Row;
use chrono::{DateTime, Utc};
use domain::ids::{RestaurantId, TenantId};
use identity::Permission;
use service_kit::{
    audit::{Action, Who},
    client::counted_as,
};
use std::{collections::HashMap, net::IpAddr};

/// Rows that one person, or one address where nobody is known, gets in a minute.
pub const ROWS_OF_ONE_MAX: usize = 20;
/// Rows that one tenant gets in a minute.
pub const ROWS_OF_TENANT_MAX: usize = 600;
/// Rows that all strangers together get in a minute.
pub const ROWS_OF_STRANGERS_MAX: usize = 120;
/// Rows of a process in a minute.
pub const ROWS_MAX: usize = 3_000;
/// What stands where different things were counted together.
pub const MANY: &str = "*";

/// The rows of this minute.
#[derive(Debug, Default)]
pub struct Minute {
    rows: HashMap<Key, Row>,
    of_one: HashMap<One, usize>,
    of_tenant: HashMap<Option<TenantId>, usize>,
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

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct One {
    tenant: Option<TenantId>,
    kind: String,
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
    RestOfTenant(Option<TenantId>, u16),
}

impl Minute {
    /// Takes one more action.
    pub fn take(&mut self, action: Action) -> Folded {
        let one = One::of(&action);
        let tenant = action.who.tenant;
        let of_one = self.of_one.get(&one).copied().unwrap_or_default();
        let of_tenant = self.of_tenant.get(&tenant).copied().unwrap_or_default();
        let room_of_tenant = if tenant.is_some() { ROWS_OF_TENANT_MAX } else { ROWS_OF_STRANGERS_MAX };
        let (has_room, status) = (of_tenant < room_of_tenant, action.status);
        // From the finest to the coarsest; the coarsest has room as long as there is any.
        let levels = [
            (Key::same(one.clone(), &action), has_room && of_one < ROWS_OF_ONE_MAX),
            (Key::RestOf(one.clone(), status), has_room),
            (Key::RestOfTenant(tenant, status), true),
        ];
        for (key, has_room) in levels {
            if let Some(row) = self.rows.get_mut(&key) {
                row.count(action.at);
                return Folded::Counted;
            }
            if has_room && self.rows.len() < ROWS_MAX {
                let row = Row::first(coarse(action, &key));
                self.rows.insert(key, row.clone());
                *self.of_one.entry(one).or_default() += 1;
                *self.of_tenant.entry(tenant).or_default() += 1;
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
        let Who { tenant, kind, id, .. } = action.who.clone();
        let network = action.remote.filter(|_| id.is_empty()).map(counted_as);
        Self { tenant, kind, id, network }
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
            Action { who, ..many(action) }
        }
        Key::RestOfTenant(tenant, _) => {
            let who = Who::without_token(MANY, String::new(), *tenant);
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
