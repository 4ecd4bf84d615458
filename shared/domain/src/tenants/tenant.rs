//! The state of a tenant.

use super::{
    CreateGroup, Group, SignUp, TenantEvent, add_restaurant::add_restaurant, create_group::create_group,
    remove_restaurant::remove_restaurant, rename_group::rename_group, sign_up::sign_up,
};
use crate::{
    aggregate::aggregate,
    ids::{ApiKeyId, GroupId, MemberId, RestaurantId, RoleId},
    refusal::Refusal,
    staff::{
        self, ApiKey, Assignments, ChangeRole, ChangeRoles, DefineRole, Grants, Invite, IssueKey, Member, MemberState,
        Permission, Role, Roster,
    },
    text::Name,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A tenant, folded from its events.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub enum Tenant {
    /// Nobody signed it up.
    #[default]
    Absent,
    /// It exists. Shared, so that a copy costs nothing until it changes.
    Active(Arc<Roster>),
}

/// What somebody asks of a tenant, and what they may do themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct TenantCommand {
    /// Fact: what the sender holds.
    pub holds: Grants,
    /// What they ask.
    pub request: TenantRequest,
}

/// What can be asked of a tenant.
#[derive(Debug, Clone, PartialEq)]
pub enum TenantRequest {
    /// Sign a business up.
    SignUp(SignUp),
    /// Make a group of restaurants.
    CreateGroup(CreateGroup),
    /// Call a group otherwise.
    RenameGroup(GroupId, Name),
    /// Add a restaurant of the tenant to a group.
    AddRestaurant(GroupId, RestaurantId),
    /// Take a restaurant out of a group.
    RemoveRestaurant(GroupId, RestaurantId),
    /// Define a role.
    DefineRole(DefineRole),
    /// Change a role's name and permissions.
    ChangeRole(ChangeRole),
    /// Give a role to nobody any more.
    RetireRole(RoleId),
    /// Invite somebody.
    Invite(Invite),
    /// Send an invitation again.
    RenewInvitation(MemberId),
    /// Accept an invitation.
    Join(MemberId),
    /// Give a member these roles in place of those they have.
    ChangeRoles(ChangeRoles),
    /// Let a member do nothing, for now.
    Deactivate(MemberId),
    /// Let a member work again.
    Reactivate(MemberId),
    /// Erase a member's personal data.
    Forget(MemberId, Forgetter),
    /// Give a machine a key.
    IssueKey(IssueKey),
    /// Make a key worthless.
    RevokeKey(ApiKeyId),
}

impl TenantRequest {
    /// What somebody who asks for it needs everywhere; nothing where nobody of the tenant asks.
    #[must_use]
    pub fn permission(&self) -> Option<Permission> {
        match self {
            Self::SignUp(_) | Self::Join(_) | Self::Forget(_, Forgetter::Operator) => None,
            Self::CreateGroup(_) | Self::RenameGroup(..) | Self::AddRestaurant(..) | Self::RemoveRestaurant(..) => {
                Some(Permission::TenantWrite)
            }
            Self::DefineRole(_) | Self::ChangeRole(_) | Self::RetireRole(_) => Some(Permission::RoleWrite),
            Self::Invite(_)
            | Self::RenewInvitation(_)
            | Self::ChangeRoles(_)
            | Self::Deactivate(_)
            | Self::Reactivate(_)
            | Self::Forget(_, Forgetter::Staff) => Some(Permission::StaffWrite),
            Self::IssueKey(_) | Self::RevokeKey(_) => Some(Permission::ApiKeyWrite),
        }
    }
}

/// Who erases personal data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgetter {
    /// Somebody of the tenant: not the last who can give rights.
    Staff,
    /// Who runs the installation, because a person has the right to it: whoever it is.
    Operator,
}

aggregate!(Tenant, "tenant", TenantCommand, TenantEvent);

impl Tenant {
    /// Decides one command: the events that follow from it, or why not.
    ///
    /// # Errors
    /// The rule that says no.
    pub fn decide(&self, command: TenantCommand) -> Result<Vec<TenantEvent>, Refusal> {
        let TenantCommand { holds, request } = command;
        let roster = match request {
            TenantRequest::SignUp(command) => return sign_up(self, command),
            _ => self.roster().ok_or(Refusal::NotFound)?,
        };
        let operator = matches!(request, TenantRequest::Forget(_, Forgetter::Operator));
        let events = requested(roster, &holds, request)?;
        let mut after = self.clone();
        events.iter().cloned().for_each(|event| after.fold(event));
        match staff::guard(roster, after.roster().ok_or(Refusal::NotFound)?, &holds) {
            Err(Refusal::LastOwner) if operator => Ok(events),
            guarded => guarded.map(|()| events),
        }
    }

    /// All that is known of a tenant that exists.
    #[must_use]
    pub fn roster(&self) -> Option<&Roster> {
        match self {
            Self::Absent => None,
            Self::Active(roster) => Some(roster),
        }
    }

    pub(super) fn fold(&mut self, event: TenantEvent) {
        if let TenantEvent::SignedUp(it) = event {
            *self = Self::Active(Arc::new(Roster { name: it.name, ..Roster::default() }));
        } else if let Self::Active(roster) = self {
            fold(Arc::make_mut(roster), event);
        }
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        size_of::<Self>() + self.roster().map_or(0, |roster| size_of::<Roster>() + roster.size_estimate())
    }
}

fn requested(roster: &Roster, holds: &Grants, request: TenantRequest) -> Result<Vec<TenantEvent>, Refusal> {
    match request {
        // It is the only one that does not need a tenant that exists, and was decided before.
        TenantRequest::SignUp(_) => Err(Refusal::NotFound),
        TenantRequest::CreateGroup(command) => create_group(roster, command),
        TenantRequest::RenameGroup(group, name) => rename_group(roster, group, name),
        TenantRequest::AddRestaurant(group, restaurant) => add_restaurant(roster, group, restaurant),
        TenantRequest::RemoveRestaurant(group, restaurant) => remove_restaurant(roster, group, restaurant),
        TenantRequest::DefineRole(command) => staff::define_role(roster, command),
        TenantRequest::ChangeRole(command) => staff::change_role(roster, command),
        TenantRequest::RetireRole(role) => staff::retire_role(roster, role),
        TenantRequest::Invite(command) => staff::invite(roster, command),
        TenantRequest::RenewInvitation(member) => staff::renew_invitation(roster, member),
        TenantRequest::Join(member) => staff::join(roster, member),
        TenantRequest::ChangeRoles(command) => staff::change_roles(roster, command),
        TenantRequest::Deactivate(member) => staff::deactivate(roster, member),
        TenantRequest::Reactivate(member) => staff::reactivate(roster, member),
        TenantRequest::Forget(member, _) => staff::forget(roster, member),
        TenantRequest::IssueKey(command) => staff::issue_key(roster, holds, command),
        TenantRequest::RevokeKey(key) => staff::revoke_key(roster, key),
    }
}

fn fold(roster: &mut Roster, event: TenantEvent) {
    match event {
        TenantEvent::SignedUp(_) => {}
        TenantEvent::GroupCreated(it) => {
            roster.groups.insert(it.group_id, Group { name: it.name, restaurants: std::collections::BTreeSet::new() });
        }
        TenantEvent::GroupRenamed(it) => with(roster.groups.get_mut(&it.group_id), |group| group.name = it.name),
        TenantEvent::RestaurantAdded(it) => with(roster.groups.get_mut(&it.group_id), |group| {
            group.restaurants.insert(it.restaurant_id);
        }),
        TenantEvent::RestaurantRemoved(it) => with(roster.groups.get_mut(&it.group_id), |group| {
            group.restaurants.remove(&it.restaurant_id);
        }),
        TenantEvent::RoleDefined(it) => {
            let role = Role { name: it.name, template: it.template, permissions: it.permissions, is_retired: false };
            roster.roles.insert(it.role_id, role);
        }
        TenantEvent::RoleChanged(it) => with(roster.roles.get_mut(&it.role_id), |role| {
            (role.name, role.permissions) = (it.name, it.permissions);
        }),
        TenantEvent::RoleRetired(it) => with(roster.roles.get_mut(&it.role_id), |role| role.is_retired = true),
        TenantEvent::ApiKeyIssued(it) => {
            let key = ApiKey {
                name: it.name,
                restaurant_id: it.restaurant_id,
                permissions: it.permissions,
                per_minute: it.per_minute,
                is_revoked: false,
            };
            roster.api_keys.insert(it.key_id, key);
        }
        TenantEvent::ApiKeyRevoked(it) => with(roster.api_keys.get_mut(&it.key_id), |key| key.is_revoked = true),
        TenantEvent::MemberInvited(_)
        | TenantEvent::MemberInvitationRenewed(_)
        | TenantEvent::MemberJoined(_)
        | TenantEvent::MemberRolesChanged(_)
        | TenantEvent::MemberDeactivated(_)
        | TenantEvent::MemberReactivated(_)
        | TenantEvent::MemberForgotten(_) => fold_member(roster, event),
    }
}

fn fold_member(roster: &mut Roster, event: TenantEvent) {
    let members = &mut roster.members;
    match event {
        TenantEvent::MemberInvited(it) => {
            let member = Member {
                state: MemberState::Invited,
                name: it.name,
                email: it.email,
                assignments: it.assignments,
                invitations: 1,
                has_joined: false,
            };
            members.insert(it.member_id, member);
        }
        TenantEvent::MemberInvitationRenewed(it) => with(members.get_mut(&it.member_id), |member| {
            member.invitations = member.invitations.saturating_add(1);
        }),
        TenantEvent::MemberJoined(it) => with(members.get_mut(&it.member_id), |member| {
            (member.state, member.has_joined) = (MemberState::Active, true);
        }),
        TenantEvent::MemberRolesChanged(it) => {
            with(members.get_mut(&it.member_id), |member| member.assignments = it.assignments);
        }
        TenantEvent::MemberDeactivated(it) => {
            with(members.get_mut(&it.member_id), |member| member.state = MemberState::Deactivated);
        }
        TenantEvent::MemberReactivated(it) => with(members.get_mut(&it.member_id), |member| {
            member.state = if member.has_joined { MemberState::Active } else { MemberState::Invited };
        }),
        TenantEvent::MemberForgotten(it) => with(members.get_mut(&it.member_id), |member| {
            member.state = MemberState::Forgotten;
            member.assignments.clear();
        }),
        _ => {}
    }
}

/// An event about something that is not there changes nothing; no rule ever lets one be written.
fn with<T>(found: Option<&mut T>, change: impl FnOnce(&mut T)) {
    if let Some(found) = found {
        change(found);
    }
}

/// All roles of a member who signs a tenant up.
pub(super) fn owner_everywhere(role_id: RoleId) -> Assignments {
    let owner = staff::Assignment { role_id, at: staff::At::Everywhere };
    Assignments::parse(vec![owner]).unwrap_or_default()
}
