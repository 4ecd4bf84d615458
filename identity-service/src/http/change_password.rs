//! `POST /v1/auth/password/change`

use super::state::{App, Member, unavailable};
use crate::passwords::Password;
use axum::extract::State;
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;
use service_kit::{
    audit::Attempt,
    body::JsonBody,
    problem::{Code, Problem},
};
use utoipa::ToSchema;

/// Another password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Change {
    /// The password of now.
    #[schema(value_type = String)]
    old_password: Password,
    /// 12 to 256 characters.
    #[schema(value_type = String)]
    new_password: Password,
}

/// Change the own password
///
/// Every other device is logged out.
#[utoipa::path(
    post, path = "/v1/auth/password/change", tag = "auth",
    request_body = Change,
    responses((status = 204, description = "The password is the new one")),
    extensions(("x-problems" = json!(["login-failed", "too-many-attempts", "permission-missing", "overloaded"]))),
)]
pub(super) async fn change_password(
    State(app): State<App>,
    member: Member,
    attempt: Attempt,
    JsonBody { value: Change { old_password, new_password }, .. }: JsonBody<Change>,
) -> Result<StatusCode, Problem> {
    attempt.keep();
    let (device, now) = (app.device_of(&member.0).await?, Utc::now());
    if let Some(fault) = new_password.fault() {
        return Err(Problem::invalid_field("/new_password", fault));
    }
    let account = app.store.account(device.account).await.map_err(unavailable)?.ok_or_else(Problem::not_found)?;
    // A stolen token must not become a way to guess the password.
    let key = app.secrets.attempt_key("change", &account.email_index, &device.id.to_string());
    app.charge(&key, now).await?;
    if !app.passwords.look(old_password, Some(account.password_hash.clone())).await?.right {
        return Err(Problem::new(Code::LoginFailed));
    }
    app.store.forget_tries(&key).await.map_err(unavailable)?;
    let hash = app.passwords.hash(new_password).await?;
    let change = (account.password_hash.as_str(), hash.as_str());
    if !app.store.change_password(account.id, change, device.id, now).await.map_err(unavailable)? {
        return Err(Problem::new(Code::LoginFailed).detail("the password was changed meanwhile"));
    }
    app.revoked.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
