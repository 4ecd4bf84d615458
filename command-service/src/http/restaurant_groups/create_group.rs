//! A new group of restaurants.

use crate::{
    access::Caller,
    http::{answers::GroupCreated, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::GroupId,
    tenants::{CreateGroup, TenantRequest},
    text::Name,
};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    problem::Problem,
};
use utoipa::ToSchema;

/// A new group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct CreateGroupBody {
    /// What it is called; no other group has that name.
    #[schema(value_type = String, max_length = 80, example = "Campus norte")]
    name: Name,
}

/// Create a group of restaurants
///
/// It has no restaurants yet. Roles may count in all restaurants of a group.
#[utoipa::path(
    post,
    path = "/v1/restaurant-groups",
    tag = "tenants",
    request_body = CreateGroupBody,
    responses((status = 201, description = "It was created", body = GroupCreated)),
    extensions(("x-permission" = json!("tenant:write")), ("x-problems" = json!(["already-done", "group-name-taken", "tenant-full"])))
)]
pub(crate) async fn create_restaurant_group(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::TenantWrite>,
    envelope: Envelope,
    body: JsonBody<CreateGroupBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let group_id: GroupId = envelope.ids(&caller).id("group", 0).into();
    let request = TenantRequest::CreateGroup(CreateGroup { group_id, name: body.value.name });
    let rule = TenantRule::new(&caller, request).making("restaurant-groups", "group_id", group_id.0);
    commands.submit(caller, envelope, &body.raw, rule).await
}
