//! `GET /v1/auth/linked-providers`, `POST /v1/auth/linked-providers/{provider}/remove`

use super::{
    oidc::ProviderName,
    state::{App, Member, unavailable},
};
use crate::store::Unlinked;
use axum::{Json, extract::State};
use domain::envelope::format_time;
use http::StatusCode;
use serde::Serialize;
use service_kit::{
    audit::Attempt,
    body::NoBody,
    problem::{Code, Problem},
};
use utoipa::ToSchema;

/// The providers through whom the own account is logged in to.
#[derive(Serialize, ToSchema)]
pub(super) struct Linked {
    /// By name; one of each.
    items: Vec<OneLinked>,
}

/// A provider that lets its person in.
#[derive(Serialize, ToSchema)]
struct OneLinked {
    /// As the settings call it; it may be one that is no longer offered.
    #[schema(example = "google")]
    provider: String,
    /// Since when.
    linked_at: String,
}

/// Through whom I log in
#[utoipa::path(
    get, path = "/v1/auth/linked-providers", tag = "auth",
    responses((status = 200, body = Linked)),
    extensions(("x-problems" = json!(["permission-missing"]))),
)]
pub(super) async fn list_linked_providers(State(app): State<App>, member: Member) -> Result<Json<Linked>, Problem> {
    let own = app.device_of(&member.0).await?;
    let links = app.store.links_of(own.account).await.map_err(unavailable)?;
    let one = |(provider, at)| OneLinked { provider, linked_at: format_time(at) };
    Ok(Json(Linked { items: links.into_iter().map(one).collect() }))
}

/// Log in through a provider no more
///
/// Not where nobody could log in then: whoever came in through a provider gets a password by mail first, which takes all
/// links away. Devices stay logged in. Who has the address of the account at the provider, verified, is linked anew when
/// they log in through it again.
#[utoipa::path(
    post, path = "/v1/auth/linked-providers/{provider}/remove", tag = "auth",
    params(("provider" = String, Path, description = "One of the list")),
    responses((status = 204, description = "The person of the provider is linked no more")),
    extensions(("x-problems" = json!(["permission-missing", "last-way-in"]))),
)]
pub(super) async fn remove_linked_provider(
    State(app): State<App>,
    member: Member,
    ProviderName(provider): ProviderName,
    attempt: Attempt,
    _body: NoBody,
) -> Result<StatusCode, Problem> {
    attempt.keep();
    let own = app.device_of(&member.0).await?;
    let is_offered = |name: &str| app.providers.get(name).is_some();
    match app.store.unlink(own.account, &provider, is_offered).await.map_err(unavailable)? {
        Unlinked::Done => Ok(StatusCode::NO_CONTENT),
        Unlinked::Unknown => Err(Problem::not_found()),
        Unlinked::LastWayIn => Err(Problem::new(Code::LastWayIn).detail("get a password by mail first")),
    }
}
