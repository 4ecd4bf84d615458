//! A new role.

use super::{PermissionSet, RoleDefined, Roster};
use crate::{ids::RoleId, limits::ROLES_MAX, refusal::Refusal, tenants::TenantEvent, text::Name};

/// Define a role. Nobody has it yet, so it may allow what its author may not do.
#[derive(Debug, Clone, PartialEq)]
pub struct DefineRole {
    /// The new role.
    pub role_id: RoleId,
    /// What it is called.
    pub name: Name,
    /// What it allows.
    pub permissions: PermissionSet,
}

pub(crate) fn define_role(roster: &Roster, command: DefineRole) -> Result<Vec<TenantEvent>, Refusal> {
    let DefineRole { role_id, name, permissions } = command;
    if roster.roles.contains_key(&role_id) {
        return Err(Refusal::AlreadyMade { list: "roles", id: role_id.0 });
    }
    if roster.has_role_named(name.as_str(), role_id) {
        return Err(Refusal::RoleNameTaken);
    }
    if roster.roles.len() >= ROLES_MAX {
        return Err(Refusal::TenantFull { what: "roles", max: ROLES_MAX });
    }
    Ok(vec![RoleDefined { role_id, name: name.into(), template: None, permissions }.into()])
}

#[cfg(test)]
mod tests {
    use super::DefineRole;
    use crate::{
        limits::ROLES_MAX,
        refusal::Refusal,
        staff::{
            Permission::{FloorRead, OrderRead},
            RoleRetired,
        },
        tenants::{Tenant, TenantCommand, TenantRequest, examples::*},
        testing::given,
        text::Name,
    };

    fn define(n: u128, name: &str) -> TenantCommand {
        let permissions = [OrderRead, FloorRead].into_iter().collect();
        let command = DefineRole { role_id: role(n), name: Name::parse(name).unwrap(), permissions };
        owner(TenantRequest::DefineRole(command))
    }

    #[test]
    fn a_role_is_defined() {
        given::<Tenant>(house()).when(define(4, "Host")).then([defined(4, "Host", &[OrderRead, FloorRead])]);
    }

    #[test]
    fn a_name_is_taken_until_its_role_is_retired() {
        given::<Tenant>(house()).when(define(4, "COOK")).refused(Refusal::RoleNameTaken);
        let retired = RoleRetired { role_id: role(2) }.into();
        given::<Tenant>(house_and([retired])).when(define(4, "Cook")).then([defined(
            4,
            "Cook",
            &[OrderRead, FloorRead],
        )]);
    }

    #[test]
    fn a_role_is_defined_once() {
        given::<Tenant>(house()).when(define(2, "Host")).refused(Refusal::AlreadyMade { list: "roles", id: role(2).0 });
    }

    #[test]
    fn roles_have_a_bound() {
        let many = (4..=ROLES_MAX as u128).map(|n| defined(n, &format!("Role {n}"), &[OrderRead]));
        let full = Refusal::TenantFull { what: "roles", max: ROLES_MAX };
        given::<Tenant>(house_and(many)).when(define(9_999, "One more")).refused(full);
    }
}
