//! Keys that no event names: left behind by commands that were refused after the key had been stored.
//!
//! A key is looked up in its tenant's events once, when it is [`AFTER_HOURS`] old, and is then kept for good or
//! deleted. A command that asks for a key makes it young again, and the deletion itself looks at the age: so no key is
//! deleted that a command under way is about to use.

use domain::ids::TenantId;
use sqlx::{MySqlPool, Row};
use uuid::Uuid;

/// How old a key must be before it may be an orphan, in hours: until the receipt of its command is gone the same
/// request may come again, and no command takes a day.
pub const AFTER_HOURS: i64 = domain::limits::RECEIPT_HOURS + 24;

/// What a key is for, and so in which table it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf {
    /// A person: opens what is sealed of them.
    Person,
    /// A machine: lets it in.
    Machine,
}

impl KeyOf {
    /// Both.
    pub const EACH: [Self; 2] = [Self::Person, Self::Machine];

    /// What it is called in measures and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }

    /// Keys that were not looked up yet and are old enough, the oldest first, without the first `skipped`.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn to_look_up(
        self,
        pool: &MySqlPool,
        skipped: u32,
        limit: u32,
    ) -> Result<Vec<(TenantId, Uuid)>, sqlx::Error> {
        let sql = match self {
            Self::Person => {
                "SELECT tenant_id, person_id AS id FROM personal_keys FORCE INDEX (personal_keys_orphans) \
                  WHERE is_kept = FALSE AND asked_for_at < UTC_TIMESTAMP(6) - INTERVAL ? HOUR \
                  ORDER BY asked_for_at, tenant_id, person_id LIMIT ? OFFSET ?"
            }
            Self::Machine => {
                "SELECT tenant_id, key_id AS id FROM api_keys FORCE INDEX (api_keys_orphans) \
                  WHERE is_kept = FALSE AND asked_for_at < UTC_TIMESTAMP(6) - INTERVAL ? HOUR \
                  ORDER BY asked_for_at, key_id LIMIT ? OFFSET ?"
            }
        };
        let rows = sqlx::query(sql).bind(AFTER_HOURS).bind(limit).bind(skipped).fetch_all(pool).await?;
        rows.iter().map(|row| Ok((TenantId(row.try_get("tenant_id")?), row.try_get("id")?))).collect()
    }

    /// An event names this key: it stays.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn keep(self, pool: &MySqlPool, tenant: TenantId, id: Uuid) -> Result<(), sqlx::Error> {
        let sql = match self {
            Self::Person => "UPDATE personal_keys SET is_kept = TRUE WHERE tenant_id = ? AND person_id = ?",
            Self::Machine => "UPDATE api_keys SET is_kept = TRUE WHERE tenant_id = ? AND key_id = ?",
        };
        sqlx::query(sql).bind(tenant.0).bind(id).execute(pool).await.map(drop)
    }

    /// No event names this key: it goes, unless a command has asked for it meanwhile. Says whether it went.
    ///
    /// # Errors
    /// When MySQL cannot answer.
    pub async fn delete(self, pool: &MySqlPool, tenant: TenantId, id: Uuid) -> Result<bool, sqlx::Error> {
        let sql = match self {
            Self::Person => {
                "DELETE FROM personal_keys WHERE tenant_id = ? AND person_id = ? AND is_kept = FALSE \
                    AND asked_for_at < UTC_TIMESTAMP(6) - INTERVAL ? HOUR"
            }
            Self::Machine => {
                "DELETE FROM api_keys WHERE tenant_id = ? AND key_id = ? AND is_kept = FALSE \
                    AND asked_for_at < UTC_TIMESTAMP(6) - INTERVAL ? HOUR"
            }
        };
        let deleted = sqlx::query(sql).bind(tenant.0).bind(id).bind(AFTER_HOURS).execute(pool).await?;
        Ok(deleted.rows_affected() > 0)
    }
}
