//! The keys of people, in a table outside the events.
//!
//! Keys are read for each use and kept nowhere: a key that one process remembered would outlive its
//! deletion by another.

use crate::{
    aead::{self, KEY_BYTES, place},
    master::MasterKey,
    seal::PersonKey,
};
use aws_lc_rs::rand;
use domain::ids::TenantId;
use sqlx::{MySqlPool, QueryBuilder, Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Most keys that are looked up at once: as many as a list has rows.
pub const KEYS_AT_ONCE_MAX: usize = domain::limits::LIST_ROWS_MAX;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The database cannot answer.
    #[error("the keys of people: {0}")]
    Sql(#[from] sqlx::Error),
    /// It was wrapped with another master key, or changed.
    #[error("the key of person {0} does not open with this master key")]
    Wrapped(Uuid),
    /// The machine has no randomness.
    #[error("the machine has no randomness")]
    Random,
}

/// The keys of people. Cheap to clone.
#[derive(Debug, Clone)]
pub struct PersonalKeys {
    pool: MySqlPool,
    master: MasterKey,
}

impl PersonalKeys {
    /// The keys behind a pool of a user that may read and write their table.
    #[must_use]
    pub fn new(pool: MySqlPool, master: MasterKey) -> Self {
        Self { pool, master }
    }

    /// The master key that wraps them.
    #[must_use]
    pub fn master(&self) -> &MasterKey {
        &self.master
    }

    /// The key of a person, made now where there is none. Safe to call from several processes at once: one of
    /// them makes it, and all get that one.
    ///
    /// # Errors
    /// When the database cannot answer, or the key was wrapped with another master key.
    pub async fn ensure(&self, tenant: TenantId, person: Uuid) -> Result<PersonKey, KeyError> {
        let mut key = [0; KEY_BYTES];
        rand::fill(&mut key).map_err(|_| KeyError::Random)?;
        let wrapped = aead::seal(&self.wrapping(), &of(tenant, person), &key).ok_or(KeyError::Random)?;
        sqlx::query(
            "INSERT INTO personal_keys (tenant_id, person_id, wrapped_key, created_at, asked_for_at) \
             VALUES (?, ?, ?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6)) \
                 ON DUPLICATE KEY UPDATE asked_for_at = UTC_TIMESTAMP(6)",
        )
        .bind(tenant.0)
        .bind(person)
        .bind(wrapped)
        .execute(&self.pool)
        .await?;
        // Read back: another process may have been first.
        self.find(tenant, &[person]).await?.remove(&person).ok_or(KeyError::Sql(sqlx::Error::RowNotFound))
    }

    /// The keys of these people; those who were forgotten have none.
    ///
    /// # Errors
    /// When the database cannot answer, or a key was wrapped with another master key.
    pub async fn find(&self, tenant: TenantId, people: &[Uuid]) -> Result<HashMap<Uuid, PersonKey>, KeyError> {
        let mut found = HashMap::new();
        for people in people.chunks(KEYS_AT_ONCE_MAX) {
            let mut query = QueryBuilder::new("SELECT person_id, wrapped_key FROM personal_keys WHERE tenant_id = ");
            query.push_bind(tenant.0).push(" AND person_id IN (");
            let mut list = query.separated(", ");
            people.iter().for_each(|person| {
                list.push_bind(*person);
            });
            query.push(")");
            for row in query.build().fetch_all(&self.pool).await? {
                let key = self.unwrap(tenant, &row)?;
                found.insert(key.person, key);
            }
        }
        Ok(found)
    }

    /// Erases a person: whatever was sealed with their key can be read by nobody any more. Says whether there
    /// was a key.
    ///
    /// # Errors
    /// When the database cannot answer.
    pub async fn forget(&self, tenant: TenantId, person: Uuid) -> Result<bool, sqlx::Error> {
        delete(&self.pool, tenant, person).await
    }

    fn unwrap(&self, tenant: TenantId, row: &MySqlRow) -> Result<PersonKey, KeyError> {
        let person: Uuid = row.try_get("person_id")?;
        let wrapped: Vec<u8> = row.try_get("wrapped_key")?;
        let key = aead::open(&self.wrapping(), &of(tenant, person), &wrapped).map_err(|_| KeyError::Wrapped(person))?;
        let key = key.try_into().map_err(|_| KeyError::Wrapped(person))?;
        Ok(PersonKey { tenant, person, key })
    }

    fn wrapping(&self) -> [u8; KEY_BYTES] {
        self.master.derive("personal-keys")
    }
}

/// Deletes the key of a person; needs no master key. Says whether there was one.
///
/// # Errors
/// When the database cannot answer.
pub async fn delete(pool: &MySqlPool, tenant: TenantId, person: Uuid) -> Result<bool, sqlx::Error> {
    let deleted = sqlx::query("DELETE FROM personal_keys WHERE tenant_id = ? AND person_id = ?")
        .bind(tenant.0)
        .bind(person)
        .execute(pool)
        .await?;
    Ok(deleted.rows_affected() > 0)
}

/// The tenants that have a key of this person.
///
/// # Errors
/// When the database cannot answer.
pub async fn tenants_of(pool: &MySqlPool, person: Uuid) -> Result<Vec<TenantId>, sqlx::Error> {
    let rows = sqlx::query("SELECT tenant_id FROM personal_keys WHERE person_id = ? ORDER BY tenant_id")
        .bind(person)
        .fetch_all(pool)
        .await?;
    rows.iter().map(|row| row.try_get("tenant_id").map(TenantId)).collect()
}

fn of(tenant: TenantId, person: Uuid) -> Vec<u8> {
    place(&[tenant.0.as_bytes(), person.as_bytes()])
}
