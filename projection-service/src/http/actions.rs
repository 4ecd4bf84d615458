//! Who did what with which right, for auditors.

use super::{
    params::{ActionParams, Actions, Asked},
    state::{AppState, unavailable},
};
use action_log::{Row, table};
use axum::{Json, extract::State};
use domain::envelope::format_time;
use serde::Serialize;
use service_kit::{
    access::{AllowedEverywhere, rights},
    audit::Attempt,
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
    /// When, the first time.
    at: String,
    /// `staff`, `guest` or another kind of actor; `account` for who tried to log in; `unknown`; `*` where the tries
    /// of many were counted together.
    #[schema(example = "staff")]
    actor_kind: String,
    /// The `sub` of their token, or the index of their account; empty where nothing is known.
    actor_id: String,
    /// What they came with: ids of their key, log-in and token.
    #[schema(example = "device:0198b1c2-… token:0198b1c3-…")]
    via: String,
    /// A restaurant of the tenant, if it was about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    restaurant_id: Option<Uuid>,
    /// The right that it needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "staff:read")]
    permission: Option<String>,
    /// Method and route; `*` where several were counted together.
    #[schema(example = "GET /v1/staff")]
    action: String,
    /// What it was about, such as the members whose names were read.
    subject: String,
    /// The HTTP status that was answered; of streams of a socket the one that a request would have got.
    #[schema(example = 403)]
    status: u16,
    /// The stable name of the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "permission-missing")]
    code: Option<String>,
    /// Whether somebody was kept from what they may not do.
    denied: bool,
    /// From where; empty where that is not known.
    remote: String,
    /// Joins it with all that the request set off.
    correlation_id: String,
    /// How often the same happened within a minute.
    #[schema(example = 1)]
    repeats: u32,
    /// When the last time.
    last_at: String,
}

/// Who looked at personal data, logged in, was denied something, or failed; the newest first.
///
/// A command that succeeded is not here: its events say who, with what and with which right.
#[utoipa::path(
    get, path = "/v1/audit/actions", tag = "audit",
    params(ActionParams),
    responses((status = 200, body = ActionList)),
    extensions(
        ("x-permission" = json!("audit:read")),
        ("x-problems" = json!(["invalid-field", "bad-cursor"]))
    )
)]
pub(super) async fn list_actions(
    State(app): State<AppState>,
    allowed: AllowedEverywhere<rights::AuditRead>,
    attempt: Attempt,
    Asked(asked): Asked<Actions>,
) -> Result<Json<ActionList>, Problem> {
    // Addresses say where people were.
    attempt.keep();
    let limit = u32::try_from(asked.limit + 1).unwrap_or(u32::MAX);
    let found = table::list(&app.people.pool, &asked.of(allowed.principal.tenant()), limit).await;
    let mut found = found.map_err(unavailable)?;
    let more = found.len() > asked.limit;
    found.truncate(asked.limit);
    let next = if more { found.last().map(|row| row.action.id) } else { None };
    Ok(Json(ActionList { items: found.into_iter().map(row).collect(), next }))
}

fn row(Row { action, repeats, last_at }: Row) -> ActionRow {
    ActionRow {
        action_id: action.id,
        at: format_time(action.at),
        actor_kind: action.who.kind,
        actor_id: action.who.id,
        via: action.who.via,
        restaurant_id: action.restaurant.map(|it| it.0),
        permission: action.permission.map(|it| it.as_str().to_owned()),
        action: action.action,
        subject: action.subject,
        status: action.status,
        code: Some(action.code).filter(|code| !code.is_empty()),
        denied: action.is_denied,
        remote: action.remote.map(|it| it.to_string()).unwrap_or_default(),
        correlation_id: action.correlation_id,
        repeats,
        last_at: format_time(last_at),
    }
}
