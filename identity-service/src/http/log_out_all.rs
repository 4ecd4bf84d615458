//! `POST /v1/auth/logout-all`

use super::state::{App, Member, unavailable};
use axum::{Json, extract::State};
use chrono::Utc;
use serde::Serialize;
use service_kit::{audit::Attempt, body::NoBody, problem::Problem};
use utoipa::ToSchema;

/// What was logged out.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedOut {
    /// How many devices.
    devices: usize,
}

/// Log every device of the account out, also the one that asks
#[utoipa::path(
    post, path = "/v1/auth/logout-all", tag = "auth",
    responses((status = 200, body = LoggedOut)),
    extensions(("x-problems" = json!(["permission-missing"]))),
)]
pub(super) async fn log_out_all(
    State(app): State<App>,
    member: Member,
    attempt: Attempt,
    _: NoBody,
) -> Result<Json<LoggedOut>, Problem> {
    attempt.keep();
    let own = app.device_of(&member.0).await?;
    let devices = app.store.log_out_all(own.account, None, Utc::now()).await.map_err(unavailable)?;
    app.revoked.notify_one();
    Ok(Json(LoggedOut { devices }))
}
