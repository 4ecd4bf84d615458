//! A business signs up.

use super::{SignedUp, Tenant, TenantEvent, tenant::owner_everywhere};
use crate::{
    ids::{MemberId, RoleId, TenantId},
    refusal::Refusal,
    staff::{
        MemberInvited, RoleDefined, Sealed,
        templates::{OWNER, TEMPLATES},
    },
    stream::StreamId,
    text::Name,
};

/// Sign a business up, with its first owner and a role for each template.
#[derive(Debug, Clone, PartialEq)]
pub struct SignUp {
    /// The new tenant.
    pub tenant_id: TenantId,
    /// What the business is called.
    pub name: Name,
    /// The first owner.
    pub owner_id: MemberId,
    /// Their name, sealed.
    pub owner_name: Sealed,
    /// Their e-mail address, sealed.
    pub owner_email: Sealed,
    /// An id for the role of each template, in the order of [`TEMPLATES`].
    pub role_ids: [RoleId; TEMPLATES.len()],
}

pub(super) fn sign_up(tenant: &Tenant, command: SignUp) -> Result<Vec<TenantEvent>, Refusal> {
    if tenant.roster().is_some() {
        return Err(Refusal::AlreadyDone(StreamId::from(command.tenant_id)));
    }
    let SignUp { tenant_id, name, owner_id, owner_name, owner_email, role_ids } = command;
    let mut events = vec![SignedUp { tenant_id, name: name.into(), owner_id }.into()];
    let mut assignments = Vec::new();
    for ((template, permissions), role_id) in TEMPLATES.into_iter().zip(role_ids) {
        if template == OWNER {
            assignments = owner_everywhere(role_id).into();
        }
        let permissions = permissions.iter().copied().collect();
        let defined =
            RoleDefined { role_id, name: template.to_owned(), template: Some(template.to_owned()), permissions };
        events.push(defined.into());
    }
    let invited = MemberInvited { member_id: owner_id, name: owner_name, email: owner_email, assignments };
    events.push(invited.into());
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::SignUp;
    use crate::{
        refusal::Refusal,
        staff::{Grants, MemberState, Permission, Roster, templates::TEMPLATES},
        tenants::{Tenant, TenantCommand, TenantEvent, TenantRequest, examples::*},
        testing::{folded, given, id, survives_a_snapshot},
        text::Name,
    };

    fn sign_up() -> TenantCommand {
        let command = SignUp {
            tenant_id: tenant(),
            name: Name::parse("Grupo Aris").unwrap(),
            owner_id: member(1),
            owner_name: sealed(),
            owner_email: sealed(),
            role_ids: std::array::from_fn(|n| id(300 + n as u128)),
        };
        TenantCommand { holds: Grants::default(), request: TenantRequest::SignUp(command) }
    }

    fn roster_after_sign_up() -> Roster {
        let events = Tenant::default().decide(sign_up()).unwrap();
        folded::<Tenant>(events).roster().unwrap().clone()
    }

    #[test]
    fn a_new_tenant_has_a_role_for_each_template_and_an_invited_owner() {
        let roster = roster_after_sign_up();
        assert_eq!(roster.name, "Grupo Aris");
        assert_eq!(roster.roles.len(), TEMPLATES.len());
        let owner = &roster.members[&member(1)];
        assert_eq!((owner.state, roster.members.len()), (MemberState::Invited, 1));
        assert_eq!(roster.role_names_of(member(1)), ["owner"]);
    }

    #[test]
    fn an_owner_may_do_all_that_can_be_granted_once_they_have_joined() {
        let mut events = Tenant::default().decide(sign_up()).unwrap();
        assert_eq!(folded::<Tenant>(events.clone()).roster().unwrap().grants_of(member(1)), Grants::default());
        events.push(joined(1));
        let grants = folded::<Tenant>(events).roster().unwrap().grants_of(member(1));
        let missing: Vec<_> = Permission::ALL.into_iter().filter(|it| !grants.everywhere.has(*it)).collect();
        assert_eq!(missing, [Permission::ProjectionRebuild]);
    }

    #[test]
    fn a_tenant_signs_up_once() {
        given::<Tenant>([signed_up()]).when(sign_up()).refused(Refusal::AlreadyDone(tenant().into()));
    }

    #[test]
    fn nothing_can_be_asked_of_a_tenant_that_nobody_signed_up() {
        given::<Tenant>([]).when(owner(TenantRequest::Join(member(1)))).refused(Refusal::NotFound);
    }

    #[test]
    fn a_tenant_survives_a_snapshot_and_grows_with_its_staff() {
        let small: Tenant = folded([signed_up()]);
        let large: Tenant = folded(house());
        survives_a_snapshot(&large);
        assert!(large.size_estimate() > small.size_estimate() + 300);
    }

    #[test]
    fn events_before_the_sign_up_change_nothing() {
        let state: Tenant = folded::<Tenant>(house().into_iter().filter(|it| !matches!(it, TenantEvent::SignedUp(_))));
        assert_eq!(state, Tenant::Absent);
    }
}
