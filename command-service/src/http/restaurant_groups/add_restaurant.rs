//! A restaurant belongs to a group.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::{GroupId, RestaurantId},
    tenants::TenantRequest,
};
use serde::Deserialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    ids::InPath,
    problem::Problem,
};
use utoipa::ToSchema;

/// A restaurant of the tenant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct AddRestaurantBody {
    /// The restaurant.
    #[schema(value_type = uuid::Uuid)]
    restaurant_id: RestaurantId,
}

/// Add a restaurant to a group
///
/// Roles that count in the group count in it from then on; whoever adds it must hold them there.
#[utoipa::path(
    post,
    path = "/v1/restaurant-groups/{group}/restaurants",
    tag = "tenants",
    request_body = AddRestaurantBody,
    responses((status = 200, description = "It belongs to the group", body = Done)),
    extensions(("x-permission" = json!("tenant:write")), ("x-problems" = json!(["unknown-restaurant", "restaurant-in-group", "tenant-full"])))
)]
pub(crate) async fn add_restaurant_to_group(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::TenantWrite>,
    InPath(group): InPath<GroupId>,
    envelope: Envelope,
    body: JsonBody<AddRestaurantBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let restaurant = body.value.restaurant_id;
    let rule = TenantRule::new(&caller, TenantRequest::AddRestaurant(group, restaurant));
    let rule = rule.naming(&commands, [restaurant]).await?;
    commands.submit(caller, envelope, &body.raw, rule).await
}
