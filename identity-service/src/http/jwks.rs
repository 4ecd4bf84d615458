//! `GET /.well-known/jwks.json`

use super::state::App;
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;

/// The public keys that tokens are verified with
///
/// A key set as RFC 7517 has it. A new key is in it at least two minutes before it signs anything.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "auth",
    responses((status = 200, description = "The key set", content_type = "application/json")),
    security(()),
)]
pub(super) async fn jwks(State(app): State<App>) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=30")];
    (headers, app.issuer.jwks_json()).into_response()
}
