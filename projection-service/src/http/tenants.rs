//! The tenant of the token: its restaurants, and groups of them.

use super::{
    params::{Asked, AtLeast, ById, ByIdParams, MinPosition},
    state::{AppState, unavailable},
};
use crate::read::Stand;
use axum::{Json, extract::State};
use domain::ids::{GroupId, RestaurantId};
use event_store::feeds;
use identity::Principal;
use serde::Serialize;
use service_kit::{
    access::{AllowedEverywhere, Authenticated, rights},
    problem::Problem,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TenantAnswer {
    cursor: Stand,
    id: Uuid,
    /// What the business is called.
    name: String,
}

/// The tenant that the token belongs to.
#[utoipa::path(
    get, path = "/v1/tenant", tag = "tenants",
    params(MinPosition),
    responses((status = 200, body = TenantAnswer)),
    extensions(("x-problems" = json!(["not-found", "invalid-field", "projection-behind"])))
)]
pub(super) async fn get_tenant(
    State(app): State<AppState>,
    Authenticated(principal): Authenticated,
    Asked(AtLeast(min_position)): Asked<AtLeast>,
) -> Result<Json<TenantAnswer>, Problem> {
    let tenant = principal.tenant();
    let at = app.tenant(tenant, min_position).await?;
    let name = at.roster().ok_or_else(Problem::not_found)?.name.clone();
    Ok(Json(TenantAnswer { cursor: at.cursor.into(), id: tenant.0, name }))
}

/// Restaurants in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RestaurantList {
    items: Vec<RestaurantRow>,
    /// The `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// A restaurant of the tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RestaurantRow {
    id: Uuid,
    name: String,
    #[schema(example = "EUR")]
    currency: String,
    #[schema(example = "Europe/Madrid")]
    time_zone: String,
}

/// The restaurants of the tenant that the token may know of.
///
/// Read from the events, so it is never behind; it has no cursor, because each restaurant has its own.
#[utoipa::path(
    get, path = "/v1/restaurants", tag = "tenants",
    params(ByIdParams),
    responses((status = 200, body = RestaurantList)),
    extensions(("x-problems" = json!(["invalid-field", "bad-cursor"])))
)]
pub(super) async fn list_restaurants(
    State(app): State<AppState>,
    Authenticated(principal): Authenticated,
    Asked(page): Asked<ById>,
) -> Result<Json<RestaurantList>, Problem> {
    let only = known_of(&principal);
    let after = page.after.map(RestaurantId);
    // One more than asked tells whether there is a next page.
    let limit = u32::try_from(page.limit + 1).unwrap_or(u32::MAX);
    let found = feeds::restaurants_of(&app.events, principal.tenant(), only.as_deref(), after, limit).await;
    let (rows, next) = page.page(found.map_err(unavailable)?.into_iter());
    let row = |(id, created): (RestaurantId, domain::restaurants::RestaurantCreated)| RestaurantRow {
        id: id.0,
        name: created.name,
        currency: created.currency.to_string(),
        time_zone: created.time_zone,
    };
    Ok(Json(RestaurantList { items: rows.into_iter().map(row).collect(), next }))
}

/// The only restaurants that somebody may know of; `None` for all.
fn known_of(principal: &Principal) -> Option<Vec<RestaurantId>> {
    match principal {
        Principal::Guest(guest) => Some(vec![guest.restaurant]),
        Principal::Staff(_) => {
            let grants = principal.grants();
            let granted = grants.restaurants.iter().filter(|(_, set)| !set.is_empty());
            grants.everywhere.is_empty().then(|| granted.map(|(id, _)| *id).collect())
        }
    }
}

/// Groups of restaurants in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupList {
    cursor: Stand,
    items: Vec<GroupRow>,
    /// The `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// A group of restaurants, such as a campus.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupRow {
    group_id: Uuid,
    name: String,
    restaurants: Vec<Uuid>,
}

/// Groups of restaurants.
#[utoipa::path(
    get, path = "/v1/restaurant-groups", tag = "tenants",
    params(ByIdParams),
    responses((status = 200, body = GroupList)),
    extensions(
        ("x-permission" = json!("staff:read")),
        ("x-problems" = json!(["not-found", "invalid-field", "bad-cursor", "projection-behind"]))
    )
)]
pub(super) async fn list_restaurant_groups(
    State(app): State<AppState>,
    allowed: AllowedEverywhere<rights::StaffRead>,
    Asked(page): Asked<ById>,
) -> Result<Json<GroupList>, Problem> {
    let at = app.tenant(allowed.principal.tenant(), page.min_position).await?;
    let roster = at.roster().ok_or_else(Problem::not_found)?;
    let (rows, next) = page.page(roster.groups.iter().map(|(id, group)| (*id, group)));
    let row = |(id, group): (GroupId, &domain::tenants::Group)| GroupRow {
        group_id: id.0,
        name: group.name.clone(),
        restaurants: group.restaurants.iter().map(|it| it.0).collect(),
    };
    Ok(Json(GroupList { cursor: at.cursor.into(), items: rows.into_iter().map(row).collect(), next }))
}
