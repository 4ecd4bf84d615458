//! Orders with their lines.

use super::{
    params::{Asked, OneOrder, OneOrderParams, OrderList, OrderParams},
    state::{AppState, audit_problem},
};
use crate::audit::as_of;
use crate::views::orders::{
    query::{self, OrderPage, OrderWithCursor},
    schema::{Tables, VIEW},
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
    let feed = allowed.feed();
    let read = app.read(VIEW, feed, list.min_position, async |connection, generation| {
        query::page(connection, &Tables::of(generation), feed, list.state, list.after, list.limit).await
    });
    let (cursor, page) = read.await?;
    let next = if page.more { page.orders.last().map(|placed| placed.position) } else { None };
    Ok(Json(OrderPage { cursor, items: page.orders.into_iter().map(|placed| placed.order).collect(), next }))
}

/// One order. A guest sees only those of their own session.
///
/// With `as_of_position` or `as_of` the order as it was then, folded from its events: needs `audit:read`
/// in place of `order:read`, and is `not-found` where the order did not exist yet.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/orders/{order}", tag = "orders",
    params(("restaurant" = Uuid, Path), ("order" = Uuid, Path), OneOrderParams),
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
    Asked(asked): Asked<OneOrder>,
) -> Result<Json<OrderWithCursor>, Problem> {
    let min_position = match asked {
        OneOrder::Now(min_position) => min_position,
        OneOrder::Then(moment) => {
            access.demand(Permission::AuditRead)?;
            let then = as_of::order(&app.events, access.feed(), order, moment).await;
            return then.map_err(audit_problem)?.map(Json).ok_or_else(Problem::not_found);
        }
    };
    let own_session = match &access.principal {
        Principal::Guest(guest) => Some(guest.session_id.0),
        Principal::Staff(_) | Principal::Machine(_) => access.demand(Permission::OrderRead).map(|()| None)?,
    };
    let feed = access.feed();
    let read = app.read(VIEW, feed, min_position, async |connection, generation| {
        query::order(connection, &Tables::of(generation), feed, order).await
    });
    let (cursor, order) = read.await?;
    order
        .filter(|order| own_session.is_none_or(|session| order.session_id == session))
        .map(|order| Json(OrderWithCursor { cursor, order }))
        .ok_or_else(Problem::not_found)
}
