//! A machine is given a key.

use crate::{
    access::Caller,
    http::{answers::ApiKeyIssued, tenant_rule::TenantRule},
    submit::{Answered, Commands, Envelope},
};
use axum::extract::State;
use domain::{
    ids::{ApiKeyId, RestaurantId},
    limits::API_KEY_PER_MINUTE_MAX,
    staff::{IssueKey, Permission},
    tenants::TenantRequest,
    text::Name,
};
use serde::{Deserialize, Deserializer, de::Error};
use service_kit::{
    access::{AllowedEverywhere, rights},
    body::JsonBody,
    problem::Problem,
};
use utoipa::ToSchema;

/// A new key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(crate) struct IssueKeyBody {
    /// What it is for.
    #[schema(value_type = String, max_length = 80, example = "Caja 1")]
    name: Name,
    /// The only restaurant where it counts.
    #[schema(value_type = uuid::Uuid)]
    restaurant_id: RestaurantId,
    /// What it allows.
    #[schema(value_type = Vec<String>, example = json!(["order:read"]))]
    permissions: Vec<Permission>,
    /// Requests that it may send in a minute.
    #[serde(default = "per_minute_default", deserialize_with = "per_minute")]
    #[schema(minimum = 1, maximum = 60_000, example = 600)]
    per_minute: u32,
}

fn per_minute_default() -> u32 {
    600
}

fn per_minute<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(from)?;
    if (1..=API_KEY_PER_MINUTE_MAX).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format_args!("must be 1 to {API_KEY_PER_MINUTE_MAX}")))
    }
}

/// Issue a key for a machine
///
/// The key in full is in this answer and nowhere else. It counts in one restaurant, and allows nothing that who
/// issues it does not hold there.
#[utoipa::path(
    post,
    path = "/v1/api-keys",
    tag = "staff",
    request_body = IssueKeyBody,
    responses((status = 201, description = "It was issued", body = ApiKeyIssued)),
    extensions(
        ("x-permission" = json!("api-key:write")),
        ("x-problems" = json!(["already-done", "unknown-restaurant", "tenant-full"]))
    )
)]
pub(crate) async fn issue_api_key(
    State(commands): State<Commands>,
    allowed: AllowedEverywhere<rights::ApiKeyWrite>,
    envelope: Envelope,
    body: JsonBody<IssueKeyBody>,
) -> Result<Answered, Problem> {
    let caller = Caller::from(allowed);
    let (tenant, key_id) = (caller.principal.tenant(), ApiKeyId(envelope.ids(&caller).id("api-key", 0)));
    let IssueKeyBody { name, restaurant_id, permissions, per_minute } = body.value;
    let permissions = permissions.into_iter().collect();
    let issue = IssueKey { key_id, name, restaurant_id, permissions, per_minute };
    let rule = TenantRule::new(&caller, TenantRequest::IssueKey(issue)).making("api-keys", "key_id", key_id.0);
    let rule = rule.naming(&commands, [restaurant_id]).await?;
    commands.people.store_api_key(tenant, key_id).await?;
    let answered = commands.submit(caller, envelope, &body.raw, rule).await?;
    // No receipt holds the secret; whoever sends the same key again is told the same.
    let secret = commands.people.api_key(tenant, key_id);
    Ok(if answered.is_done() { answered.with_secret("secret", &secret) } else { answered })
}
