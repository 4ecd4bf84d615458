//! What happens to a tenant, its groups of restaurants and its staff.

#[cfg(feature = "schema")]
use crate::limits::NAME_CHARS_MAX;
use crate::{
    claims::ClaimChange,
    event::events,
    ids::{GroupId, MemberId, RestaurantId, TenantId},
    staff::{
        ApiKeyIssued, ApiKeyRevoked, MemberDeactivated, MemberForgotten, MemberInvitationRenewed, MemberInvited,
        MemberJoined, MemberReactivated, MemberRolesChanged, RoleChanged, RoleDefined, RoleRetired,
    },
};
use serde::{Deserialize, Serialize};

events! {
    /// What happens to a tenant.
    TenantEvent {
        /// A business signed up.
        SignedUp(SignedUp) = "tenant.signed-up",
        /// There is a new group of restaurants.
        GroupCreated(GroupCreated) = "restaurant-group.created",
        /// A group is called otherwise.
        GroupRenamed(GroupRenamed) = "restaurant-group.renamed",
        /// A restaurant belongs to a group from now on.
        RestaurantAdded(RestaurantAdded) = "restaurant-group.restaurant-added",
        /// A restaurant belongs to a group no longer.
        RestaurantRemoved(RestaurantRemoved) = "restaurant-group.restaurant-removed",
        /// There is a new role.
        RoleDefined(RoleDefined) = "role.defined",
        /// A role has another name or allows something else.
        RoleChanged(RoleChanged) = "role.changed",
        /// Nobody is given a role any more.
        RoleRetired(RoleRetired) = "role.retired",
        /// Somebody is to work here.
        MemberInvited(MemberInvited) = "member.invited",
        /// They are sent their invitation again.
        MemberInvitationRenewed(MemberInvitationRenewed) = "member.invitation-renewed",
        /// They accepted.
        MemberJoined(MemberJoined) = "member.joined",
        /// They have other roles.
        MemberRolesChanged(MemberRolesChanged) = "member.roles-changed",
        /// They may do nothing, for now.
        MemberDeactivated(MemberDeactivated) = "member.deactivated",
        /// They have their roles again.
        MemberReactivated(MemberReactivated) = "member.reactivated",
        /// Their personal data was erased.
        MemberForgotten(MemberForgotten) = "member.forgotten",
        /// A machine was given a key.
        ApiKeyIssued(ApiKeyIssued) = "api-key.issued",
        /// A key is worthless.
        ApiKeyRevoked(ApiKeyRevoked) = "api-key.revoked",
    }
}

/// `tenant.signed-up`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SignedUp {
    /// The new tenant.
    pub tenant_id: TenantId,
    /// What the business is called.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// Who signed it up; their invitation follows.
    pub owner_id: MemberId,
}

/// `restaurant-group.created`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupCreated {
    /// The new group.
    pub group_id: GroupId,
    /// What it is called.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
}

/// `restaurant-group.renamed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GroupRenamed {
    /// The group.
    pub group_id: GroupId,
    /// What it is called now.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
}

/// `restaurant-group.restaurant-added`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestaurantAdded {
    /// The group.
    pub group_id: GroupId,
    /// The restaurant that belongs to it now.
    pub restaurant_id: RestaurantId,
}

/// `restaurant-group.restaurant-removed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RestaurantRemoved {
    /// The group.
    pub group_id: GroupId,
    /// The restaurant that belongs to it no longer.
    pub restaurant_id: RestaurantId,
}

impl TenantEvent {
    /// One aggregate sees all of a tenant, so that no claim is needed to make a rule exact. The claims of addresses
    /// are taken and released by whoever knows them.
    pub(crate) fn claims(&self) -> Vec<ClaimChange> {
        Vec::new()
    }
}
