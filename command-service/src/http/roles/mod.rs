//! Roles.

pub(super) mod change_role;
pub(super) mod define_role;
pub(super) mod retire_role;
