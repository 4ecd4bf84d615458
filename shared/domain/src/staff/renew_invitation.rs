//! Somebody who did not accept their invitation yet is sent it again.

use super::{MemberInvitationRenewed, MemberState, Roster};
use crate::{ids::MemberId, limits::INVITATIONS_MAX, refusal::Refusal, tenants::TenantEvent};

pub(crate) fn renew_invitation(roster: &Roster, member_id: MemberId) -> Result<Vec<TenantEvent>, Refusal> {
    let member = roster.member(member_id)?;
    if member.state != MemberState::Invited {
        return Err(Refusal::MemberState { state: member.state.as_str() });
    }
    if member.invitations >= INVITATIONS_MAX {
        return Err(Refusal::InvitationsSpent { max: INVITATIONS_MAX });
    }
    Ok(vec![MemberInvitationRenewed { member_id }.into()])
}

#[cfg(test)]
mod tests {
    use crate::{
        limits::INVITATIONS_MAX,
        refusal::Refusal,
        staff::MemberInvitationRenewed,
        tenants::{Tenant, TenantEvent, TenantRequest, examples::*},
        testing::given,
    };

    fn renew(n: u128) -> TenantRequest {
        TenantRequest::RenewInvitation(member(n))
    }

    fn renewed(n: u128) -> TenantEvent {
        MemberInvitationRenewed { member_id: member(n) }.into()
    }

    #[test]
    fn who_did_not_accept_yet_is_invited_again() {
        given::<Tenant>(house()).when(owner(renew(2))).then([renewed(2)]);
        // It gives nothing that was not given before.
        given::<Tenant>(house()).when(inviter(renew(2))).then([renewed(2)]);
    }

    #[test]
    fn who_joined_was_sent_away_or_is_not_there_is_not() {
        let state = |state| Refusal::MemberState { state };
        given::<Tenant>(house()).when(owner(renew(3))).refused(state("active"));
        given::<Tenant>(house_and([deactivated(2)])).when(owner(renew(2))).refused(state("deactivated"));
        given::<Tenant>(house_and([forgotten(2)])).when(owner(renew(2))).refused(state("forgotten"));
        given::<Tenant>(house()).when(owner(renew(9))).refused(Refusal::NotFound);
    }

    #[test]
    fn invitations_of_one_member_have_a_bound() {
        let again = (1..INVITATIONS_MAX).map(|_| renewed(2));
        let spent = Refusal::InvitationsSpent { max: INVITATIONS_MAX };
        given::<Tenant>(house_and(again.clone().skip(1))).when(owner(renew(2))).then([renewed(2)]);
        given::<Tenant>(house_and(again)).when(owner(renew(2))).refused(spent);
    }
}
