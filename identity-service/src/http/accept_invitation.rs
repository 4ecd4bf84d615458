//! `POST /v1/auth/invitations/accept`

use super::{
    answers::{LoggedIn, new_device},
    client::Address,
    log_in::authenticate,
    state::{App, of_member, unavailable},
};
use crate::{
    passwords::Password,
    secrets::token_hash,
    store::{Link, Proof},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Deserialize;
use service_kit::{
    audit::Attempt,
    body::JsonBody,
    problem::{Code, Problem},
};
use utoipa::ToSchema;
use uuid::Uuid;

/// Accepting an invitation, by the link of a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct Accept {
    /// What stands behind `#` in the link.
    token: String,
    /// A new password of 12 to 256 characters; for an address that has an account, the password of it.
    #[schema(value_type = String)]
    password: Password,
}

/// Accept an invitation
///
/// Whoever has the mail has the address, so nothing else is asked. The answer is that of a log-in.
#[utoipa::path(
    post, path = "/v1/auth/invitations/accept", tag = "auth",
    request_body = Accept,
    responses((status = 200, body = LoggedIn)),
    extensions(
        ("x-problems" = json!([
            "link-worthless", "login-failed", "too-many-attempts", "member-inactive", "no-role", "overloaded"
        ]))
    ),
    security(()),
)]
pub(super) async fn accept_invitation(
    State(app): State<App>,
    Address(address): Address,
    attempt: Attempt,
    JsonBody { value: Accept { token, password }, .. }: JsonBody<Accept>,
) -> Result<Json<LoggedIn>, Problem> {
    let now = Utc::now();
    let invited = Invited::find(&app, &token, now).await?;
    let (tenant, member) = invited.member;
    attempt.is_by_other(of_member(tenant, member, None));
    attempt.keep();
    let (hash, is_new) = hash_of(&app, &attempt, (&invited.link, &address), password).await?;
    let new = is_new.then_some(hash.as_str());
    let answer = accept(&app, &invited, (new, Proof::Password(&hash)), None, now).await?;
    attempt.is_by_other(of_member(tenant, member, Some(answer.device_id)));
    Ok(Json(answer))
}

/// An invitation that is good now.
pub(super) struct Invited {
    token: [u8; 32],
    /// The link of the mail.
    pub(super) link: Link,
    /// Whom it invites.
    pub(super) member: (TenantId, Uuid),
}

impl Invited {
    /// The invitation of this link.
    pub(super) async fn find(app: &App, token: &str, now: DateTime<Utc>) -> Result<Self, Problem> {
        let token = token_hash(token);
        let link = app.store.link(&token, now).await.map_err(unavailable)?;
        let invited = link.and_then(|link| Some(Self { token, member: link.purpose.member()?, link }));
        invited.ok_or_else(|| Problem::new(Code::LinkWorthless))
    }
}

/// Joins, uses the invitation up and logs in: with a password hash for a new account, and by a password or as a person
/// of a provider, who logs in to it from now on.
pub(super) async fn accept(
    app: &App,
    invited: &Invited,
    (hash, proof): (Option<&str>, Proof<'_>),
    device: Option<String>,
    now: DateTime<Utc>,
) -> Result<LoggedIn, Problem> {
    let Invited { token, link, member: (tenant, member) } = invited;
    // Before the link is used up: whoever is cut off in between comes again with the same link.
    let joined = app.rights.joined(*tenant, *member).await;
    if !joined.map_err(|error| Problem::store_unavailable(&error))? {
        return Err(Problem::new(Code::MemberInactive));
    }
    let subject = match proof {
        Proof::Person(subject) => Some(subject),
        Proof::Password(_) => None,
    };
    let accepted = app.store.accept(token, (link, *tenant, *member), (hash, subject), now).await;
    let account = accepted.map_err(unavailable)?.ok_or_else(|| Problem::new(Code::LinkWorthless))?;
    new_device(app, (account, &link.email_index, proof), (*tenant, *member), device, now).await
}

/// Says whose password is asked for where it is another than that of the account.
fn explained(problem: Problem) -> Problem {
    if problem.code() != Code::LoginFailed {
        return problem;
    }
    problem.detail(
        "there is an account for this address: accept with its present password, or ask for a new one \
         (POST /v1/auth/password/forgot) and accept with that",
    )
}

/// The hash of the password, and whether it is for a new account; where there is one, its password was given.
async fn hash_of(
    app: &App,
    attempt: &Attempt,
    (link, address): (&Link, &str),
    password: Password,
) -> Result<(String, bool), Problem> {
    if app.store.account_of(&link.email_index).await.map_err(unavailable)?.is_some() {
        let key = app.secrets.attempt_key("address", &link.email_index, address);
        app.charge(&key, Utc::now()).await?;
        // Whoever has the mail may know that its address has an account.
        let account = authenticate(app, attempt, &link.email_index, password).await.map_err(explained)?;
        app.store.forget_tries(&key).await.map_err(unavailable)?;
        return Ok((account.password_hash, false));
    }
    match password.fault() {
        Some(fault) => Err(Problem::invalid_field("/password", fault)),
        None => app.passwords.hash(password).await.map(|hash| (hash, true)),
    }
}
