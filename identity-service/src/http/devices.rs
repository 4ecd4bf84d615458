//! `GET /v1/auth/devices`

use super::state::{App, Member, unavailable};
use axum::{Json, extract::State};
use chrono::Utc;
use domain::envelope::format_time;
use serde::Serialize;
use service_kit::problem::Problem;
use utoipa::ToSchema;
use uuid::Uuid;

/// The devices of an account that are logged in.
#[derive(Serialize, ToSchema)]
pub(super) struct Devices {
    /// The last used first; at most 200.
    items: Vec<OneDevice>,
}

/// A device that is logged in.
#[derive(Serialize, ToSchema)]
struct OneDevice {
    device_id: Uuid,
    /// What it was called at its log-in.
    name: String,
    /// The tenant that it was logged in to.
    tenant_id: Uuid,
    logged_in_at: String,
    used_at: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// The devices on which the account is logged in
#[utoipa::path(
    get, path = "/v1/auth/devices", tag = "auth",
    responses((status = 200, body = Devices)),
    extensions(("x-problems" = json!(["permission-missing"]))),
)]
pub(super) async fn list_devices(State(app): State<App>, member: Member) -> Result<Json<Devices>, Problem> {
    let own = app.device_of(&member.0).await?;
    let devices = app.store.devices(own.account, Utc::now()).await.map_err(unavailable)?;
    let items = devices.into_iter().map(|device| OneDevice {
        current: device.id == own.id,
        device_id: device.id,
        name: device.name,
        tenant_id: device.tenant.0,
        logged_in_at: format_time(device.created_at),
        used_at: format_time(device.used_at),
    });
    Ok(Json(Devices { items: items.collect() }))
}
