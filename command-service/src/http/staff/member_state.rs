//! A member may do nothing for now, or works again.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::MemberId, tenants::TenantRequest};
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

/// Deactivate a member
///
/// They may do nothing from now on, and their tokens end. An invitation is taken back in the same way.
#[utoipa::path(
    post,
    path = "/v1/staff/{member}/deactivate",
    tag = "staff",
    responses((status = 200, description = "They may do nothing", body = Done)),
    extensions(("x-permission" = json!("staff:write")), ("x-problems" = json!(["member-state", "last-owner"])))
)]
pub(crate) async fn deactivate_member(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::StaffWrite>,
    InPath(member): InPath<MemberId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::Deactivate(member));
    commands.submit(caller, envelope, &body.raw, rule).await
}

/// Reactivate a member
///
/// They have the roles again that they had.
#[utoipa::path(
    post,
    path = "/v1/staff/{member}/reactivate",
    tag = "staff",
    responses((status = 200, description = "They have their roles again", body = Done)),
    extensions(("x-permission" = json!("staff:write")), ("x-problems" = json!(["member-state"])))
)]
pub(crate) async fn reactivate_member(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::StaffWrite>,
    InPath(member): InPath<MemberId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::Reactivate(member));
    commands.submit(caller, envelope, &body.raw, rule).await
}
