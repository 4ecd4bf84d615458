//! What a log-in and its renewals answer.

use super::state::{App, unavailable};
use crate::{
    store::{Device, Proof},
    tokens::{ACCESS_LIFETIME, REFRESH_LIFETIME, Rights},
};
use chrono::{DateTime, Utc};
use domain::envelope::format_time;
use serde::Serialize;
use service_kit::problem::{Code, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

/// What somebody who is logged in has. Keep it where other pages cannot read it; nothing is a cookie.
#[derive(Serialize, ToSchema)]
pub(super) struct LoggedIn {
    /// Goes into `Authorization: Bearer …` of every request, and into `hello` of a socket.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until the access token ends.
    expires_in: i64,
    /// Good for one renewal, which answers with the next one.
    refresh_token: String,
    /// When the device is logged out if it is not used.
    refresh_expires_at: String,
    /// The device that was logged in.
    pub(super) device_id: Uuid,
    /// Whose access it is.
    member_id: Uuid,
    /// The tenant.
    tenant_id: Uuid,
    /// Send it with the next log-in from here: tries of this device are counted apart from its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

/// The answer to somebody who is logged in on this device.
pub(super) fn logged_in(
    app: &App,
    device: &Device,
    rights: Rights,
    refresh_token: String,
    device_token: Option<String>,
    now: DateTime<Utc>,
) -> Result<LoggedIn, Problem> {
    let token = app.issuer.access((device.tenant, device.member), device.id, rights, now);
    Ok(LoggedIn {
        access_token: token.map_err(|error| Problem::internal(&format_args!("{error:#}")))?,
        token_type: "Bearer",
        expires_in: ACCESS_LIFETIME.num_seconds(),
        refresh_token,
        refresh_expires_at: format_time(now + REFRESH_LIFETIME),
        device_id: device.id,
        member_id: device.member,
        tenant_id: device.tenant.0,
        device_token,
    })
}

/// Logs a new device in, if what has proved who it is still holds.
pub(super) async fn new_device(
    app: &App,
    (account, email_index, proof): (Uuid, &[u8; 32], Proof<'_>),
    (tenant, member): (domain::ids::TenantId, Uuid),
    name: Option<String>,
    now: DateTime<Utc>,
) -> Result<LoggedIn, Problem> {
    let rights = app.rights_of(tenant, member).await?;
    let token = crate::secrets::random_token().map_err(|error| Problem::internal(&format_args!("{error:#}")))?;
    let name = name.unwrap_or_else(|| "a device".to_owned());
    let device = Device { id: Uuid::now_v7(), account, tenant, member, name, created_at: now, used_at: now };
    let written = app.store.log_in(&device, &crate::secrets::token_hash(&token), proof).await.map_err(unavailable)?;
    if written.ok_or_else(|| Problem::new(Code::LoginFailed))? > 0 {
        app.revoked.notify_one();
    }
    let device_token = app.secrets.device_token(email_index, device.id);
    logged_in(app, &device, rights, token, Some(device_token), now)
}
