//! A member may do nothing, for now.

use super::{MemberDeactivated, MemberState, Roster};
use crate::{ids::MemberId, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn deactivate(roster: &Roster, member_id: MemberId) -> Result<Vec<TenantEvent>, Refusal> {
    let member = roster.member(member_id)?;
    match member.state {
        MemberState::Invited | MemberState::Active => Ok(vec![MemberDeactivated { member_id }.into()]),
        state @ (MemberState::Deactivated | MemberState::Forgotten) => {
            Err(Refusal::MemberState { state: state.as_str() })
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::Permission,
        tenants::{Tenant, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn deactivate(n: u128) -> TenantRequest {
        TenantRequest::Deactivate(member(n))
    }

    #[test]
    fn who_is_deactivated_may_do_nothing() {
        given::<Tenant>(house()).when(owner(deactivate(3))).then([deactivated(3)]);
        let tenant: Tenant = folded(house_and([deactivated(3)]));
        assert!(tenant.roster().unwrap().grants_of(member(3)).is_empty());
    }

    #[test]
    fn an_invitation_is_taken_back_in_the_same_way() {
        given::<Tenant>(house()).when(owner(deactivate(2))).then([deactivated(2)]);
    }

    #[test]
    fn nobody_locks_out_who_may_do_more_than_they() {
        let exceeded = Refusal::RightsExceeded(Permission::RestaurantCreate);
        given::<Tenant>(house()).when(inviter(deactivate(1))).refused(exceeded);
    }

    #[test]
    fn the_last_who_can_give_rights_stays() {
        given::<Tenant>(house_and([deactivated(3)])).when(owner(deactivate(1))).refused(Refusal::LastOwner);
    }

    #[test]
    fn nobody_is_deactivated_twice() {
        let state = Refusal::MemberState { state: "deactivated" };
        given::<Tenant>(house_and([deactivated(2)])).when(owner(deactivate(2))).refused(state);
        given::<Tenant>(house()).when(owner(deactivate(9))).refused(Refusal::NotFound);
    }
}
