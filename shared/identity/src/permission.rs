//! Permissions: the closed list of what somebody may be allowed to do.

/// A thing that somebody may be allowed to do in a restaurant.
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
}

/// A text that names no permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such permission")]
pub struct UnknownPermission;

impl Permission {
    /// Every permission there is.
    pub const ALL: [Self; 15] = [
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

/// A set of permissions; asking it takes one instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermissionSet(u32);

impl PermissionSet {
    /// Whether the set has this permission.
    #[must_use]
    pub fn has(self, permission: Permission) -> bool {
        self.0 & Self::bit(permission) != 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn bit(permission: Permission) -> u32 {
        1 << permission as u32
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().fold(0, |bits, permission| bits | Self::bit(permission)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, PermissionSet};

    #[test]
    fn every_permission_is_found_by_its_name() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(permission));
        }
        assert!("order:eat".parse::<Permission>().is_err());
    }

    #[test]
    fn a_set_has_what_was_put_in_and_nothing_else() {
        for one in Permission::ALL {
            let set = PermissionSet::from_iter([one]);
            assert!(Permission::ALL.into_iter().all(|other| set.has(other) == (one == other)));
        }
    }
}
