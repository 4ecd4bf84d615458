//! Names and addresses of people, for those who may read them.

use chrono::Utc;
use domain::{
    envelope::Actor,
    ids::{MemberId, TenantId},
    staff::Member,
};
use personal_data::{Action, Field, KeyError, MasterKey, PersonalKeys};
use service_kit::{correlation::Correlation, problem::Problem};
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

/// Who looks, and by which route and right.
pub(crate) struct Look {
    pub(crate) actor: Actor,
    pub(crate) tenant: TenantId,
    pub(crate) permission: &'static str,
    pub(crate) action: &'static str,
    pub(crate) correlation: Correlation,
}

impl People {
    pub(crate) fn new(pool: MySqlPool, master: MasterKey) -> Self {
        Self { keys: PersonalKeys::new(pool.clone(), master), pool }
    }

    /// Opens what is sealed of these members, and writes down before that somebody looked.
    pub(crate) async fn read(
        &self,
        look: Look,
        members: &[(MemberId, &Member)],
    ) -> Result<HashMap<MemberId, Personal>, Problem> {
        let people: Vec<Uuid> = members.iter().map(|(id, _)| id.0).collect();
        let tenant = look.tenant;
        self.write_down(look, &people).await?;
        let keys = self.keys.find(tenant, &people).await.map_err(problem)?;
        let open = |(id, member): &(MemberId, &Member)| {
            let key = keys.get(&id.0)?;
            let (name, email) = (key.open(Field::Name, &member.name).ok(), key.open(Field::Email, &member.email).ok());
            Some((*id, Personal { name, email }))
        };
        Ok(members.iter().filter_map(open).collect())
    }

    async fn write_down(&self, look: Look, people: &[Uuid]) -> Result<(), Problem> {
        let action = Action {
            id: Uuid::now_v7(),
            tenant: look.tenant,
            at: Utc::now(),
            actor_kind: look.actor.kind.as_str().to_owned(),
            actor_id: look.actor.id,
            restaurant: None,
            permission: Some(look.permission.to_owned()),
            action: look.action.to_owned(),
            subject: people.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            status: 200,
            remote: String::new(),
            correlation_id: look.correlation.id.to_string(),
        };
        action.record(&self.pool).await.map_err(|error| Problem::store_unavailable(&error))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn problem(error: KeyError) -> Problem {
    match error {
        KeyError::Sql(_) => Problem::store_unavailable(&error),
        KeyError::Wrapped(_) | KeyError::Random => Problem::internal(&error),
    }
}
