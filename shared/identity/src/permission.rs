//! Permissions: the closed list of what somebody may be allowed to do.

pub use domain::staff::{Permission, PermissionSet, UnknownPermission};
