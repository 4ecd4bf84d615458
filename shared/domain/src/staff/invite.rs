//! Somebody is to work here.

use super::{Assignments, MemberInvited, MemberState, Roster, Sealed};
use crate::{ids::MemberId, limits::MEMBERS_MAX, refusal::Refusal, tenants::TenantEvent};

/// Invite somebody, with the roles that they will have.
#[derive(Debug, Clone, PartialEq)]
pub struct Invite {
    /// The new member.
    pub member_id: MemberId,
    /// Their name, sealed.
    pub name: Sealed,
    /// Their e-mail address, sealed.
    pub email: Sealed,
    /// The roles that they will have.
    pub assignments: Assignments,
    /// Fact: who has this address, if somebody has.
    pub address_of: Option<MemberId>,
}

pub(crate) fn invite(roster: &Roster, command: Invite) -> Result<Vec<TenantEvent>, Refusal> {
    let Invite { member_id, name, email, assignments, address_of } = command;
    if roster.members.contains_key(&member_id) {
        return Err(Refusal::AlreadyMade { list: "staff", id: member_id.0 });
    }
    if let Some((member, state)) = address_of.and_then(|id| Some((id, roster.members.get(&id)?.state)))
        && state != MemberState::Forgotten
    {
        return Err(Refusal::AddressTaken { member, state: state.as_str() });
    }
    if roster.members.len() >= MEMBERS_MAX {
        return Err(Refusal::TenantFull { what: "members", max: MEMBERS_MAX });
    }
    roster.can_assign(assignments.as_slice())?;
    Ok(vec![MemberInvited { member_id, name, email, assignments: assignments.into() }.into()])
}

#[cfg(test)]
mod tests {
    use super::Invite;
    use crate::{
        limits::MEMBERS_MAX,
        refusal::Refusal,
        staff::{Assignment, At, Permission},
        tenants::{Tenant, TenantRequest, examples::*},
        testing::{folded, given},
    };

    fn invite(n: u128, list: &[Assignment]) -> TenantRequest {
        invite_at_address_of(None, n, list)
    }

    fn invite_at_address_of(of: Option<u128>, n: u128, list: &[Assignment]) -> TenantRequest {
        let (member_id, name, email, assignments) = (member(n), sealed(), sealed(), assignments(list));
        TenantRequest::Invite(Invite { member_id, name, email, assignments, address_of: of.map(member) })
    }

    #[test]
    fn somebody_is_invited_with_roles() {
        let cook = [assignment(2, At::Restaurant(restaurant(1)))];
        given::<Tenant>(house()).when(owner(invite(4, &cook))).then([invited(4, &cook)]);
        // Until they accept it, they may do nothing.
        let tenant: Tenant = folded(house_and([invited(4, &cook)]));
        assert!(tenant.roster().unwrap().grants_of(member(4)).is_empty());
    }

    #[test]
    fn nobody_gives_what_they_do_not_hold() {
        let cook = [assignment(2, At::Restaurant(restaurant(1)))];
        let refused = Refusal::RightsExceeded(Permission::OrderAccept);
        given::<Tenant>(house()).when(inviter(invite(4, &cook))).refused(refused);
        let inviting = [assignment(3, At::Everywhere)];
        given::<Tenant>(house()).when(inviter(invite(4, &inviting))).then([invited(4, &inviting)]);
    }

    #[test]
    fn a_role_or_group_that_is_not_there_cannot_be_given() {
        let role_9 = [assignment(9, At::Everywhere)];
        given::<Tenant>(house()).when(owner(invite(4, &role_9))).refused(Refusal::UnknownRole(role(9)));
        let group_9 = [assignment(2, At::Group(group(9)))];
        given::<Tenant>(house()).when(owner(invite(4, &group_9))).refused(Refusal::UnknownGroup(group(9)));
    }

    #[test]
    fn an_address_is_that_of_one_member_and_says_how_they_get_in() {
        for (of, history, state, way) in [
            (2, house(), "invited", "/invitation"),
            (3, house(), "active", "/roles"),
            (2, house_and([deactivated(2)]), "deactivated", "/reactivate"),
        ] {
            let refusal = Refusal::AddressTaken { member: member(of), state };
            assert!(refusal.to_string().contains(&format!("{}{way}", member(of))), "{refusal}");
            given::<Tenant>(history).when(owner(invite_at_address_of(Some(of), 4, &[]))).refused(refusal);
        }
    }

    #[test]
    fn the_address_of_who_was_forgotten_is_free() {
        let invite = || owner(invite_at_address_of(Some(2), 4, &[]));
        given::<Tenant>(house_and([forgotten(2)])).when(invite()).then([invited(4, &[])]);
        // As it is of somebody who is not there.
        given::<Tenant>(house()).when(owner(invite_at_address_of(Some(9), 4, &[]))).then([invited(4, &[])]);
    }

    #[test]
    fn a_late_repeat_meets_the_member_that_it_made() {
        given::<Tenant>(house())
            .when(owner(invite_at_address_of(Some(2), 2, &[])))
            .refused(Refusal::AlreadyMade { list: "staff", id: member(2).0 });
    }

    #[test]
    fn members_have_a_bound() {
        let many = (4..=MEMBERS_MAX as u128).map(|n| invited(10_000 + n, &[]));
        let full = Refusal::TenantFull { what: "members", max: MEMBERS_MAX };
        given::<Tenant>(house_and(many)).when(owner(invite(9, &[]))).refused(full);
    }
}
