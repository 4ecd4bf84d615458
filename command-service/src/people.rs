//! What is personal, on its way into events; and the secrets of machines.

use domain::{
    ids::{ApiKeyId, MemberId, TenantId},
    staff::Sealed,
};
use identity::MachineKey;
use personal_data::{EmailAddress, Field, KeyError, MasterKey, PersonName, PersonalKeys};
use service_kit::problem::Problem;
use sqlx::MySqlPool;

/// Seals what people write about themselves. Cheap to clone.
#[derive(Clone)]
pub(crate) struct People {
    pool: MySqlPool,
    keys: PersonalKeys,
    /// Whether anybody may sign a tenant up.
    pub(crate) sign_up_is_open: bool,
}

/// A name and an address, sealed with the key of the person.
pub(crate) struct SealedPerson {
    pub(crate) name: Sealed,
    pub(crate) email: Sealed,
}

impl People {
    pub(crate) fn new(pool: MySqlPool, master: MasterKey, sign_up_is_open: bool) -> Self {
        Self { keys: PersonalKeys::new(pool.clone(), master), pool, sign_up_is_open }
    }

    /// Seals a name and an address with the key of this member, which is made where there is none. A command
    /// that is refused afterwards leaves a key behind that opens nothing, and that goes two days later.
    pub(crate) async fn seal(
        &self,
        tenant: TenantId,
        member: MemberId,
        name: &PersonName,
        email: &EmailAddress,
    ) -> Result<SealedPerson, Problem> {
        let key = self.keys.ensure(tenant, member.0).await.map_err(problem)?;
        let seal = |field, text| key.seal(field, text).map_err(|error| Problem::internal(&error));
        Ok(SealedPerson { name: seal(Field::Name, name.as_str())?, email: seal(Field::Email, email.as_str())? })
    }

    /// Deletes the key of a member. Done again it changes nothing.
    pub(crate) async fn forget(&self, tenant: TenantId, member: MemberId) -> Result<(), Problem> {
        self.keys.forget(tenant, member.0).await.map(drop).map_err(|error| Problem::store_unavailable(&error))
    }

    /// What stands for an e-mail address where it must be found again and not be read.
    pub(crate) fn stand_in(&self, email: &EmailAddress) -> String {
        let tag = self.keys.master().tag("sign-up", &[email.normalised().as_bytes()]);
        hex(&tag[..16])
    }

    /// What an address is claimed by in a tenant: says nothing without the master key, and nothing of other tenants.
    pub(crate) fn address_claim(&self, tenant: TenantId, email: &EmailAddress) -> String {
        let address = email.normalised();
        hex(&self.keys.master().tag("member-address", &[tenant.0.as_bytes(), address.as_bytes()]))
    }

    /// The key of a machine in full, as it is told once. It follows from the master key, so that a repeated
    /// request is told the same, and no receipt holds it.
    pub(crate) fn api_key(&self, tenant: TenantId, key: ApiKeyId) -> MachineKey {
        MachineKey::new(key, &self.keys.master().tag("api-key", &[tenant.0.as_bytes(), key.0.as_bytes()]))
    }

    /// Stores what an API key is recognised by: its hash, before the event that makes it count. Without that event it
    /// goes two days later.
    pub(crate) async fn store_api_key(&self, tenant: TenantId, key: ApiKeyId) -> Result<(), Problem> {
        let hash = self.api_key(tenant, key).hash();
        sqlx::query(
            "INSERT INTO api_keys (key_id, tenant_id, secret_hash, asked_for_at) VALUES (?, ?, ?, UTC_TIMESTAMP(6)) \
                 ON DUPLICATE KEY UPDATE asked_for_at = UTC_TIMESTAMP(6)",
        )
        .bind(key.0)
        .bind(tenant.0)
        .bind(&hash[..])
        .execute(&self.pool)
        .await
        .map(drop)
        .map_err(|error| Problem::store_unavailable(&error))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn problem(error: KeyError) -> Problem {
    match error {
        KeyError::Sql(_) => Problem::store_unavailable(&error),
        KeyError::Wrapped(_) | KeyError::Random => Problem::internal(&error),
    }
}
