//! A member works again, with the roles that they had. To whoever lets them, that is giving those roles.

use super::{MemberReactivated, MemberState, Roster};
use crate::{ids::MemberId, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn reactivate(roster: &Roster, member_id: MemberId) -> Result<Vec<TenantEvent>, Refusal> {
    let member = roster.member(member_id)?;
    if member.state != MemberState::Deactivated {
        return Err(Refusal::MemberState { state: member.state.as_str() });
    }
    Ok(vec![MemberReactivated { member_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::{MemberReactivated, MemberState, Permission},
        tenants::{Tenant, TenantEvent, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn reactivate(n: u128) -> TenantRequest {
        TenantRequest::Reactivate(member(n))
    }

    fn reactivated(n: u128) -> TenantEvent {
        MemberReactivated { member_id: member(n) }.into()
    }

    #[test]
    fn who_comes_back_has_their_roles_again() {
        given::<Tenant>(house_and([deactivated(3)])).when(owner(reactivate(3))).then([reactivated(3)]);
        let tenant: Tenant = folded(house_and([deactivated(3), reactivated(3)]));
        assert!(tenant.roster().unwrap().grants_of(member(3)).everywhere.has(Permission::StaffWrite));
    }

    #[test]
    fn an_invitation_that_was_taken_back_is_open_again() {
        let tenant: Tenant = folded(house_and([deactivated(2), reactivated(2)]));
        assert_eq!(tenant.roster().unwrap().members[&member(2)].state, MemberState::Invited);
    }

    #[test]
    fn nobody_brings_back_who_may_do_more_than_they() {
        let history = house_and([joined(2), deactivated(2)]);
        given::<Tenant>(history).when(inviter(reactivate(2))).refused(Refusal::RightsExceeded(Permission::OrderAccept));
    }

    #[test]
    fn only_who_was_deactivated_comes_back() {
        let state = |state| Refusal::MemberState { state };
        given::<Tenant>(house()).when(owner(reactivate(3))).refused(state("active"));
        given::<Tenant>(house_and([forgotten(2)])).when(owner(reactivate(2))).refused(state("forgotten"));
        given::<Tenant>(house()).when(owner(reactivate(9))).refused(Refusal::NotFound);
    }
}
