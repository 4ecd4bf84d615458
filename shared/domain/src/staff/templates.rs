//! Role templates: the usual sets of permissions by the usual names.
//!
//! A token carries permissions, not roles; a role is where they come from.

use super::Permission::{
    self, ApiKeyWrite, AuditRead, FloorRead, KitchenRead, LineBump, LineServe, MenuWrite, OrderAccept, OrderCancel,
    OrderPlace, OrderRead, RestaurantCreate, RoleWrite, SessionApprove, SessionClose, SessionOpen, StaffRead,
    StaffWrite, TableWrite, TenantWrite,
};

/// All role templates by name. A new tenant starts with one role for each, and may change them.
pub const TEMPLATES: [(&str, &[Permission]); 8] = [
    (OWNER, EVERYTHING),
    ("manager", MANAGER),
    ("reception", &[SessionOpen, SessionClose, SessionApprove, OrderRead, FloorRead]),
    ("waiter", WAITER),
    ("kitchen", &[OrderAccept, OrderRead, LineBump, KitchenRead]),
    ("courier", &[OrderRead, LineServe]),
    ("auditor", &[OrderRead, KitchenRead, FloorRead, AuditRead, StaffRead]),
    ("operator", &[OrderRead, KitchenRead, FloorRead, AuditRead]),
];

/// The role of who signs a tenant up.
pub const OWNER: &str = "owner";

/// All that can be granted in a tenant.
const EVERYTHING: &[Permission] = &[
    RestaurantCreate,
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
    TenantWrite,
    StaffRead,
    StaffWrite,
    RoleWrite,
    ApiKeyWrite,
];

/// All that happens in a restaurant; only its existence, and who may do what, is the owner's business.
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
    StaffRead,
];

/// Guests, from sitting down to leaving.
const WAITER: &[Permission] =
    &[SessionOpen, SessionClose, SessionApprove, OrderPlace, OrderAccept, OrderCancel, OrderRead, LineServe, FloorRead];

/// What the template of this role allows; `None` where there is no such role.
#[must_use]
pub fn permissions_of(role: &str) -> Option<&'static [Permission]> {
    TEMPLATES.iter().find(|(name, _)| *name == role).map(|(_, permissions)| *permissions)
}

#[cfg(test)]
mod tests {
    use super::{TEMPLATES, permissions_of};
    use crate::staff::Permission;

    #[test]
    fn only_owners_change_the_tenant() {
        use Permission::{ApiKeyWrite, RestaurantCreate, RoleWrite, StaffWrite, TenantWrite};
        for (role, permissions) in TEMPLATES {
            for right in [RestaurantCreate, TenantWrite, StaffWrite, RoleWrite, ApiKeyWrite] {
                assert_eq!(permissions.contains(&right), role == "owner", "{role} {right}");
            }
        }
    }

    #[test]
    fn an_owner_holds_all_that_another_role_has_or_nobody_could_be_given_it() {
        let owner = permissions_of("owner").unwrap();
        for (role, permissions) in TEMPLATES {
            assert!(permissions.iter().all(|permission| owner.contains(permission)), "{role}");
        }
    }

    #[test]
    fn no_role_of_a_tenant_rebuilds_what_all_tenants_share() {
        let all: Vec<_> = Permission::ALL.into_iter().filter(|it| *it != Permission::ProjectionRebuild).collect();
        let owner = permissions_of("owner").unwrap();
        assert!(!owner.contains(&Permission::ProjectionRebuild));
        assert!(all.iter().all(|permission| owner.contains(permission)));
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
