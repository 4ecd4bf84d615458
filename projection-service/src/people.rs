//! Names and addresses of people, for those who may read them; and when keys of machines were used.

use action_log::table;
use chrono::{DateTime, Utc};
use domain::{
    ids::{ApiKeyId, MemberId, TenantId},
    staff::Member,
};
use event_store::pool::{READ_WITHIN, within};
use http::StatusCode;
use identity::{Permission, Principal};
use personal_data::{Field, KeyError, MasterKey, PersonalKeys};
use service_kit::{audit::Attempt, problem::Problem};
use sqlx::{MySqlPool, QueryBuilder, Row};
use std::collections::HashMap;
use uuid::Uuid;

/// Reads what was sealed. Cheap to clone.
#[derive(Clone)]
pub(crate) struct People {
    pub(crate) pool: MySqlPool,
    keys: PersonalKeys,
}

/// What is personal of one member; nothing once they were forgotten.
#[derive(Default)]
pub(crate) struct Personal {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
}

/// When a key was last exchanged for a token, and from where.
pub(crate) struct LastUse {
    pub(crate) at: DateTime<Utc>,
    pub(crate) from: Option<String>,
}

impl People {
    pub(crate) fn new(pool: MySqlPool, master: MasterKey) -> Self {
        Self { keys: PersonalKeys::new(pool.clone(), master), pool }
    }

    /// Opens what is sealed of these members of the reader's tenant, and writes down before that they looked.
    pub(crate) async fn read(
        &self,
        (reader, right): (&Principal, Permission),
        attempt: &Attempt,
        members: &[(MemberId, &Member)],
    ) -> Result<HashMap<MemberId, Personal>, Problem> {
        let people: Vec<Uuid> = members.iter().map(|(id, _)| id.0).collect();
        attempt.is_by(reader.clone());
        attempt.needs(right);
        self.write_down(attempt, &people).await?;
        let keys = self.keys.find(reader.tenant(), &people).await.map_err(problem)?;
        let open = |(id, member): &(MemberId, &Member)| {
            let key = keys.get(&id.0)?;
            let (name, email) = (key.open(Field::Name, &member.name).ok(), key.open(Field::Email, &member.email).ok());
            Some((*id, Personal { name, email }))
        };
        Ok(members.iter().filter_map(open).collect())
    }

    /// When these keys of the tenant were last used; those that never were are missing.
    pub(crate) async fn last_uses(
        &self,
        tenant: TenantId,
        keys: &[ApiKeyId],
    ) -> Result<HashMap<ApiKeyId, LastUse>, Problem> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let mut query =
            QueryBuilder::new("SELECT key_id, last_used_at, last_used_from FROM api_keys WHERE tenant_id = ");
        query.push_bind(tenant.0).push(" AND last_used_at IS NOT NULL AND key_id IN (");
        let mut ids = query.separated(", ");
        for key in keys {
            ids.push_bind(key.0);
        }
        query.push(")");
        let rows = within(READ_WITHIN, query.build().fetch_all(&self.pool)).await.map_err(unavailable)?;
        let one = |row: &sqlx::mysql::MySqlRow| -> Result<_, sqlx::Error> {
            let used = LastUse { at: row.try_get("last_used_at")?, from: row.try_get("last_used_from")? };
            Ok((ApiKeyId(row.try_get("key_id")?), used))
        };
        rows.iter().map(one).collect::<Result<_, _>>().map_err(unavailable)
    }

    async fn write_down(&self, attempt: &Attempt, people: &[Uuid]) -> Result<(), Problem> {
        for person in people {
            attempt.is_about("member", person);
        }
        let look = attempt.action(StatusCode::OK.as_u16(), "", false);
        table::record(&self.pool, look).await.map_err(|error| Problem::store_unavailable(&error))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unavailable(error: sqlx::Error) -> Problem {
    Problem::store_unavailable(&error)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn problem(error: KeyError) -> Problem {
    match error {
        KeyError::Sql(_) => Problem::store_unavailable(&error),
        KeyError::Wrapped(_) | KeyError::Random => Problem::internal(&error),
    }
}
