//! `POST /v1/auth/password/reset`

use super::state::{App, of_account, unavailable};
use crate::{passwords::Password, secrets::token_hash, store::Purpose};
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

/// A new password, by the link of a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Reset {
    /// What stands behind `#` in the link.
    token: String,
    /// 12 to 256 characters.
    #[schema(value_type = String)]
    password: Password,
}

/// Choose a new password by the link of a mail
///
/// Every device is logged out: whoever knew the old password is out, too.
#[utoipa::path(
    post, path = "/v1/auth/password/reset", tag = "auth",
    request_body = Reset,
    responses((status = 204, description = "The password is the new one")),
    extensions(("x-problems" = json!(["link-worthless", "overloaded"]))),
    security(()),
)]
pub(super) async fn reset_password(
    State(app): State<App>,
    attempt: Attempt,
    JsonBody { value: Reset { token, password }, .. }: JsonBody<Reset>,
) -> Result<StatusCode, Problem> {
    let (now, worthless) = (Utc::now(), || Problem::new(Code::LinkWorthless));
    let token = token_hash(&token);
    let link = app.store.link(&token, now).await.map_err(unavailable)?;
    let link = link.filter(|link| link.purpose == Purpose::Reset).ok_or_else(worthless)?;
    attempt.is_by_other(of_account(&link.email_index));
    attempt.keep();
    if let Some(fault) = password.fault() {
        return Err(Problem::invalid_field("/password", fault));
    }
    let account = app.store.account_of(&link.email_index).await.map_err(unavailable)?.ok_or_else(worthless)?;
    let hash = app.passwords.hash(password).await?;
    if !app.store.use_reset((&token, &link.email_index), (account.id, &hash), now).await.map_err(unavailable)? {
        return Err(worthless());
    }
    app.revoked.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
