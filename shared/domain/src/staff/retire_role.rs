//! A role is given to nobody any more.

use super::{MemberState, RoleRetired, Roster};
use crate::{ids::RoleId, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn retire_role(roster: &Roster, role_id: RoleId) -> Result<Vec<TenantEvent>, Refusal> {
    let role = roster.roles.get(&role_id).ok_or(Refusal::NotFound)?;
    if role.is_retired {
        return Err(Refusal::RoleRetired);
    }
    // Somebody who is deactivated may come back with their roles.
    let kept = roster.members.values().filter(|member| member.state != MemberState::Forgotten);
    let members = kept.filter(|member| member.assignments.iter().any(|it| it.role_id == role_id)).count();
    if members > 0 {
        return Err(Refusal::RoleInUse { members });
    }
    Ok(vec![RoleRetired { role_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::{At, Permission, RoleRetired},
        tenants::{Tenant, TenantCommand, TenantEvent, TenantRequest, examples::*},
        testing::given,
    };

    fn retire(n: u128) -> TenantCommand {
        owner(TenantRequest::RetireRole(role(n)))
    }

    fn retired(n: u128) -> TenantEvent {
        RoleRetired { role_id: role(n) }.into()
    }

    #[test]
    fn a_role_that_nobody_has_is_retired_once() {
        let host = defined(4, "host", &[Permission::FloorRead]);
        given::<Tenant>(house_and([host.clone()])).when(retire(4)).then([retired(4)]);
        given::<Tenant>(house_and([host, retired(4)])).when(retire(4)).refused(Refusal::RoleRetired);
        given::<Tenant>(house()).when(retire(9)).refused(Refusal::NotFound);
    }

    #[test]
    fn a_role_in_use_is_not_retired_even_if_who_has_it_is_deactivated() {
        given::<Tenant>(house()).when(retire(2)).refused(Refusal::RoleInUse { members: 1 });
        given::<Tenant>(house_and([deactivated(2)])).when(retire(2)).refused(Refusal::RoleInUse { members: 1 });
        given::<Tenant>(house_and([forgotten(2)])).when(retire(2)).then([retired(2)]);
    }

    #[test]
    fn a_retired_role_is_given_to_nobody() {
        let given_again = crate::staff::ChangeRoles {
            member_id: member(3),
            assignments: assignments(&[assignment(2, At::Everywhere)]),
        };
        given::<Tenant>(house_and([forgotten(2), retired(2)]))
            .when(owner(TenantRequest::ChangeRoles(given_again)))
            .refused(Refusal::UnknownRole(role(2)));
    }
}
