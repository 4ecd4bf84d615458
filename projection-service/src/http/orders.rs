//! Orders with their lines.

use super::{
    params::{Asked, AtLeast, MinPosition, OrderList, OrderParams},
    state::{AppState, unavailable},
};
use crate::views::orders::{
    query::{self, OrderPage, OrderWithCursor},
    schema::PROJECTION,
};
use axum::{Json, extract::State};
use domain::ids::OrderId;
use identity::{Permission, Principal};
use service_kit::{
    access::{Access, Allowed, rights},
    ids::InPath,
    problem::Problem,
};

/// Orders, newest first, a page at a time.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/orders", tag = "orders",
    params(("restaurant" = Uuid, Path), OrderParams),
    responses((status = 200, body = OrderPage)),
    extensions(
        ("x-permission" = json!("order:read")),
        ("x-problems" = json!(["invalid-field", "bad-cursor", "projection-behind"]))
    )
)]
pub(super) async fn list_orders(
    State(app): State<AppState>,
    allowed: Allowed<rights::OrderRead>,
    Asked(list): Asked<OrderList>,
) -> Result<Json<OrderPage>, Problem> {
    let feed = allowed.restaurant;
    let mut at = app.snapshot(PROJECTION, feed, list.min_position).await?;
    // One more than asked tells whether there is a next page.
    let mut found =
        query::page(at.connection(), feed, list.state, list.after, list.limit + 1).await.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    let more = found.len() > list.limit;
    found.truncate(list.limit);
    let next = if more { found.last().map(|placed| placed.position) } else { None };
    Ok(Json(OrderPage { cursor, items: found.into_iter().map(|placed| placed.order).collect(), next }))
}

/// One order. A guest sees only those of their own session.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/orders/{order}", tag = "orders",
    params(("restaurant" = Uuid, Path), ("order" = Uuid, Path), MinPosition),
    responses((status = 200, body = OrderWithCursor)),
    extensions(
        ("x-permission" = json!("order:read")),
        ("x-problems" = json!(["invalid-field", "projection-behind"]))
    )
)]
pub(super) async fn get_order(
    State(app): State<AppState>,
    access: Access,
    InPath(order): InPath<OrderId>,
    Asked(AtLeast(min_position)): Asked<AtLeast>,
) -> Result<Json<OrderWithCursor>, Problem> {
    let own_session = match &access.principal {
        Principal::Guest(guest) => Some(guest.session_id.0),
        Principal::Staff(_) => access.demand(Permission::OrderRead).map(|()| None)?,
    };
    let mut at = app.snapshot(PROJECTION, access.restaurant, min_position).await?;
    let order = query::order(at.connection(), access.restaurant, order).await.map_err(unavailable)?;
    let cursor = at.stand();
    at.end().await.map_err(unavailable)?;
    order
        .filter(|order| own_session.is_none_or(|session| order.session_id == session))
        .map(|order| Json(OrderWithCursor { cursor, order }))
        .ok_or_else(Problem::not_found)
}
