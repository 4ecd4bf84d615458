//! A new role.

use crate::{
    access::Caller,
    http::{answers::RoleDefined, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::RoleId,
    staff::{DefineRole, Permission},
    tenants::TenantRequest,
    text::Name,
};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    problem::Problem,
};
use utoipa::ToSchema;

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct DefineRoleBody {
    /// What it is called; no other role has that name.
    #[schema(value_type = String, max_length = 80, example = "Jefe de sala")]
    name: Name,
    /// What it allows, such as `order:read`.
    #[schema(value_type = Vec<String>, example = json!(["order:read", "floor:read"]))]
    permissions: Vec<Permission>,
}

/// Define a role
///
/// Nobody has it yet.
#[utoipa::path(
    post,
    path = "/v1/roles",
    tag = "staff",
    request_body = DefineRoleBody,
    responses((status = 201, description = "It was defined", body = RoleDefined)),
    extensions(("x-permission" = json!("role:write")), ("x-problems" = json!(["already-done", "role-name-taken", "tenant-full"])))
)]
pub(crate) async fn define_role(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::RoleWrite>,
    envelope: Envelope,
    body: JsonBody<DefineRoleBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let role_id: RoleId = envelope.ids(&caller).id("role", 0).into();
    let permissions = body.value.permissions.into_iter().collect();
    let request = TenantRequest::DefineRole(DefineRole { role_id, name: body.value.name, permissions });
    let rule = TenantRule::new(&caller, request).making("roles", "role_id", role_id.0);
    commands.submit(caller, envelope, &body.raw, rule).await
}
