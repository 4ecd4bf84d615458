//! A role has another name, or allows something else.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::RoleId,
    staff::{ChangeRole, Permission},
    tenants::TenantRequest,
    text::Name,
};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    ids::InPath,
    problem::Problem,
};
use utoipa::ToSchema;

/// A role as it is from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct ChangeRoleBody {
    /// What it is called.
    #[schema(value_type = String, max_length = 80, example = "Jefe de sala")]
    name: Name,
    /// What it allows, such as `order:read`.
    #[schema(value_type = Vec<String>, example = json!(["order:read", "floor:read"]))]
    permissions: Vec<Permission>,
}

/// Change a role
///
/// For all who have it. Nobody gives or takes what they do not hold themselves.
#[utoipa::path(
    post,
    path = "/v1/roles/{role}/change",
    tag = "staff",
    request_body = ChangeRoleBody,
    responses((status = 200, description = "It was changed", body = Done)),
    extensions(("x-permission" = json!("role:write")), ("x-problems" = json!(["role-retired", "role-name-taken", "last-owner"])))
)]
pub(crate) async fn change_role(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::RoleWrite>,
    InPath(role): InPath<RoleId>,
    envelope: Envelope,
    body: JsonBody<ChangeRoleBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let permissions = body.value.permissions.into_iter().collect();
    let request = TenantRequest::ChangeRole(ChangeRole { role_id: role, name: body.value.name, permissions });
    let rule = TenantRule::new(&caller, request);
    commands.submit(caller, envelope, &body.raw, rule).await
}
