//! A key is worthless from now on.

use crate::{
    access::Caller,
    http::{answers::Done, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{ids::ApiKeyId, tenants::TenantRequest};
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::NoBody,
    ids::InPath,
    problem::Problem,
};

/// Revoke a key of a machine
///
/// It cannot be undone: a machine that is to work again gets another key.
#[utoipa::path(
    post,
    path = "/v1/api-keys/{key}/revoke",
    tag = "staff",
    responses((status = 200, description = "It is worthless", body = Done)),
    extensions(("x-permission" = json!("api-key:write")), ("x-problems" = json!(["api-key-revoked"])))
)]
pub(crate) async fn revoke_api_key(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::ApiKeyWrite>,
    InPath(key): InPath<ApiKeyId>,
    envelope: Envelope,
    body: NoBody,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let rule = TenantRule::new(&caller, TenantRequest::RevokeKey(key));
    commands.submit(caller, envelope, &body.raw, rule).await
}
