//! `POST /v1/auth/password/forgot`

use super::{
    client::Address,
    state::{App, email},
};
use crate::mail::Letter;
use axum::extract::State;
use chrono::Utc;
use http::StatusCode;
use serde::Deserialize;
use service_kit::{body::JsonBody, problem::Problem};
use utoipa::ToSchema;

/// Whose password was forgotten.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Forgot {
    email: String,
}

/// Ask for a new password
///
/// A mail with a link is sent if there is such an account; the answer and the time are the same if
/// there is none.
#[utoipa::path(
    post, path = "/v1/auth/password/forgot", tag = "auth",
    request_body = Forgot,
    responses((status = 202, description = "If there is such an account, a mail is on its way")),
    extensions(("x-problems" = json!(["too-many-attempts"]))),
    security(()),
)]
pub(super) async fn forgot_password(
    State(app): State<App>,
    Address(address): Address,
    JsonBody { value: Forgot { email: text }, .. }: JsonBody<Forgot>,
) -> Result<StatusCode, Problem> {
    let email = email(&text)?;
    let email_index = app.secrets.email_index(&email);
    app.charge(&app.secrets.attempt_key("forgot", &email_index, &address), Utc::now()).await?;
    app.queue(&Letter::Forgotten { email: email.as_str().to_owned() }).await?;
    Ok(StatusCode::ACCEPTED)
}
