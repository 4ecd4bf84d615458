//! A group is called otherwise.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::GroupId, tenants::TenantRequest, text::Name};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    ids::InPath,
    problem::Problem,
};
use utoipa::ToSchema;

/// The new name of a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct RenameGroupBody {
    /// What it is called from now on.
    #[schema(value_type = String, max_length = 80, example = "Campus sur")]
    name: Name,
}

/// Rename a group of restaurants
///
/// Nothing else changes.
#[utoipa::path(
    post,
    path = "/v1/restaurant-groups/{group}/rename",
    tag = "tenants",
    request_body = RenameGroupBody,
    responses((status = 200, description = "It was renamed", body = Done)),
    extensions(("x-permission" = json!("tenant:write")), ("x-problems" = json!(["group-name-taken"])))
)]
pub(crate) async fn rename_restaurant_group(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::TenantWrite>,
    InPath(group): InPath<GroupId>,
    envelope: Envelope,
    body: JsonBody<RenameGroupBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::RenameGroup(group, body.value.name));
    commands.submit(caller, envelope, &body.raw, rule).await
}
