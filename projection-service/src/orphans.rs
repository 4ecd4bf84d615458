//! Deletes keys of people and of machines that no event names.

use domain::{
    ids::{ApiKeyId, MemberId, TenantId},
    staff::{MemberState, Roster},
};
use event_store::tenants::TenantDirectory;
use personal_data::orphans::KeyOf;
use sqlx::MySqlPool;
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Keys that are read at a time.
const KEYS_AT_ONCE: u32 = 200;
/// Pages of one round; what is left waits for the next.
const PAGES_MAX: usize = 500;
/// Time between rounds.
const ROUND: Duration = Duration::from_hours(1);

/// The one who looks keys up in events.
pub(crate) struct Orphans {
    pub(crate) pool: MySqlPool,
    pub(crate) tenants: Arc<TenantDirectory>,
}

impl Orphans {
    /// Looks at the start and once an hour until the shutdown.
    pub(crate) async fn delete(self, shutdown: CancellationToken) {
        let mut pause = Duration::ZERO;
        while shutdown.run_until_cancelled(tokio::time::sleep(pause)).await.is_some() {
            pause = ROUND;
            for kind in KeyOf::EACH {
                if let Some(Err(error)) = shutdown.run_until_cancelled(self.round(kind)).await {
                    tracing::warn!(%error, kind = kind.as_str(), "orphaned keys could not be deleted; tried again in an hour");
                }
            }
        }
    }

    async fn round(&self, kind: KeyOf) -> Result<(), sqlx::Error> {
        let (mut deleted, mut skipped) = (0, 0);
        for _ in 0..PAGES_MAX {
            let keys = kind.to_look_up(&self.pool, skipped, KEYS_AT_ONCE).await?;
            for (tenant, id) in &keys {
                match self.is_named(kind, *tenant, *id).await {
                    Some(true) => kind.keep(&self.pool, *tenant, *id).await?,
                    Some(false) => deleted += u64::from(kind.delete(&self.pool, *tenant, *id).await?),
                    None => skipped += 1,
                }
            }
            if keys.len() < KEYS_AT_ONCE as usize {
                break;
            }
        }
        metrics::counter!("orphaned_keys_deleted_total", "of" => kind.as_str()).increment(deleted);
        if deleted > 0 {
            tracing::info!(deleted, kind = kind.as_str(), "keys that no event names are gone");
        }
        Ok(())
    }

    /// Whether an event names it; `None` where its tenant cannot be read now, so that nobody knows.
    async fn is_named(&self, kind: KeyOf, tenant: TenantId, id: Uuid) -> Option<bool> {
        match self.tenants.now(tenant).await {
            Ok(at) => Some(at.as_ref().and_then(|at| at.roster()).is_some_and(|roster| names(roster, kind, id))),
            Err(error) => {
                tracing::warn!(%error, %tenant, "the tenant of a key cannot be read; the key stays");
                None
            }
        }
    }
}

/// Who was forgotten has no key; a command that was sent late may have made another.
fn names(roster: &Roster, kind: KeyOf, id: Uuid) -> bool {
    match kind {
        KeyOf::Person => {
            roster.members.get(&MemberId::from(id)).is_some_and(|member| member.state != MemberState::Forgotten)
        }
        KeyOf::Machine => roster.api_keys.contains_key(&ApiKeyId(id)),
    }
}
