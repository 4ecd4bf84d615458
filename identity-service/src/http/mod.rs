//! Every route, in one table.

mod accept_invitation;
mod answers;
mod change_password;
mod client;
mod devices;
mod finish_oidc;
mod forgot_password;
#[cfg(test)]
mod fuzz;
mod guest_token;
mod jwks;
mod key_token;
mod linked_providers;
mod list_oidc;
mod log_in;
mod log_out;
mod log_out_all;
mod me;
mod oidc;
mod refresh;
mod reset_password;
mod start_oidc;
mod state;

pub(crate) use state::App;

use utoipa_axum::{router::OpenApiRouter, routes};

/// The routes of this service and their part of the document.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(log_in::log_in))
        .routes(routes!(refresh::refresh))
        .routes(routes!(log_out::log_out))
        .routes(routes!(log_out_all::log_out_all))
        .routes(routes!(devices::list_devices))
        .routes(routes!(me::me))
        .routes(routes!(forgot_password::forgot_password))
        .routes(routes!(reset_password::reset_password))
        .routes(routes!(change_password::change_password))
        .routes(routes!(accept_invitation::accept_invitation))
        .routes(routes!(list_oidc::list_oidc))
        .routes(routes!(linked_providers::list_linked_providers))
        .routes(routes!(linked_providers::remove_linked_provider))
        .routes(routes!(start_oidc::start_oidc))
        .routes(routes!(finish_oidc::finish_oidc))
        .routes(routes!(guest_token::guest_token))
        .routes(routes!(key_token::key_token))
        .routes(routes!(jwks::jwks))
}

/// The part of the OpenAPI document that this service answers.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut api = router().into_openapi();
    service_kit::openapi::complete(&mut api);
    api
}
