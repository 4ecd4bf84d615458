//! Who works for a tenant.

mod assignments;
pub(super) mod change_member_roles;
pub(super) mod forget_member;
pub(super) mod invite_member;
pub(super) mod member_state;
pub(super) mod renew_invitation;
