//! What every handler has.

use crate::{
    email::Email,
    mail::{Letter, Worker},
    openid::Providers,
    passwords::Passwords,
    rights::{Nothing, RightsBook},
    secrets::Secrets,
    store::{Device, MachineKeys, Store},
    tokens::{Issuer, Rights},
};
use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use domain::{envelope::ActorKind, ids::TenantId};
use event_store::reader::EventReader;
use identity::{Principal, Verifier, tables::TableKey};
use service_kit::{
    access::Authenticated,
    audit::{Attempt, Who},
    problem::{Code, Problem},
};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// Other tenants that are told of a try to log in as one of their members.
const TENANTS_TOLD_MAX: usize = 8;

/// What somebody is told who works here and may do nothing yet.
const NO_ROLE: &str = "no role that allows anything in any restaurant was given to you yet: ask whoever invited you, or \
                       another one who manages the staff (POST /v1/staff/{member}/roles)";

/// What every handler has. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) passwords: Passwords,
    pub(crate) issuer: Issuer,
    pub(crate) verifier: Verifier,
    pub(crate) rights: RightsBook,
    pub(crate) machine_keys: MachineKeys,
    pub(crate) mails: Worker,
    /// Whom people log in through.
    pub(crate) providers: Providers,
    /// Told when there is a new revocation.
    pub(crate) revoked: Arc<Notify>,
    /// The events: what guests may follows from them.
    pub(crate) reader: EventReader,
    /// What passes of guests are checked with.
    pub(crate) table_key: TableKey,
}

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.verifier.clone()
    }
}

impl App {
    /// What a member may do now; nobody who may nothing gets a token.
    pub(crate) async fn rights_of(&self, tenant: TenantId, member: Uuid) -> Result<Rights, Problem> {
        let rights = self.rights.of(tenant, member).await.map_err(|error| Problem::store_unavailable(&error))?;
        rights.map_err(|nothing| match nothing {
            Nothing::Inactive => Problem::new(Code::MemberInactive),
            Nothing::NoRole => Problem::new(Code::NoRole).detail(NO_ROLE),
        })
    }

    /// Counts one more try of this kind from this place.
    pub(crate) async fn charge(&self, key: &[u8; 32], now: DateTime<Utc>) -> Result<(), Problem> {
        match self.store.charge(key, now).await.map_err(unavailable)? {
            Ok(()) => Ok(()),
            Err(wait) => {
                let seconds = u32::try_from(wait.num_seconds().max(0) + 1).unwrap_or(u32::MAX);
                Err(Problem::new(Code::TooManyAttempts).retry_after(seconds))
            }
        }
    }

    /// The device that a token comes from. Tokens of tools have none.
    pub(crate) async fn device_of(&self, principal: &Principal) -> Result<Device, Problem> {
        let device = principal.marks().device.ok_or_else(no_device)?;
        self.store.device(device).await.map_err(unavailable)?.ok_or_else(no_device)
    }

    /// Queues a letter.
    pub(crate) async fn queue(&self, letter: &Letter) -> Result<(), Problem> {
        let queued = self.mails.queue(Uuid::now_v7(), letter).await;
        queued.map_err(|error| Problem::store_unavailable(&format_args!("{error:#}")))
    }
}

/// Bytes of an account's index that stand for it where people look: enough to tell accounts apart.
const INDEX_BYTES_SHOWN: usize = 16;

/// Somebody who has shown that an account is theirs, for the audit; never the address.
pub(crate) fn of_account(email_index: &[u8; 32]) -> Who {
    Who::without_token("account", shown(email_index), None)
}

/// Somebody who says that an account is theirs. Whoever it is has shown nothing yet, so that it is not the actor.
pub(crate) fn who_claims(email_index: &[u8; 32], tenant: Option<TenantId>) -> Who {
    Who::who_claims(format!("account:{}", shown(email_index)), tenant)
}

fn shown(email_index: &[u8; 32]) -> String {
    email_index[..INDEX_BYTES_SHOWN].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A member, for the audit, with the log-in that they come with.
pub(crate) fn of_member(tenant: TenantId, member: Uuid, device: Option<Uuid>) -> Who {
    let who = Who::without_token(ActorKind::Staff.as_str(), member.to_string(), Some(tenant));
    who.by_way_of(device.map(|device| format!("device:{device}")).unwrap_or_default())
}

/// Tells the audit that this is about an account: each tenant that its owner works for is told of their member.
pub(crate) fn about_account(
    attempt: &Attempt,
    email_index: &[u8; 32],
    memberships: &[(TenantId, Uuid)],
    problem: &Problem,
) {
    let Some(((tenant, member), others)) = memberships.split_first() else { return };
    for (tenant, member) in others.iter().take(TENANTS_TOLD_MAX) {
        let mut action = attempt.action(problem.status().as_u16(), problem.code().as_str(), true);
        action.who = who_claims(email_index, Some(*tenant));
        action.subject = format!("{} member:{member}", action.who.claimed);
        attempt.record(action);
    }
    attempt.is_by_other(who_claims(email_index, Some(*tenant)));
    attempt.is_about("member", member);
}

/// The holder of a token that came from a log-in.
pub(crate) type Member = Authenticated;

fn no_device() -> Problem {
    Problem::new(Code::PermissionMissing).detail("the token does not come from a log-in")
}

/// The database did not answer.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
pub(crate) fn unavailable(error: sqlx::Error) -> Problem {
    Problem::store_unavailable(&error)
}

/// The address of a body.
pub(crate) fn email(text: &str) -> Result<Email, Problem> {
    Email::parse(text).ok_or_else(|| Problem::invalid_field("/email", "is no e-mail address"))
}
