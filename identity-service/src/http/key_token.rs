//! `POST /v1/auth/key-token`

use super::{
    client::Address,
    state::{App, unavailable},
};
use crate::tokens::ACCESS_LIFETIME;
use axum::{Extension, Json, extract::State};
use chrono::Utc;
use domain::{
    ids::{ApiKeyId, TenantId},
    staff::{ApiKey, Permission},
};
use identity::MachineKey;
use serde::{Deserialize, Serialize};
use service_kit::{
    body::JsonBody,
    client::Client,
    limits::{Budget, Limits, Subject},
    problem::{Code, Problem},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a machine has.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct KeyShown {
    /// The key in full, as it was told when it was issued.
    #[schema(value_type = String, example = "aris_0198b1c2…_5f1d…")]
    api_key: MachineKey,
}

/// What a machine gets for its key.
#[derive(Serialize, ToSchema)]
pub(super) struct KeyToken {
    /// Goes into `Authorization: Bearer …` of every request, and into `hello` of a socket.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds until it ends; ask again before, with the same key. There is no refresh token.
    expires_in: i64,
    /// The key.
    key_id: Uuid,
    /// The tenant.
    tenant_id: Uuid,
    /// The only restaurant where it counts.
    restaurant_id: Uuid,
    /// What it allows there.
    permissions: Vec<&'static str>,
    /// Requests that may be sent in a minute with all tokens of this key together.
    per_minute: u32,
}

/// A token for a machine
///
/// The key is sent here and nowhere else. The token is good for 15 minutes, and ends within a second when the
/// key is revoked. An unknown key, a revoked one and a text that is no key get the same answer for the same work.
#[utoipa::path(
    post, path = "/v1/auth/key-token", tag = "auth",
    request_body = KeyShown,
    responses((status = 200, body = KeyToken)),
    extensions(("x-problems" = json!(["api-key-worthless"]))),
    security(()),
)]
pub(super) async fn key_token(
    State(app): State<App>,
    Address(address): Address,
    client: Option<Extension<Client>>,
    limits: Option<Extension<Limits>>,
    JsonBody { value: KeyShown { api_key }, .. }: JsonBody<KeyShown>,
) -> Result<Json<KeyToken>, Problem> {
    let Some((tenant, id, key)) = look_up(&app, &api_key).await? else {
        return Err(worthless(client, limits));
    };
    let now = Utc::now();
    let token = app.issuer.machine(tenant, (id, &key), now);
    if let Err(error) = app.machine_keys.used(id, &address, now).await {
        // A machine that cannot work would be worse than a date that is old.
        tracing::warn!(%error, key = %id, "the use of a key could not be written down");
    }
    count("succeeded");
    Ok(Json(KeyToken {
        access_token: token.map_err(|error| Problem::internal(&format_args!("{error:#}")))?,
        token_type: "Bearer",
        expires_in: ACCESS_LIFETIME.num_seconds(),
        key_id: id.0,
        tenant_id: tenant.0,
        restaurant_id: key.restaurant_id.0,
        permissions: key.permissions.iter().map(Permission::as_str).collect(),
        per_minute: key.per_minute,
    }))
}

/// Whose key this is, and what it allows now. Whatever was sent, the same is done: one row is looked for, one
/// hash is made and compared, one tenant is asked, so that time tells nothing about a key.
async fn look_up(app: &App, sent: &MachineKey) -> Result<Option<(TenantId, ApiKeyId, ApiKey)>, Problem> {
    let id = sent.id().unwrap_or(ApiKeyId(Uuid::nil()));
    let stored = app.machine_keys.find(id).await.map_err(unavailable)?;
    let is_true = sent.has_hash(&stored.map_or([0; 32], |stored| stored.hash));
    // Nobody has signed the nil tenant up.
    let tenant = stored.filter(|_| is_true).map_or(TenantId(Uuid::nil()), |stored| stored.tenant);
    let key = app.rights.of_key(tenant, id).await.map_err(|error| Problem::store_unavailable(&error))?;
    Ok(key.map(|key| (tenant, id, key)))
}

/// Counts one more failure of this address, on all instances. Who has a good key is never kept out by it: behind
/// one router there are many tills, and one whose key was revoked must not stop the others.
fn worthless(client: Option<Extension<Client>>, limits: Option<Extension<Limits>>) -> Problem {
    let counted = limits.zip(client).map(|(Extension(limits), Extension(client))| {
        limits.take(Budget::AddressUnknown, Subject::address(client.address)).map(drop)
    });
    match counted {
        Some(Err(too_many)) => {
            count("too-many");
            too_many
        }
        _ => {
            count("worthless");
            Problem::new(Code::ApiKeyWorthless)
        }
    }
}

fn count(end: &'static str) {
    metrics::counter!("identity_key_exchanges_total", "end" => end).increment(1);
}
