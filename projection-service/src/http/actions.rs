//! Who did what with which right, for auditors.

use super::{
    params::{Asked, ById, ByIdParams},
    state::{AppState, unavailable},
};
use axum::{Json, extract::State};
use domain::envelope::format_time;
use personal_data::{Action, actions};
use serde::Serialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    problem::Problem,
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Actions, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionList {
    items: Vec<ActionRow>,
    /// The `after` of the next page; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Uuid>,
}

/// Something that somebody did, or tried to do.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ActionRow {
    action_id: Uuid,
    at: String,
    /// staff, guest or system.
    #[schema(example = "staff")]
    actor_kind: String,
    /// The `sub` of their token.
    actor_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    restaurant_id: Option<Uuid>,
    /// The right that it needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "staff:read")]
    permission: Option<String>,
    /// Method and route.
    #[schema(example = "GET /v1/staff")]
    action: String,
    /// What it was about, such as the members whose names were read.
    subject: String,
    /// The HTTP status that was answered.
    status: u16,
    /// From where; empty where that is not known.
    remote: String,
    /// Joins it with all that the request set off.
    correlation_id: String,
}

/// Who looked at personal data, the newest first.
#[utoipa::path(
    get, path = "/v1/audit/actions", tag = "audit",
    params(ByIdParams),
    responses((status = 200, body = ActionList)),
    extensions(
        ("x-permission" = json!("audit:read")),
        ("x-problems" = json!(["invalid-field", "bad-cursor"]))
    )
)]
pub(super) async fn list_actions(
    State(app): State<AppState>,
    allowed: AllowedEverywhere<rights::AuditRead>,
    Asked(page): Asked<ById>,
) -> Result<Json<ActionList>, Problem> {
    let limit = u32::try_from(page.limit + 1).unwrap_or(u32::MAX);
    let found = actions::list(&app.people.pool, allowed.principal.tenant(), page.after, limit).await;
    let mut found = found.map_err(unavailable)?;
    let more = found.len() > page.limit;
    found.truncate(page.limit);
    let next = if more { found.last().map(|action| action.id) } else { None };
    Ok(Json(ActionList { items: found.into_iter().map(row).collect(), next }))
}

fn row(action: Action) -> ActionRow {
    ActionRow {
        action_id: action.id,
        at: format_time(action.at),
        actor_kind: action.actor_kind,
        actor_id: action.actor_id,
        restaurant_id: action.restaurant.map(|it| it.0),
        permission: action.permission,
        action: action.action,
        subject: action.subject,
        status: action.status,
        remote: action.remote,
        correlation_id: action.correlation_id,
    }
}
