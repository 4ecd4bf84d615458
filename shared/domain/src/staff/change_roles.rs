//! A member has other roles.

use super::{Assignments, MemberRolesChanged, MemberState, Roster};
use crate::{ids::MemberId, refusal::Refusal, tenants::TenantEvent};

/// Give a member these roles in place of those that they have.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangeRoles {
    /// The member.
    pub member_id: MemberId,
    /// All roles that they have from now on.
    pub assignments: Assignments,
}

pub(crate) fn change_roles(roster: &Roster, command: ChangeRoles) -> Result<Vec<TenantEvent>, Refusal> {
    let ChangeRoles { member_id, assignments } = command;
    let member = roster.member(member_id)?;
    if member.state == MemberState::Forgotten {
        return Err(Refusal::MemberState { state: member.state.as_str() });
    }
    roster.can_assign(assignments.as_slice())?;
    Ok(vec![MemberRolesChanged { member_id, assignments: assignments.into() }.into()])
}

#[cfg(test)]
mod tests {
    use super::ChangeRoles;
    use crate::{
        refusal::Refusal,
        staff::{Assignment, At, MemberRolesChanged, Permission},
        tenants::{Tenant, TenantEvent, TenantRequest, examples::*},
        testing::given,
    };

    fn change(n: u128, list: &[Assignment]) -> TenantRequest {
        TenantRequest::ChangeRoles(ChangeRoles { member_id: member(n), assignments: assignments(list) })
    }

    fn changed(n: u128, list: &[Assignment]) -> TenantEvent {
        MemberRolesChanged { member_id: member(n), assignments: list.to_vec() }.into()
    }

    #[test]
    fn a_member_has_other_roles() {
        let campus = [assignment(2, At::Group(group(1)))];
        given::<Tenant>(house()).when(owner(change(2, &campus))).then([changed(2, &campus)]);
    }

    #[test]
    fn nobody_gives_or_takes_what_they_do_not_hold() {
        let cook = [assignment(2, At::Restaurant(restaurant(2)))];
        let exceeded = Refusal::RightsExceeded(Permission::OrderAccept);
        given::<Tenant>(house()).when(inviter(change(3, &cook))).refused(exceeded.clone());
        given::<Tenant>(house()).when(inviter(change(2, &[]))).refused(exceeded);
        given::<Tenant>(house())
            .when(inviter(change(1, &[])))
            .refused(Refusal::RightsExceeded(Permission::RestaurantCreate));
    }

    #[test]
    fn the_last_who_can_give_rights_keeps_that() {
        given::<Tenant>(house()).when(owner(change(1, &[]))).then([changed(1, &[])]);
        given::<Tenant>(house_and([deactivated(3)])).when(owner(change(1, &[]))).refused(Refusal::LastOwner);
        // Somebody who was only invited may never come.
        let second = invited(4, &[assignment(1, At::Everywhere)]);
        given::<Tenant>(house_and([deactivated(3), second])).when(owner(change(1, &[]))).refused(Refusal::LastOwner);
    }

    #[test]
    fn who_was_forgotten_or_never_invited_is_given_nothing() {
        let state = Refusal::MemberState { state: "forgotten" };
        given::<Tenant>(house_and([forgotten(2)])).when(owner(change(2, &[]))).refused(state);
        given::<Tenant>(house()).when(owner(change(9, &[]))).refused(Refusal::NotFound);
    }
}
