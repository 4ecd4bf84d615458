//! A named set of permissions.

use super::PermissionSet;
use serde::{Deserialize, Serialize};

/// A named set of permissions of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// What it is called.
    pub name: String,
    /// The template that it was made from.
    pub template: Option<String>,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Whether nobody is given it any more.
    pub is_retired: bool,
}
