//! A member's personal data is erased. The event says that it was; the deletion of their key makes it so.

use super::{MemberForgotten, MemberState, Roster};
use crate::{ids::MemberId, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn forget(roster: &Roster, member_id: MemberId) -> Result<Vec<TenantEvent>, Refusal> {
    let member = roster.member(member_id)?;
    if member.state == MemberState::Forgotten {
        return Err(Refusal::MemberState { state: member.state.as_str() });
    }
    Ok(vec![MemberForgotten { member_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::Permission,
        tenants::{Forgetter, Tenant, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn forget(n: u128, by: Forgetter) -> TenantRequest {
        TenantRequest::Forget(member(n), by)
    }

    #[test]
    fn who_is_forgotten_has_no_roles_for_good() {
        given::<Tenant>(house()).when(owner(forget(2, Forgetter::Staff))).then([forgotten(2)]);
        let tenant: Tenant = folded(house_and([joined(2), forgotten(2)]));
        let roster = tenant.roster().unwrap();
        assert!(roster.grants_of(member(2)).is_empty());
        assert!(roster.members[&member(2)].assignments.is_empty());
    }

    #[test]
    fn nobody_forgets_who_may_do_more_than_they() {
        let exceeded = Refusal::RightsExceeded(Permission::OrderAccept);
        given::<Tenant>(house()).when(inviter(forget(2, Forgetter::Staff))).refused(exceeded);
    }

    #[test]
    fn the_last_who_can_give_rights_is_forgotten_only_by_who_runs_the_installation() {
        let history = house_and([deactivated(3)]);
        given::<Tenant>(history.clone()).when(owner(forget(1, Forgetter::Staff))).refused(Refusal::LastOwner);
        given::<Tenant>(history).when(owner(forget(1, Forgetter::Operator))).then([forgotten(1)]);
    }

    #[test]
    fn nobody_is_forgotten_twice() {
        let state = Refusal::MemberState { state: "forgotten" };
        given::<Tenant>(house_and([forgotten(2)])).when(owner(forget(2, Forgetter::Staff))).refused(state);
        given::<Tenant>(house()).when(owner(forget(9, Forgetter::Staff))).refused(Refusal::NotFound);
    }
}
