//! A restaurant belongs to a group. Roles that count in the group count in it from now on, so whoever adds
//! it must hold them there: the guard of all commands sees to it.

use super::{RestaurantAdded, TenantEvent};
use crate::{
    ids::{GroupId, RestaurantId},
    limits::GROUP_RESTAURANTS_MAX,
    refusal::Refusal,
    staff::Roster,
};

pub(super) fn add_restaurant(
    roster: &Roster,
    group_id: GroupId,
    restaurant_id: RestaurantId,
) -> Result<Vec<TenantEvent>, Refusal> {
    let group = roster.groups.get(&group_id).ok_or(Refusal::NotFound)?;
    if group.restaurants.contains(&restaurant_id) {
        return Err(Refusal::RestaurantInGroup);
    }
    if group.restaurants.len() >= GROUP_RESTAURANTS_MAX {
        return Err(Refusal::TenantFull { what: "restaurants in a group", max: GROUP_RESTAURANTS_MAX });
    }
    Ok(vec![RestaurantAdded { group_id, restaurant_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        limits::GROUP_RESTAURANTS_MAX,
        refusal::Refusal,
        staff::{At, Permission},
        tenants::{Tenant, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn add(n: u128, place: u128) -> TenantRequest {
        TenantRequest::AddRestaurant(group(n), restaurant(place))
    }

    #[test]
    fn a_restaurant_is_added_once() {
        given::<Tenant>(house()).when(owner(add(1, 2))).then([added(1, 2)]);
        given::<Tenant>(house()).when(owner(add(1, 1))).refused(Refusal::RestaurantInGroup);
        given::<Tenant>(house()).when(owner(add(9, 1))).refused(Refusal::NotFound);
    }

    #[test]
    fn roles_that_count_in_the_group_count_in_the_restaurant() {
        let cook = invited(4, &[assignment(2, At::Group(group(1)))]);
        let tenant: Tenant = folded(house_and([cook, joined(4), added(1, 2)]));
        let grants = tenant.roster().unwrap().grants_of(member(4));
        assert!(grants.at(restaurant(2)).has(Permission::LineBump));
        assert!(!grants.at(restaurant(3)).has(Permission::LineBump));
    }

    #[test]
    fn who_does_not_hold_what_a_group_gives_cannot_give_it_by_adding_a_restaurant() {
        let cook = invited(4, &[assignment(2, At::Group(group(1)))]);
        let refused = Refusal::RightsExceeded(Permission::OrderAccept);
        given::<Tenant>(house_and([cook])).when(inviter(add(1, 2))).refused(refused);
        given::<Tenant>(house()).when(inviter(add(1, 2))).then([added(1, 2)]);
    }

    #[test]
    fn a_group_has_a_bound() {
        let many = (2..=GROUP_RESTAURANTS_MAX as u128).map(|n| added(1, n));
        let full = Refusal::TenantFull { what: "restaurants in a group", max: GROUP_RESTAURANTS_MAX };
        given::<Tenant>(house_and(many)).when(owner(add(1, 9_999))).refused(full);
    }
}
