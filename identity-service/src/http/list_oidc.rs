//! `GET /v1/auth/oidc`

use super::state::App;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

/// Through whom people may log in here.
#[derive(Serialize, ToSchema)]
pub(super) struct Offered {
    /// By name; empty where there is no such log-in.
    items: Vec<OneOffered>,
}

/// A provider that is offered.
#[derive(Serialize, ToSchema)]
struct OneOffered {
    /// As the settings call it.
    #[schema(example = "google")]
    name: String,
    /// Where a log-in through it starts.
    #[schema(example = "/v1/auth/oidc/google/start")]
    start: String,
}

/// The providers of log-ins that are offered
#[utoipa::path(
    get, path = "/v1/auth/oidc", tag = "auth",
    responses((status = 200, body = Offered)),
    extensions(("x-problems" = json!([]))),
    security(()),
)]
pub(super) async fn list_oidc(State(app): State<App>) -> Json<Offered> {
    let one = |name: &str| OneOffered { name: name.to_owned(), start: format!("/v1/auth/oidc/{name}/start") };
    Json(Offered { items: app.providers.names().map(one).collect() })
}
