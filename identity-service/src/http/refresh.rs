//! `POST /v1/auth/refresh`

use super::{
    answers::{LoggedIn, logged_in},
    state::{App, of_member, unavailable},
};
use crate::{secrets::token_hash, store::Turn};
use axum::{Json, extract::State};
use chrono::Utc;
use serde::Deserialize;
use service_kit::{
    audit::Attempt,
    body::JsonBody,
    problem::{Code, Problem},
};
use utoipa::ToSchema;

/// The longest refresh token in bytes; a longer one is not looked at.
const TOKEN_BYTES_MAX: usize = 128;

/// What keeps a device logged in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Refresh {
    /// The newest one that the device was given.
    refresh_token: String,
}

/// Renew the tokens of a device
///
/// Each refresh token is good once. Who comes with the same one within 10 seconds, as two tabs do, gets
/// the same successor; later it counts as stolen, and the device is logged out. The rights in the new
/// access token are those of now.
#[utoipa::path(
    post, path = "/v1/auth/refresh", tag = "auth",
    request_body = Refresh,
    responses((status = 200, body = LoggedIn)),
    extensions(("x-problems" = json!(["refresh-invalid", "member-inactive", "no-role"]))),
    security(()),
)]
pub(super) async fn refresh(
    State(app): State<App>,
    attempt: Attempt,
    JsonBody { value: Refresh { refresh_token }, .. }: JsonBody<Refresh>,
) -> Result<Json<LoggedIn>, Problem> {
    let now = Utc::now();
    if refresh_token.len() > TOKEN_BYTES_MAX {
        return Err(worthless("unknown"));
    }
    let successor = app.secrets.successor(&refresh_token);
    let hashes = (&token_hash(&refresh_token), &token_hash(&successor));
    let turn = app.store.rotate(hashes, now).await.map_err(unavailable)?;
    if let Turn::Rotated(device) | Turn::Again(device) | Turn::Reused(device) = &turn {
        attempt.is_by_other(of_member(device.tenant, device.member, Some(device.id)));
    }
    let device = match turn {
        Turn::Rotated(device) => {
            count("rotated");
            device
        }
        Turn::Again(device) => {
            count("again");
            device
        }
        Turn::Reused(device) => {
            attempt.is_about("reused", "refresh-token");
            app.revoked.notify_one();
            tracing::warn!(device = %device.id, member = %device.member, "a refresh token was used twice: the device is logged out");
            return Err(worthless("reused"));
        }
        Turn::Unknown => return Err(worthless("unknown")),
    };
    let rights = app.rights_of(device.tenant, device.member).await?;
    logged_in(&app, &device, rights, successor, None, now).map(Json)
}

fn worthless(end: &'static str) -> Problem {
    count(end);
    Problem::new(Code::RefreshInvalid)
}

fn count(end: &'static str) {
    metrics::counter!("identity_refreshes_total", "end" => end).increment(1);
}
