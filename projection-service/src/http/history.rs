//! What auditors see of an order: its events.

use super::{
    params::{Asked, History, HistoryParams},
    state::{AppState, audit_problem},
};
use crate::audit::history::{self, OrderHistory};
use axum::{Json, extract::State};
use domain::ids::OrderId;
use service_kit::{
    access::{Allowed, rights},
    ids::InPath,
    problem::Problem,
};

/// The history of one order: every event with who, when, and because of which command.
///
/// It is read from the event store, so it is never behind.
#[utoipa::path(
    get, path = "/v1/restaurants/{restaurant}/orders/{order}/history", tag = "audit",
    params(("restaurant" = Uuid, Path), ("order" = Uuid, Path), HistoryParams),
    responses((status = 200, body = OrderHistory)),
    extensions(
        ("x-permission" = json!("audit:read")),
        ("x-problems" = json!(["invalid-field", "bad-cursor"]))
    )
)]
pub(super) async fn get_order_history(
    State(app): State<AppState>,
    allowed: Allowed<rights::AuditRead>,
    InPath(order): InPath<OrderId>,
    Asked(asked): Asked<History>,
) -> Result<Json<OrderHistory>, Problem> {
    let page = history::page(&app.events, allowed.feed(), order, asked.after, asked.limit).await;
    page.map_err(audit_problem)?.map(Json).ok_or_else(Problem::not_found)
}
