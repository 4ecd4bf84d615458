//! `POST /v1/auth/oidc/{provider}/finish`

use super::{
    accept_invitation::{self, Invited},
    answers::{LoggedIn, new_device},
    log_in::{choose, name},
    oidc::{self, ProviderName, count, provider},
    state::{App, of_account, of_member, unavailable},
};
use crate::{
    openid::{Brought, OpenIdError, Person, Provider, Refused, Ticket},
    passwords::Password,
    store::{Proof, Subject},
};
use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use serde::Deserialize;
use service_kit::{audit::Attempt, body::JsonBody, problem::Problem};
use utoipa::ToSchema;
use uuid::Uuid;

/// The longest code in bytes.
const CODE_BYTES_MAX: usize = 2_048;

/// What the browser has brought back, and what was kept.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
pub(super) struct FinishOutside {
    /// From the address that the browser came back to.
    code: String,
    /// From there, too.
    state: String,
    /// From there, too, if it is there: who has sent the browser back (RFC 9207).
    iss: Option<String>,
    /// The address that the browser came back to, without `?` and what follows it. It has to be the one of the start.
    redirect_uri: String,
    /// From the start of this log-in.
    ticket: String,
    /// What stands behind `#` in the link of an invitation, to accept it without a password.
    invitation: Option<String>,
    /// Which tenant, for an account that belongs to several.
    tenant_id: Option<Uuid>,
    /// What the device is called in the list of devices.
    device: Option<String>,
}

/// Finish a log-in through a provider
///
/// Whoever the provider knows is let in if they are linked to an account, or the first time if the provider says that the
/// address of an account is theirs. Nobody gets an account but by an invitation. Each log-in is finished once; after
/// `provider-unavailable` it may be tried again, after everything else it is started anew.
#[utoipa::path(
    post, path = "/v1/auth/oidc/{provider}/finish", tag = "auth",
    request_body = FinishOutside,
    params(("provider" = String, Path, description = "The same as at the start")),
    responses((status = 200, body = LoggedIn)),
    extensions(("x-problems" = json!([
        "outside-login-failed", "login-failed", "provider-unavailable", "overloaded", "tenant-not-named",
        "member-inactive", "no-role", "link-worthless"
    ]))),
    security(()),
)]
pub(super) async fn finish_oidc(
    State(app): State<App>,
    provider_name: ProviderName,
    attempt: Attempt,
    JsonBody { value, .. }: JsonBody<FinishOutside>,
) -> Result<Json<LoggedIn>, Problem> {
    let (provider, now) = (provider(&app, &provider_name)?, Utc::now());
    attempt.keep();
    let FinishOutside { code, state, iss, redirect_uri, ticket, invitation, tenant_id, device } = value;
    let device = name(device)?;
    if code.is_empty() || code.len() > CODE_BYTES_MAX {
        return Err(Problem::invalid_field("/code", "is no code"));
    }
    let ticket = Ticket::open(&ticket, (provider.name(), &state), &app.secrets, now);
    let ticket = ticket.ok_or_else(|| refused(provider, Refused::Ticket))?;
    let brought = Brought { code: &code, issuer: iss.as_deref(), redirect: &redirect_uri };
    let person = person(&app, provider, &ticket, brought).await?;
    let answer = match invitation {
        Some(token) => accept(&app, &attempt, (provider, &person), (&token, device), now).await?,
        None => log_in(&app, &attempt, (provider, &person), (tenant_id, device), now).await?,
    };
    count(provider, "succeeded");
    Ok(Json(answer))
}

/// Who has come back. The log-in is used up, unless the provider did not answer.
async fn person(app: &App, provider: &Provider, ticket: &Ticket, brought: Brought<'_>) -> Result<Person, Problem> {
    let mark = ticket.mark();
    if !app.store.finish(mark).await.map_err(unavailable)? {
        return Err(refused(provider, Refused::Finished));
    }
    match provider.person(ticket, brought).await {
        Ok(person) => Ok(person),
        Err(error) => {
            if !matches!(error, OpenIdError::Refused(_)) {
                app.store.unfinish(&mark.0).await.map_err(unavailable)?;
            }
            Err(oidc::problem(provider, &error))
        }
    }
}

/// Logs in who has an account. That there is none is told by the same answer as everything that is wrong.
async fn log_in(
    app: &App,
    attempt: &Attempt,
    (provider, person): (&Provider, &Person),
    (tenant, device): (Option<Uuid>, Option<String>),
    now: DateTime<Utc>,
) -> Result<LoggedIn, Problem> {
    let (subject, email_index) = indices(app, provider, person);
    let account = app.store.account_of_person(&subject, email_index.as_ref(), now).await.map_err(unavailable)?;
    let (account, email_index) = account.ok_or_else(|| refused(provider, Refused::Unknown))?;
    attempt.is_by_other(of_account(&email_index));
    let (tenant, member) = choose(app, account, tenant.map(TenantId::from)).await?;
    attempt.is_by_other(of_member(tenant, member, None));
    let proved = (account, &email_index, Proof::Person(&subject));
    let answer = new_device(app, proved, (tenant, member), device, now).await?;
    attempt.is_by_other(of_member(tenant, member, Some(answer.device_id)));
    Ok(answer)
}

/// Accepts an invitation. Whoever has its mail gets a new account for its address, whichever address the provider
/// knows them by; one that is there already is for who logs in to it anyway.
async fn accept(
    app: &App,
    attempt: &Attempt,
    (provider, person): (&Provider, &Person),
    (token, device): (&str, Option<String>),
    now: DateTime<Utc>,
) -> Result<LoggedIn, Problem> {
    let (subject, email_index) = indices(app, provider, person);
    let invited = Invited::find(app, token, now).await?;
    let (tenant, member) = invited.member;
    attempt.is_by_other(of_member(tenant, member, None));
    let own = app.store.account_of_person(&subject, email_index.as_ref(), now).await.map_err(unavailable)?;
    let theirs = app.store.account_of(&invited.link.email_index).await.map_err(unavailable)?;
    let hash = match (own, theirs) {
        (Some((own, _)), Some(theirs)) if own == theirs.id => None,
        // Nobody knows this password; who wants one gets it by mail.
        (None, None) => Some(app.passwords.hash(Password::of_nobody()?).await?),
        _ => return Err(refused(provider, Refused::OfAnother)),
    };
    let answer =
        accept_invitation::accept(app, &invited, (hash.as_deref(), Proof::Person(&subject)), device, now).await?;
    attempt.is_by_other(of_member(tenant, member, Some(answer.device_id)));
    Ok(answer)
}

/// What this person is found by, and their address if it is theirs.
fn indices(app: &App, provider: &Provider, person: &Person) -> (Subject, Option<[u8; 32]>) {
    let index = app.secrets.subject_index(provider.issuer(), &person.subject);
    let email_index = person.verified_email.as_ref().map(|email| app.secrets.email_index(email));
    (Subject { index, provider: provider.name().to_owned() }, email_index)
}

fn refused(provider: &Provider, why: Refused) -> Problem {
    oidc::problem(provider, &OpenIdError::Refused(why))
}
