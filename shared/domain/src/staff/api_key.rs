//! The key of a machine.

use super::PermissionSet;
use crate::ids::RestaurantId;
use serde::{Deserialize, Serialize};

/// The key of a machine, as far as rules know it: not its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiKey {
    /// What it is for.
    pub name: String,
    /// The only restaurant where it counts.
    pub restaurant_id: RestaurantId,
    /// What it allows.
    pub permissions: PermissionSet,
    /// Requests that it may send in a minute.
    pub per_minute: u32,
    /// Whether it is worthless.
    pub is_revoked: bool,
}
