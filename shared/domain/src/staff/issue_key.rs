//! A machine is given a key.

use super::{ApiKeyIssued, Grants, PermissionSet, Roster};
use crate::{
    ids::{ApiKeyId, RestaurantId},
    limits::API_KEYS_MAX,
    refusal::Refusal,
    tenants::TenantEvent,
    text::Name,
};

/// Give a machine a key that counts in one restaurant.
#[derive(Debug, Clone, PartialEq)]
pub struct IssueKey {
    /// The new key.
    pub key_id: ApiKeyId,
    /// What it is for.
    pub name: Name,
    /// The only restaurant where it counts.
    pub restaurant_id: RestaurantId,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Requests that it may send in a minute.
    pub per_minute: u32,
}

pub(crate) fn issue_key(roster: &Roster, holds: &Grants, command: IssueKey) -> Result<Vec<TenantEvent>, Refusal> {
    let IssueKey { key_id, name, restaurant_id, permissions, per_minute } = command;
    if roster.api_keys.contains_key(&key_id) {
        return Err(Refusal::AlreadyMade { list: "api-keys", id: key_id.0 });
    }
    if let Some(permission) = permissions.without(holds.at(restaurant_id)).iter().next() {
        return Err(Refusal::RightsExceeded(permission));
    }
    if roster.api_keys.len() >= API_KEYS_MAX {
        return Err(Refusal::TenantFull { what: "keys", max: API_KEYS_MAX });
    }
    Ok(vec![ApiKeyIssued { key_id, name: name.into(), restaurant_id, permissions, per_minute }.into()])
}

#[cfg(test)]
mod tests {
    use super::IssueKey;
    use crate::{
        limits::API_KEYS_MAX,
        refusal::Refusal,
        staff::Permission,
        tenants::{Tenant, TenantRequest, examples::*},
        testing::{folded, given},
        text::Name,
    };

    fn issue(n: u128) -> TenantRequest {
        TenantRequest::IssueKey(IssueKey {
            key_id: key(n),
            name: Name::parse("Till").unwrap(),
            restaurant_id: restaurant(1),
            permissions: [Permission::OrderRead].into_iter().collect(),
            per_minute: 60,
        })
    }

    #[test]
    fn a_key_counts_in_one_restaurant() {
        given::<Tenant>(house()).when(owner(issue(2))).then([issued(2)]);
        let tenant: Tenant = folded(house());
        let grants = tenant.roster().unwrap().grants_of_key(key(1));
        assert!(grants.at(restaurant(1)).has(Permission::OrderRead));
        assert!(grants.at(restaurant(2)).is_empty());
    }

    #[test]
    fn nobody_gives_a_machine_what_they_do_not_hold() {
        given::<Tenant>(house()).when(inviter(issue(2))).refused(Refusal::RightsExceeded(Permission::OrderRead));
    }

    #[test]
    fn a_late_repeat_meets_the_key_that_it_made() {
        given::<Tenant>(house()).when(owner(issue(1))).refused(Refusal::AlreadyMade { list: "api-keys", id: key(1).0 });
    }

    #[test]
    fn keys_have_a_bound() {
        let many = (2..=API_KEYS_MAX as u128).map(|n| issued(10_000 + n));
        let full = Refusal::TenantFull { what: "keys", max: API_KEYS_MAX };
        given::<Tenant>(house_and(many)).when(owner(issue(9))).refused(full);
    }
}
