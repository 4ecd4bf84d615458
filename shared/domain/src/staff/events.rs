//! What happens to members, roles and keys. They are events of the aggregate `tenant`.

use super::{Assignment, PermissionSet, Sealed};
use crate::ids::{ApiKeyId, MemberId, RestaurantId, RoleId};
#[cfg(feature = "schema")]
use crate::limits::{API_KEY_PER_MINUTE_MAX, ASSIGNMENTS_MAX, NAME_CHARS_MAX};
use serde::{Deserialize, Serialize};

/// `role.defined`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleDefined {
    /// The new role.
    pub role_id: RoleId,
    /// What it is called.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// The template that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// What it allows.
    pub permissions: PermissionSet,
}

/// `role.changed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleChanged {
    /// The role.
    pub role_id: RoleId,
    /// What it is called now.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// What it allows now.
    pub permissions: PermissionSet,
}

/// `role.retired`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoleRetired {
    /// The role that nobody is given any more.
    pub role_id: RoleId,
}

/// `member.invited`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberInvited {
    /// The new member; also the person whose key seals what is personal.
    pub member_id: MemberId,
    /// Their name, sealed.
    pub name: Sealed,
    /// Their e-mail address, sealed.
    pub email: Sealed,
    /// The roles that they will have.
    #[cfg_attr(feature = "schema", schemars(length(max = ASSIGNMENTS_MAX)))]
    pub assignments: Vec<Assignment>,
}

/// `member.invitation-renewed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberInvitationRenewed {
    /// Who is sent their invitation again. What was sent before is worthless.
    pub member_id: MemberId,
}

/// `member.joined`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberJoined {
    /// Who accepted the invitation.
    pub member_id: MemberId,
}

/// `member.roles-changed`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberRolesChanged {
    /// The member.
    pub member_id: MemberId,
    /// The roles that they have now.
    #[cfg_attr(feature = "schema", schemars(length(max = ASSIGNMENTS_MAX)))]
    pub assignments: Vec<Assignment>,
}

/// `member.deactivated`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberDeactivated {
    /// Who may do nothing from now on.
    pub member_id: MemberId,
}

/// `member.reactivated`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberReactivated {
    /// Who has their roles again.
    pub member_id: MemberId,
}

/// `member.forgotten`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MemberForgotten {
    /// Whose name and address nobody can read any more.
    pub member_id: MemberId,
}

/// `api-key.issued`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiKeyIssued {
    /// The new key. Its secret is in no event.
    pub key_id: ApiKeyId,
    /// What it is for.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = NAME_CHARS_MAX)))]
    pub name: String,
    /// The only restaurant where it counts.
    pub restaurant_id: RestaurantId,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Requests that it may send in a minute.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = API_KEY_PER_MINUTE_MAX)))]
    pub per_minute: u32,
}

/// `api-key.revoked`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ApiKeyRevoked {
    /// The key that is worthless from now on.
    pub key_id: ApiKeyId,
}
