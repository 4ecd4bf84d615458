//! Names and addresses of people, for those who may read them.

use action_log::table;
use domain::{ids::MemberId, staff::Member};
use http::StatusCode;
use identity::{Permission, Principal};
use personal_data::{Field, KeyError, MasterKey, PersonalKeys};
use service_kit::{audit::Attempt, problem::Problem};
use sqlx::MySqlPool;
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
        attempt.is_by(reader);
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

    async fn write_down(&self, attempt: &Attempt, people: &[Uuid]) -> Result<(), Problem> {
        for person in people {
            attempt.is_about("member", person);
        }
        let look = attempt.action(StatusCode::OK.as_u16(), "", false);
        table::record(&self.pool, look).await.map_err(|error| Problem::store_unavailable(&error))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn problem(error: KeyError) -> Problem {
    match error {
        KeyError::Sql(_) => Problem::store_unavailable(&error),
        KeyError::Wrapped(_) | KeyError::Random => Problem::internal(&error),
    }
}
