//! A member has other roles.

use super::assignments::{self, AssignmentBody};
use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::MemberId, staff::ChangeRoles, tenants::TenantRequest};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    ids::InPath,
    problem::Problem,
};
use utoipa::ToSchema;

/// All roles of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct RolesBody {
    /// The roles that they have from now on; at most 32, may be none.
    assignments: Vec<AssignmentBody>,
}

/// Change a member's roles
///
/// All roles that they have from now on. Nobody gives or takes what they do not hold themselves.
#[utoipa::path(
    post,
    path = "/v1/staff/{member}/roles",
    tag = "staff",
    request_body = RolesBody,
    responses((status = 200, description = "They have these roles", body = Done)),
    extensions(("x-permission" = json!("staff:write")), ("x-problems" = json!(["member-state", "unknown-role", "unknown-group", "unknown-restaurant", "last-owner"])))
)]
pub(crate) async fn change_member_roles(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::StaffWrite>,
    InPath(member): InPath<MemberId>,
    envelope: Envelope,
    body: JsonBody<RolesBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let assignments = assignments::parse(body.value.assignments)?;
    let restaurants = assignments::restaurants(&assignments);
    let request = TenantRequest::ChangeRoles(ChangeRoles { member_id: member, assignments });
    let rule = TenantRule::new(&caller, request).naming(&commands, restaurants).await?;
    commands.submit(caller, envelope, &body.raw, rule).await
}
