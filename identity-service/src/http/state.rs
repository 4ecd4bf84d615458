//! What every handler has.

use crate::{
    email::Email,
    mail::{Letter, Worker},
    openid::Providers,
    passwords::Passwords,
    rights::RightsBook,
    secrets::Secrets,
    store::{Device, Store},
    tokens::{Issuer, Rights},
};
use axum::extract::FromRef;
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use event_store::reader::EventReader;
use identity::{Principal, Verifier, tables::TableKey};
use service_kit::{
    access::Authenticated,
    problem::{Code, Problem},
};
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// What every handler has. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) passwords: Passwords,
    pub(crate) issuer: Issuer,
    pub(crate) verifier: Verifier,
    pub(crate) rights: RightsBook,
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
        rights.ok_or_else(|| Problem::new(Code::MemberInactive))
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
