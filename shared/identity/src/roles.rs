//! Role templates: the usual sets of permissions by the usual names.
//!
//! A token carries permissions, not roles; a role is where they come from when it is made.

use crate::permission::Permission::{
    self, AuditRead, FloorRead, KitchenRead, LineBump, LineServe, MenuWrite, OrderAccept, OrderCancel, OrderPlace,
    OrderRead, SessionApprove, SessionClose, SessionOpen, TableWrite,
};

/// All role templates by name.
pub const TEMPLATES: [(&str, &[Permission]); 7] = [
    ("owner", &Permission::ALL),
    ("manager", MANAGER),
    ("reception", &[SessionOpen, SessionClose, SessionApprove, OrderRead, FloorRead]),
    (
        "waiter",
        &[
            SessionOpen,
            SessionClose,
            SessionApprove,
            OrderPlace,
            OrderAccept,
            OrderCancel,
            OrderRead,
            LineServe,
            FloorRead,
        ],
    ),
    ("kitchen", &[OrderAccept, OrderRead, LineBump, KitchenRead]),
    ("auditor", &[OrderRead, KitchenRead, FloorRead, AuditRead]),
    ("operator", &[OrderRead, KitchenRead, FloorRead, AuditRead]),
];

/// All that happens in a restaurant; only its existence is the owner's business.
const MANAGER: &[Permission] = &[
    MenuWrite,
    SessionOpen,
    SessionClose,
    SessionApprove,
    TableWrite,
    OrderPlace,
    OrderAccept,
    OrderCancel,
    OrderRead,
    LineBump,
    LineServe,
    KitchenRead,
    FloorRead,
    AuditRead,
];

/// What the template of this role allows; `None` where there is no such role.
#[must_use]
pub fn permissions_of(role: &str) -> Option<&'static [Permission]> {
    TEMPLATES.iter().find(|(name, _)| *name == role).map(|(_, permissions)| *permissions)
}

#[cfg(test)]
mod tests {
    use super::permissions_of;
    use crate::permission::Permission;

    #[test]
    fn only_owners_create_restaurants() {
        for (role, permissions) in super::TEMPLATES {
            assert_eq!(permissions.contains(&Permission::RestaurantCreate), role == "owner", "{role}");
        }
    }

    #[test]
    fn auditors_and_operators_only_look() {
        for role in ["auditor", "operator"] {
            let permissions = permissions_of(role).unwrap();
            assert!(permissions.iter().all(|permission| permission.as_str().ends_with(":read")), "{role}");
        }
    }

    #[test]
    fn an_unknown_role_has_no_template() {
        assert_eq!(permissions_of("pirate"), None);
    }
}
