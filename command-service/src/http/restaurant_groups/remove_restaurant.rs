//! A restaurant belongs to a group no longer.

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
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

/// Remove a restaurant from a group
///
/// Roles that count in the group count in it no longer.
#[utoipa::path(
    post,
    path = "/v1/restaurant-groups/{group}/restaurants/{restaurant}/remove",
    tag = "tenants",
    responses((status = 200, description = "It belongs to the group no longer", body = Done)),
    extensions(("x-permission" = json!("tenant:write")), ("x-problems" = json!(["restaurant-not-in-group"])))
)]
pub(crate) async fn remove_restaurant_from_group(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::TenantWrite>,
    InPath(group): InPath<GroupId>,
    InPath(restaurant): InPath<RestaurantId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::RemoveRestaurant(group, restaurant));
    commands.submit(caller, envelope, &body.raw, rule).await
}
