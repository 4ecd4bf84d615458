//! `POST /v1/auth/logout`

use super::state::{App, Member, unavailable};
use axum::extract::State;
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;
use service_kit::{audit::Attempt, body::JsonBody, problem::Problem};
use utoipa::ToSchema;
use uuid::Uuid;

/// What is to be logged out.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct LogOut {
    /// Another device of the same account; without it the device that asks.
    device_id: Option<Uuid>,
}

/// Log a device out
///
/// Its refresh token is worthless at once, and its access tokens everywhere within a second.
#[utoipa::path(
    post, path = "/v1/auth/logout", tag = "auth",
    request_body = LogOut,
    responses((status = 204, description = "The device is logged out")),
    extensions(("x-problems" = json!(["not-found", "permission-missing"]))),
)]
pub(super) async fn log_out(
    State(app): State<App>,
    member: Member,
    attempt: Attempt,
    JsonBody { value: LogOut { device_id }, .. }: JsonBody<LogOut>,
) -> Result<StatusCode, Problem> {
    attempt.keep();
    let own = app.device_of(&member.0).await?;
    let device = match device_id {
        None => own.id,
        Some(id) => {
            let other = app.store.device(id).await.map_err(unavailable)?;
            other.filter(|device| device.account == own.account).ok_or_else(Problem::not_theirs)?.id
        }
    };
    app.store.log_out(device, Utc::now()).await.map_err(unavailable)?;
    app.revoked.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
