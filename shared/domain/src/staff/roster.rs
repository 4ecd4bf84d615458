//! All that is known of a tenant's staff, and the rights that follow from it.

use super::{ApiKey, Assignment, At, Grants, Member, MemberState, Permission, Role};
use crate::{
    ids::{ApiKeyId, GroupId, MemberId, RoleId},
    refusal::Refusal,
    tenants::Group,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A tenant's name, staff, roles, groups of restaurants and keys.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Roster {
    /// What the business is called.
    pub name: String,
    /// Everybody who was ever invited.
    pub members: BTreeMap<MemberId, Member>,
    /// Every role that was ever defined.
    pub roles: BTreeMap<RoleId, Role>,
    /// Every group of restaurants.
    pub groups: BTreeMap<GroupId, Group>,
    /// Every key that was ever issued.
    pub api_keys: BTreeMap<ApiKeyId, ApiKey>,
}

impl Roster {
    /// What a member may do now: nothing while they are not active.
    #[must_use]
    pub fn grants_of(&self, member: MemberId) -> Grants {
        let active = self.members.get(&member).filter(|it| it.state == MemberState::Active);
        active.map(|it| self.grants(&it.assignments)).unwrap_or_default()
    }

    /// The names of a member's roles, for people to read.
    #[must_use]
    pub fn role_names_of(&self, member: MemberId) -> Vec<&str> {
        let assignments = self.members.get(&member).map_or(&[][..], |it| &it.assignments);
        let mut names: Vec<_> =
            assignments.iter().filter_map(|it| self.roles.get(&it.role_id)).map(|role| role.name.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What a key allows: nothing once it is revoked.
    #[must_use]
    pub fn grants_of_key(&self, key: ApiKeyId) -> Grants {
        let mut grants = Grants::default();
        if let Some(key) = self.api_keys.get(&key).filter(|key| !key.is_revoked) {
            grants.add_at(key.restaurant_id, key.permissions);
        }
        grants
    }

    /// What these roles allow, with the restaurants of groups resolved.
    #[must_use]
    pub fn grants(&self, assignments: &[Assignment]) -> Grants {
        let mut grants = Grants::default();
        for Assignment { role_id, at } in assignments {
            let permissions = self.roles.get(role_id).map(|role| role.permissions).unwrap_or_default();
            match at {
                At::Everywhere => grants.add_everywhere(permissions),
                At::Restaurant(restaurant) => grants.add_at(*restaurant, permissions),
                At::Group(group) => {
                    let restaurants = self.groups.get(group).into_iter().flat_map(|group| &group.restaurants);
                    restaurants.for_each(|restaurant| grants.add_at(*restaurant, permissions));
                }
            }
        }
        grants
    }

    /// What a member may do, or will be able to when they accept their invitation.
    pub(super) fn prospects_of(&self, member: MemberId) -> Grants {
        let counts = |it: &&Member| matches!(it.state, MemberState::Invited | MemberState::Active);
        self.members.get(&member).filter(counts).map(|it| self.grants(&it.assignments)).unwrap_or_default()
    }

    /// How surely somebody can give rights: 2 when an active member may, 1 when only somebody who was
    /// invited will, else 0.
    pub(super) fn keepers(&self) -> u8 {
        let keeps = |id: &MemberId| self.prospects_of(*id).everywhere.has(Permission::StaffWrite);
        let level = |(id, member): (&MemberId, &Member)| match member.state {
            MemberState::Active if keeps(id) => 2,
            MemberState::Invited if keeps(id) => 1,
            _ => 0,
        };
        self.members.iter().map(level).max().unwrap_or(0)
    }

    /// A member that a path names.
    pub(super) fn member(&self, id: MemberId) -> Result<&Member, Refusal> {
        self.members.get(&id).ok_or(Refusal::NotFound)
    }

    /// Every role and group that is to be assigned must be there.
    pub(super) fn can_assign(&self, assignments: &[Assignment]) -> Result<(), Refusal> {
        for Assignment { role_id, at } in assignments {
            if self.roles.get(role_id).is_none_or(|role| role.is_retired) {
                return Err(Refusal::UnknownRole(*role_id));
            }
            if let At::Group(group) = at
                && !self.groups.contains_key(group)
            {
                return Err(Refusal::UnknownGroup(*group));
            }
        }
        Ok(())
    }

    /// Whether another role that is in use has this name, whatever the case of its letters.
    pub(super) fn has_role_named(&self, name: &str, except: RoleId) -> bool {
        let name = name.to_lowercase();
        self.roles.iter().any(|(id, role)| *id != except && !role.is_retired && role.name.to_lowercase() == name)
    }

    /// Whether another group has this name, whatever the case of its letters.
    pub(crate) fn has_group_named(&self, name: &str, except: GroupId) -> bool {
        let name = name.to_lowercase();
        self.groups.iter().any(|(id, group)| *id != except && group.name.to_lowercase() == name)
    }

    /// About how many bytes this takes in memory.
    #[must_use]
    pub fn size_estimate(&self) -> usize {
        let member = |it: &Member| {
            size_of::<(MemberId, Member)>()
                + it.name.as_str().len()
                + it.email.as_str().len()
                + size_of_val(it.assignments.as_slice())
        };
        let role = |it: &Role| size_of::<(RoleId, Role)>() + it.name.len();
        let group = |it: &Group| size_of::<(GroupId, Group)>() + it.name.len() + 16 * it.restaurants.len();
        let key = |it: &ApiKey| size_of::<(ApiKeyId, ApiKey)>() + it.name.len();
        self.name.len()
            + self.members.values().map(member).sum::<usize>()
            + self.roles.values().map(role).sum::<usize>()
            + self.groups.values().map(group).sum::<usize>()
            + self.api_keys.values().map(key).sum::<usize>()
    }
}
