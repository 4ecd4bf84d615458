//! Permissions: the closed list of what somebody may be allowed to do.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A thing that somebody may be allowed to do.
///
/// Those about a tenant as a whole (`tenant:write`, `staff:…`, `role:write`, `api-key:write`) only count
/// when they are granted everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// Create restaurants of the tenant; only counts when granted for all of them (`*`).
    RestaurantCreate,
    /// Add, withdraw and restore items of the menu.
    MenuWrite,
    /// Seat guests.
    SessionOpen,
    /// Free a table.
    SessionClose,
    /// Let guests in who ask to join a session, and show its digits.
    SessionApprove,
    /// Give tables new printed codes.
    TableWrite,
    /// Order for a table.
    OrderPlace,
    /// Accept and reject orders.
    OrderAccept,
    /// Cancel orders, also accepted ones.
    OrderCancel,
    /// Look at orders.
    OrderRead,
    /// Start lines and say that they are ready.
    LineBump,
    /// Say that lines were served.
    LineServe,
    /// Look at the kitchen board and follow kitchens.
    KitchenRead,
    /// Look at sessions and follow the floor.
    FloorRead,
    /// Follow everything that happens.
    AuditRead,
    /// Change what belongs to no single restaurant of the tenant, such as groups of restaurants.
    TenantWrite,
    /// Look at who works there; shows names and e-mail addresses.
    StaffRead,
    /// Invite people, give and take their roles.
    StaffWrite,
    /// Define, change and retire roles.
    RoleWrite,
    /// Issue and revoke keys of machines.
    ApiKeyWrite,
    /// Make read models anew. They hold all tenants, so no tenant can grant this.
    ProjectionRebuild,
}

/// A text that names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such permission")]
pub struct UnknownPermission;

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 21] = [
        Self::RestaurantCreate,
        Self::MenuWrite,
        Self::SessionOpen,
        Self::SessionClose,
        Self::SessionApprove,
        Self::TableWrite,
        Self::OrderPlace,
        Self::OrderAccept,
        Self::OrderCancel,
        Self::OrderRead,
        Self::LineBump,
        Self::LineServe,
        Self::KitchenRead,
        Self::FloorRead,
        Self::AuditRead,
        Self::TenantWrite,
        Self::StaffRead,
        Self::StaffWrite,
        Self::RoleWrite,
        Self::ApiKeyWrite,
        Self::ProjectionRebuild,
    ];

    /// The name in tokens and problem documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RestaurantCreate => "restaurant:create",
            Self::MenuWrite => "menu:write",
            Self::SessionOpen => "session:open",
            Self::SessionClose => "session:close",
            Self::SessionApprove => "session:approve",
            Self::TableWrite => "table:write",
            Self::OrderPlace => "order:place",
            Self::OrderAccept => "order:accept",
            Self::OrderCancel => "order:cancel",
            Self::OrderRead => "order:read",
            Self::LineBump => "line:bump",
            Self::LineServe => "line:serve",
            Self::KitchenRead => "kitchen:read",
            Self::FloorRead => "floor:read",
            Self::AuditRead => "audit:read",
            Self::TenantWrite => "tenant:write",
            Self::StaffRead => "staff:read",
            Self::StaffWrite => "staff:write",
            Self::RoleWrite => "role:write",
            Self::ApiKeyWrite => "api-key:write",
            Self::ProjectionRebuild => "projection:rebuild",
        }
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Permission {
    type Err = UnknownPermission;

    fn from_str(text: &str) -> Result<Self, UnknownPermission> {
        Self::ALL.into_iter().find(|it| it.as_str() == text).ok_or(UnknownPermission)
    }
}

impl Serialize for Permission {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Permission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        name.parse().map_err(|error: UnknownPermission| D::Error::custom(format_args!("{error}: `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::Permission;

    #[test]
    fn every_permission_is_found_by_its_name() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
            let json = serde_json::to_string(&permission).unwrap();
            assert_eq!(serde_json::from_str::<Permission>(&json).unwrap(), permission);
        }
        assert!("order:eat".parse::<Permission>().is_err());
        assert!(serde_json::from_str::<Permission>("\"order:eat\"").unwrap_err().to_string().contains("order:eat"));
    }
}
