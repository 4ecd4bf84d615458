//! Keys of machines: what they are recognised by, and when they were last used. They are in the event schema,
//! because the command-service writes them; what they allow is in the tenant's events.

use chrono::{DateTime, Duration, Utc};
use domain::ids::{ApiKeyId, TenantId};
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlPool, Row};
use uuid::Uuid;

/// A key that is used again within this time is not written down again.
const USED_EVERY: Duration = Duration::seconds(60);

/// Keys of machines. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct MachineKeys {
    pool: MySqlPool,
}

/// What is stored of a key.
#[derive(Clone, Copy)]
pub(crate) struct StoredKey {
    pub(crate) tenant: TenantId,
    pub(crate) hash: [u8; 32],
}

impl MachineKeys {
    pub(crate) fn new(pool: MySqlPool) -> Self {
        Self { pool }
    }

    /// What is stored of this key.
    pub(crate) async fn find(&self, key: ApiKeyId) -> Result<Option<StoredKey>, sqlx::Error> {
        let query = sqlx::query("SELECT tenant_id, secret_hash FROM api_keys WHERE key_id = ?").bind(key.0);
        let Some(row) = within(READ_WITHIN, query.fetch_optional(&self.pool)).await? else { return Ok(None) };
        let hash: &[u8] = row.try_get("secret_hash")?;
        let hash = hash.try_into().map_err(|_| sqlx::Error::Decode("a hash of another length".into()))?;
        Ok(Some(StoredKey { tenant: row.try_get::<Uuid, _>("tenant_id")?.into(), hash }))
    }

    /// Writes down that the key was used, and from where, unless that was done a moment ago.
    pub(crate) async fn used(&self, key: ApiKeyId, from: &str, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let query = sqlx::query(
            "UPDATE api_keys SET last_used_at = ?, last_used_from = ? \
             WHERE key_id = ? AND (last_used_at IS NULL OR last_used_at <= ?)",
        )
        .bind(now)
        .bind(from)
        .bind(key.0)
        .bind(now - USED_EVERY);
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }
}
