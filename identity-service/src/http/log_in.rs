//! `POST /v1/auth/login`

use super::{
    answers::{LoggedIn, new_device},
    client::Address,
    state::{App, about_account, email, of_member, unavailable, who_claims},
};
use crate::{
    passwords::Password,
    store::{Account, Proof},
};
use axum::{Json, extract::State};
use chrono::Utc;
use domain::ids::TenantId;
use serde::Deserialize;
use serde_json::json;
use service_kit::{
    audit::Attempt,
    body::JsonBody,
    problem::{Code, Problem},
};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest name of a device in characters.
const DEVICE_NAME_CHARS_MAX: usize = 80;

/// Who somebody is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct LogIn {
    /// Upper and lower case are the same.
    email: String,
    /// The password.
    #[schema(value_type = String)]
    password: Password,
    /// Which tenant, for an account that belongs to several.
    tenant_id: Option<Uuid>,
    /// What the device is called in the list of devices.
    device: Option<String>,
    /// From an earlier log-in of this device.
    device_token: Option<String>,
}

/// Log in
///
/// The answer to a wrong password and to an unknown address is the same, and takes the same work. After 5
/// tries within a minute there are pauses that grow; they are counted for each pair of account and
/// address, and apart for a device that shows its `device_token`.
#[utoipa::path(
    post, path = "/v1/auth/login", tag = "auth",
    request_body = LogIn,
    responses((status = 200, body = LoggedIn)),
    extensions(
        ("x-problems" = json!([
            "login-failed", "too-many-attempts", "tenant-not-named", "member-inactive", "no-role", "overloaded"
        ]))
    ),
    security(()),
)]
pub(super) async fn log_in(
    State(app): State<App>,
    Address(address): Address,
    attempt: Attempt,
    JsonBody { value, .. }: JsonBody<LogIn>,
) -> Result<Json<LoggedIn>, Problem> {
    let LogIn { email: text, password, tenant_id, device, device_token } = value;
    let (email, name, now) = (email(&text)?, name(device)?, Utc::now());
    let email_index = app.secrets.email_index(&email);
    attempt.is_by_other(who_claims(&email_index, None));
    attempt.keep();
    let known = device_token.and_then(|token| app.secrets.known_device(&email_index, &token));
    let key = match known {
        Some(device) => app.secrets.attempt_key("device", &email_index, &device.to_string()),
        None => app.secrets.attempt_key("address", &email_index, &address),
    };
    if let Err(problem) = app.charge(&key, now).await {
        count("too-many");
        let account = app.store.account_of(&email_index).await.map_err(unavailable)?;
        let memberships = app.store.memberships(account.map_or(Uuid::nil(), |account| account.id)).await;
        about_account(&attempt, &email_index, &memberships.map_err(unavailable)?, &problem);
        return Err(problem);
    }
    let account = authenticate(&app, &attempt, &email_index, password).await?;
    app.store.forget_tries(&key).await.map_err(unavailable)?;
    let (tenant, member) = choose(&app, account.id, tenant_id.map(TenantId::from)).await?;
    attempt.is_by_other(of_member(tenant, member, None));
    let proved = (account.id, &email_index, Proof::Password(&account.password_hash));
    let answer = new_device(&app, proved, (tenant, member), name, now).await?;
    attempt.is_by_other(of_member(tenant, member, Some(answer.device_id)));
    count("succeeded");
    Ok(Json(answer))
}

/// The account, if the password is its own. Whose account it was guessed at, is looked up and told to the audit in
/// the same time for an address that has none.
pub(super) async fn authenticate(
    app: &App,
    attempt: &Attempt,
    email_index: &[u8; 32],
    password: Password,
) -> Result<Account, Problem> {
    let account = app.store.account_of(email_index).await.map_err(unavailable)?;
    let stored = account.as_ref().map(|account| account.password_hash.clone());
    let verdict = app.passwords.look(password.clone(), stored).await?;
    let id = account.as_ref().map_or(Uuid::nil(), |account| account.id);
    let Some(mut account) = account.filter(|_| verdict.right) else {
        count("wrong");
        let (problem, memberships) = (Problem::new(Code::LoginFailed), app.store.memberships(id).await);
        about_account(attempt, email_index, &memberships.map_err(unavailable)?, &problem);
        return Err(problem);
    };
    if verdict.outdated {
        let hash = app.passwords.hash(password).await?;
        let change = (account.password_hash.as_str(), hash.as_str());
        if app.store.rehash(account.id, change, Utc::now()).await.map_err(unavailable)? {
            account.password_hash = hash;
        }
    }
    Ok(account)
}

/// Which membership somebody means. Told only to who has proved that it is their account. Whoever was invited to a
/// tenant twice, such as after they had left, is the member that joined last.
pub(super) async fn choose(app: &App, account: Uuid, named: Option<TenantId>) -> Result<(TenantId, Uuid), Problem> {
    let memberships = app.store.memberships(account).await.map_err(unavailable)?;
    let mut meant: BTreeMap<TenantId, Uuid> = memberships.into_iter().collect();
    meant.retain(|tenant, _| named.is_none_or(|named| named == *tenant));
    match (meant.pop_first(), meant.is_empty()) {
        (Some(one), true) => Ok(one),
        (Some((first, _)), false) => {
            let tenants: Vec<_> = std::iter::once(&first).chain(meant.keys()).map(|tenant| json!(tenant)).collect();
            Err(Problem::new(Code::TenantNotNamed).fact("tenant_ids", tenants))
        }
        (None, _) => Err(Problem::new(Code::MemberInactive)),
    }
}

/// The name of a device in a body.
pub(super) fn name(text: Option<String>) -> Result<Option<String>, Problem> {
    let sound = |name: &String| {
        (1..=DEVICE_NAME_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
    };
    match text {
        Some(name) if !sound(&name) => Err(Problem::invalid_field("/device", "must be 1 to 80 characters")),
        name => Ok(name),
    }
}

fn count(end: &'static str) {
    metrics::counter!("identity_logins_total", "end" => end).increment(1);
}
