//! `POST /v1/auth/oidc/{provider}/start`

use super::{
    oidc::{ProviderName, problem, provider},
    state::App,
};
use crate::openid::{TICKET_LIFETIME, Ticket};
use axum::{Json, extract::State};
use chrono::Utc;
use serde::{Deserialize, Serialize};
use service_kit::{body::JsonBody, problem::Problem};
use utoipa::ToSchema;

/// Where the browser is to come back to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct StartOutside {
    /// One of those that this installation lists for this provider, letter by letter.
    redirect_uri: String,
}

/// A log-in under way.
#[derive(Serialize, ToSchema)]
pub(super) struct StartedOutside {
    /// Send the browser there.
    authorization_url: String,
    /// Comes back in the address of the browser, which has to be the same one.
    state: String,
    /// Keep it where the browser that was sent away finds it again, and nobody else. It is in no address.
    ticket: String,
    /// Seconds until it is too late to finish.
    expires_in: i64,
}

/// Start a log-in through a provider
///
/// Send the browser to `authorization_url` and keep `state` and `ticket`. It comes back to `redirect_uri` with `code`
/// and `state`, often with `iss`, or with `error`. Compare `state`, and finish the log-in with all of these, with
/// `ticket`, and with the address that the browser came back to.
#[utoipa::path(
    post, path = "/v1/auth/oidc/{provider}/start", tag = "auth",
    request_body = StartOutside,
    params(("provider" = String, Path, description = "One of the providers of this installation: `google`")),
    responses((status = 200, body = StartedOutside)),
    extensions(("x-problems" = json!(["provider-unavailable", "overloaded"]))),
    security(()),
)]
pub(super) async fn start_oidc(
    State(app): State<App>,
    name: ProviderName,
    JsonBody { value: StartOutside { redirect_uri }, .. }: JsonBody<StartOutside>,
) -> Result<Json<StartedOutside>, Problem> {
    let provider = provider(&app, &name)?;
    if !provider.may_return_to(&redirect_uri) {
        return Err(Problem::invalid_field("/redirect_uri", "is not one of this provider"));
    }
    let internal = |error: anyhow::Error| Problem::internal(&format_args!("{error:#}"));
    let ticket = Ticket::new(provider.name(), redirect_uri, Utc::now()).map_err(internal)?;
    let url = provider.authorization_url(&ticket).await.map_err(|error| problem(provider, &error))?;
    Ok(Json(StartedOutside {
        authorization_url: url.into(),
        ticket: ticket.seal(&app.secrets).map_err(internal)?,
        state: ticket.state,
        expires_in: TICKET_LIFETIME.num_seconds(),
    }))
}
