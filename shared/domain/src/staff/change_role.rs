//! A role has another name, or allows something else.

use super::{PermissionSet, RoleChanged, Roster};
use crate::{ids::RoleId, refusal::Refusal, tenants::TenantEvent, text::Name};

/// Change a role, for all who have it.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRole {
    /// The role.
    pub role_id: RoleId,
    /// What it is called from now on.
    pub name: Name,
    /// What it allows from now on.
    pub permissions: PermissionSet,
}

pub(crate) fn change_role(roster: &Roster, command: ChangeRole) -> Result<Vec<TenantEvent>, Refusal> {
    let ChangeRole { role_id, name, permissions } = command;
    let role = roster.roles.get(&role_id).ok_or(Refusal::NotFound)?;
    if role.is_retired {
        return Err(Refusal::RoleRetired);
    }
    if roster.has_role_named(name.as_str(), role_id) {
        return Err(Refusal::RoleNameTaken);
    }
    Ok(vec![RoleChanged { role_id, name: name.into(), permissions }.into()])
}

#[cfg(test)]
mod tests {
    use super::ChangeRole;
    use crate::{
        refusal::Refusal,
        staff::{
            Permission::{self, LineBump, OrderAccept, StaffWrite},
            RoleChanged, RoleRetired,
        },
        tenants::{Tenant, TenantEvent, TenantRequest, examples::*},
        testing::{folded, given},
        text::Name,
    };

    fn change(n: u128, name: &str, permissions: &[Permission]) -> TenantRequest {
        let permissions = permissions.iter().copied().collect();
        TenantRequest::ChangeRole(ChangeRole { role_id: role(n), name: Name::parse(name).unwrap(), permissions })
    }

    fn changed(n: u128, name: &str, permissions: &[Permission]) -> TenantEvent {
        RoleChanged { role_id: role(n), name: name.into(), permissions: permissions.iter().copied().collect() }.into()
    }

    #[test]
    fn a_change_counts_for_all_who_have_the_role() {
        let event = changed(2, "chef", &[LineBump]);
        given::<Tenant>(house()).when(owner(change(2, "chef", &[LineBump]))).then([event.clone()]);
        let tenant: Tenant = folded(house_and([joined(2), event]));
        let roster = tenant.roster().unwrap();
        assert_eq!(roster.grants_of(member(2)).at(restaurant(1)).iter().collect::<Vec<_>>(), [LineBump]);
        assert_eq!(roster.role_names_of(member(2)), ["chef"]);
    }

    #[test]
    fn nobody_promotes_themselves_by_changing_a_role_that_they_have() {
        let request = change(3, "inviter", &[StaffWrite, Permission::RoleWrite, Permission::TenantWrite, OrderAccept]);
        given::<Tenant>(house()).when(inviter(request)).refused(Refusal::RightsExceeded(OrderAccept));
    }

    #[test]
    fn the_last_who_can_give_rights_cannot_lose_that_by_a_change_of_their_role() {
        let alone = deactivated(3);
        given::<Tenant>(house_and([alone])).when(owner(change(1, "owner", &[LineBump]))).refused(Refusal::LastOwner);
    }

    #[test]
    fn a_role_that_is_retired_or_not_there_does_not_change() {
        let retired = RoleRetired { role_id: role(2) }.into();
        given::<Tenant>(house_and([retired])).when(owner(change(2, "cook", &[]))).refused(Refusal::RoleRetired);
        given::<Tenant>(house()).when(owner(change(9, "cook", &[]))).refused(Refusal::NotFound);
        given::<Tenant>(house()).when(owner(change(2, "Owner", &[]))).refused(Refusal::RoleNameTaken);
    }
}
