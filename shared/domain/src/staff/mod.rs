//! Who works for a tenant and what they may do: members, roles, keys of machines.
//!
//! Rights are what [`Roster::grants_of`] says and nothing else: a pure function of the tenant's events, so
//! that every right can be traced to who gave it. Two rules hold for every command, whatever it is
//! about: nobody gives or takes what they do not hold ([`guard`](Roster)), and a tenant always keeps
//! somebody who can give rights.

mod api_key;
mod assignment;
mod change_role;
mod change_roles;
mod deactivate;
mod define_role;
mod events;
mod forget;
mod grants;
mod guard;
mod invite;
mod issue_key;
mod join;
mod member;
mod permission;
mod permission_set;
#[cfg(test)]
mod properties;
mod reactivate;
mod renew_invitation;
mod retire_role;
mod revoke_key;
mod role;
mod roster;
mod sealed;
pub mod templates;

pub use api_key::ApiKey;
pub use assignment::{Assignment, Assignments, AssignmentsError, At};
pub use change_role::ChangeRole;
pub use change_roles::ChangeRoles;
pub use define_role::DefineRole;
pub use events::{
    ApiKeyIssued, ApiKeyRevoked, MemberDeactivated, MemberForgotten, MemberInvitationRenewed, MemberInvited,
    MemberJoined, MemberReactivated, MemberRolesChanged, RoleChanged, RoleDefined, RoleRetired,
};
pub use grants::Grants;
pub use invite::Invite;
pub use issue_key::IssueKey;
pub use member::{Member, MemberState};
pub use permission::{Permission, UnknownPermission};
pub use permission_set::PermissionSet;
pub use role::Role;
pub use roster::Roster;
pub use sealed::{Sealed, SealedError};

pub(crate) use change_role::change_role;
pub(crate) use change_roles::change_roles;
pub(crate) use deactivate::deactivate;
pub(crate) use define_role::define_role;
pub(crate) use forget::forget;
pub(crate) use guard::guard;
pub(crate) use invite::invite;
pub(crate) use issue_key::issue_key;
pub(crate) use join::join;
pub(crate) use reactivate::reactivate;
pub(crate) use renew_invitation::renew_invitation;
pub(crate) use retire_role::retire_role;
pub(crate) use revoke_key::revoke_key;
