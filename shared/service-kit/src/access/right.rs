//! Permissions as types.

use identity::Permission;

/// A permission that a handler demands with [`super::Allowed`].
pub trait Right: Send {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! rights {
    ($($name:ident),* $(,)?) => {
        /// One type for each permission that handlers demand.
        pub mod rights {
            use super::{Permission, Right};

            $(
                #[doc = concat!("The right to [`Permission::", stringify!($name), "`].")]
                #[derive(Debug, Clone, Copy)]
                pub enum $name {}

                impl Right for $name {
                    const PERMISSION: Permission = Permission::$name;
                }
            )*
        }
    };
}

rights! {
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
}
