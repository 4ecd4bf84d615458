//! Making access tokens.

use crate::keys::{KeyFolder, KeyRing};
use anyhow::{Context as _, Result};
use chrono::{DateTime, Duration, Utc};
use domain::{
    ids::{ApiKeyId, TableId, TenantId},
    staff::ApiKey,
};
use identity::{Claims, claims::Holder, tables::GuestPass};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, PoisonError, RwLock},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How long an access token lives.
pub(crate) const ACCESS_LIFETIME: Duration = Duration::minutes(15);
/// How long a device stays logged in without being used.
pub(crate) const REFRESH_LIFETIME: Duration = Duration::days(7);
/// How long a revocation matters: no token lives longer, with what clocks may differ.
pub(crate) const REVOCATION_LIFETIME: Duration = Duration::hours(24);
/// How often the folder of keys is looked at.
const KEYS_EVERY: std::time::Duration = std::time::Duration::from_secs(10);

/// What a member may do, as a token says it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Rights {
    /// The names of their roles, for people.
    pub(crate) roles: Vec<String>,
    /// Permissions by restaurant id, or `*`.
    pub(crate) grants: BTreeMap<String, Vec<String>>,
    /// The position of the tenant's feed that they were taken from.
    pub(crate) version: u64,
}

/// Signs tokens with the key of the moment. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Issuer {
    folder: KeyFolder,
    ring: Arc<RwLock<KeyRing>>,
}

impl Issuer {
    /// An issuer with the keys of this folder; the first key is made where there is none.
    pub(crate) fn new(folder: KeyFolder) -> Result<Self> {
        let ring = Arc::new(RwLock::new(folder.load_or_make(Utc::now())?));
        Ok(Self { folder, ring })
    }

    /// Looks at the folder again and again, until `shutdown`.
    pub(crate) async fn follow(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(KEYS_EVERY)).await.is_some() {
            match self.folder.refresh(Utc::now()) {
                Ok(ring) => *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring,
                Err(error) => {
                    tracing::warn!(error = %format!("{error:#}"), "the keys cannot be read; the known ones stand")
                }
            }
        }
    }

    /// The public keys.
    pub(crate) fn jwks_json(&self) -> String {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).jwks_json()
    }

    /// An access token for a member on one of their devices.
    pub(crate) fn access(
        &self,
        (tenant, member): (TenantId, Uuid),
        device: Uuid,
        rights: Rights,
        now: DateTime<Utc>,
    ) -> Result<String> {
        let mut claims = Claims::staff(member.to_string(), tenant, &[], &[], now, ACCESS_LIFETIME);
        claims.branch_ids = rights.grants.keys().filter_map(|at| at.parse().ok()).collect();
        claims.holder =
            Holder::Staff { roles: rights.roles, grants: rights.grants, pv: rights.version, device: Some(device) };
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Ok(ring.signing(now).sign(&claims)?)
    }

    /// An access token for a machine.
    pub(crate) fn machine(
        &self,
        tenant: TenantId,
        (id, key): (ApiKeyId, &ApiKey),
        now: DateTime<Utc>,
    ) -> Result<String> {
        let per_minute = NonZeroU32::new(key.per_minute).context("a key without a limit")?;
        let place = (key.restaurant_id, key.permissions);
        let claims = Claims::machine(id, tenant, place, per_minute, now, ACCESS_LIFETIME);
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Ok(ring.signing(now).sign(&claims)?)
    }

    /// An access token for a guest who sits at a table.
    pub(crate) fn guest(
        &self,
        tenant: TenantId,
        seat: &GuestPass,
        table: TableId,
        now: DateTime<Utc>,
    ) -> Result<String> {
        let at = (table, seat.session);
        let claims = Claims::guest(seat.diner, tenant, seat.restaurant, at, now, ACCESS_LIFETIME);
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Ok(ring.signing(now).sign(&claims)?)
    }
}
