//! Somebody accepts their invitation. It is asked by the product itself, once it knows that they are who
//! was invited.

use super::{MemberJoined, MemberState, Roster};
use crate::{ids::MemberId, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn join(roster: &Roster, member_id: MemberId) -> Result<Vec<TenantEvent>, Refusal> {
    let member = roster.member(member_id)?;
    if member.state != MemberState::Invited {
        return Err(Refusal::MemberState { state: member.state.as_str() });
    }
    Ok(vec![MemberJoined { member_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        refusal::Refusal,
        staff::{Grants, Permission},
        tenants::{Tenant, TenantCommand, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn join(n: u128) -> TenantCommand {
        TenantCommand { holds: Grants::default(), request: TenantRequest::Join(member(n)) }
    }

    #[test]
    fn who_joined_may_do_what_their_roles_allow() {
        given::<Tenant>(house()).when(join(2)).then([joined(2)]);
        let tenant: Tenant = folded(house_and([joined(2)]));
        let grants = tenant.roster().unwrap().grants_of(member(2));
        assert!(grants.at(restaurant(1)).has(Permission::LineBump));
        assert!(grants.at(restaurant(2)).is_empty());
    }

    #[test]
    fn an_invitation_is_accepted_once_and_not_by_who_was_sent_away() {
        let state = |state| Refusal::MemberState { state };
        given::<Tenant>(house()).when(join(1)).refused(state("active"));
        given::<Tenant>(house_and([deactivated(2)])).when(join(2)).refused(state("deactivated"));
        given::<Tenant>(house_and([forgotten(2)])).when(join(2)).refused(state("forgotten"));
        given::<Tenant>(house()).when(join(9)).refused(Refusal::NotFound);
    }
}
