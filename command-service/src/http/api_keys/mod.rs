//! Keys of machines.

pub(super) mod issue_key;
pub(super) mod revoke_key;
