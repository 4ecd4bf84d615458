//! A restaurant belongs to a group no longer. Roles that count in the group count in it no longer either.

use super::{RestaurantRemoved, TenantEvent};
use crate::{
    ids::{GroupId, RestaurantId},
    refusal::Refusal,
    staff::Roster,
};

pub(super) fn remove_restaurant(
    roster: &Roster,
    group_id: GroupId,
    restaurant_id: RestaurantId,
) -> Result<Vec<TenantEvent>, Refusal> {
    let group = roster.groups.get(&group_id).ok_or(Refusal::NotFound)?;
    if !group.restaurants.contains(&restaurant_id) {
        return Err(Refusal::RestaurantNotInGroup);
    }
    Ok(vec![RestaurantRemoved { group_id, restaurant_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::{At, Permission},
        tenants::{RestaurantRemoved, Tenant, TenantEvent, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn remove(n: u128, place: u128) -> TenantRequest {
        TenantRequest::RemoveRestaurant(group(n), restaurant(place))
    }

    fn removed() -> TenantEvent {
        RestaurantRemoved { group_id: group(1), restaurant_id: restaurant(1) }.into()
    }

    #[test]
    fn a_restaurant_is_removed_once() {
        given::<Tenant>(house()).when(owner(remove(1, 1))).then([removed()]);
        given::<Tenant>(house_and([removed()])).when(owner(remove(1, 1))).refused(Refusal::RestaurantNotInGroup);
        given::<Tenant>(house()).when(owner(remove(9, 1))).refused(Refusal::NotFound);
    }

    #[test]
    fn the_groups_roles_count_in_it_no_longer() {
        let cook = invited(4, &[assignment(2, At::Group(group(1)))]);
        let tenant: Tenant = folded(house_and([cook.clone(), joined(4), removed()]));
        assert!(tenant.roster().unwrap().grants_of(member(4)).is_empty());
        let refused = Refusal::RightsExceeded(Permission::OrderAccept);
        given::<Tenant>(house_and([cook])).when(inviter(remove(1, 1))).refused(refused);
    }
}
