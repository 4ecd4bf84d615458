//! A role is given to nobody any more.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::RoleId, tenants::TenantRequest};
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

/// Retire a role
///
/// Not while somebody has it, deactivated members included.
#[utoipa::path(
    post,
    path = "/v1/roles/{role}/retire",
    tag = "staff",
    responses((status = 200, description = "It was retired", body = Done)),
    extensions(("x-permission" = json!("role:write")), ("x-problems" = json!(["role-retired", "role-in-use"])))
)]
pub(crate) async fn retire_role(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::RoleWrite>,
    InPath(role): InPath<RoleId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::RetireRole(role));
    commands.submit(caller, envelope, &body.raw, rule).await
}
