//! What a token says about its holder.

use crate::permission::Permission;
use chrono::{DateTime, Duration, Utc};
use domain::ids::{DinerId, RestaurantId, SessionId, TableId, TenantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Who makes our tokens.
pub const ISSUER: &str = "arisgourmet";
/// Who our tokens are for.
pub const AUDIENCE: &str = "arisgourmet-api";
/// The grant that counts for every restaurant of the tenant.
pub const EVERY_RESTAURANT: &str = "*";

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Always [`ISSUER`].
    pub iss: String,
    /// Always [`AUDIENCE`].
    pub aud: String,
    /// Who it is about: an id of a user, or of a diner.
    pub sub: String,
    /// The tenant that they belong to.
    pub tenant_id: TenantId,
    /// The restaurants where they are; exactly one for a guest.
    pub branch_ids: Vec<RestaurantId>,
    /// The token's own id.
    pub jti: Uuid,
    /// Made at, in seconds since 1970.
    pub iat: i64,
    /// Worthless after, in seconds since 1970.
    pub exp: i64,
    /// What kind of somebody.
    #[serde(flatten)]
    pub holder: Holder,
}

/// What a token says about one kind of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Holder {
    /// A person who works there.
    Staff {
        /// The roles that the grants come from; for people, no right follows from them.
        #[serde(default)]
        roles: Vec<String>,
        /// Permissions by restaurant id, or `*` for all restaurants of the tenant.
        grants: BTreeMap<String, Vec<String>>,
        /// The version of their permissions; a change makes older tokens worthless.
        #[serde(default)]
        pv: u64,
        /// The log-in that the token comes from: logging it out ends the token.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        device: Option<Uuid>,
    },
    /// A guest at a table.
    Guest {
        /// The table.
        table_id: TableId,
        /// The session at the table.
        session_id: SessionId,
    },
}

/// Where permissions of a new staff token count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// In this restaurant.
    Restaurant(RestaurantId),
    /// In every restaurant of the tenant.
    Everywhere,
}

impl Claims {
    /// The claims of somebody who works there.
    #[must_use]
    pub fn staff(
        sub: impl Into<String>,
        tenant: TenantId,
        roles: &[&str],
        grants: &[(At, &[Permission])],
        now: DateTime<Utc>,
        lifetime: Duration,
    ) -> Self {
        let named = |permissions: &[Permission]| permissions.iter().map(|it| it.as_str().to_owned()).collect();
        let holder = Holder::Staff {
            roles: roles.iter().map(|&role| role.to_owned()).collect(),
            grants: grants.iter().map(|(at, permissions)| (at.to_string(), named(permissions))).collect(),
            pv: 1,
            device: None,
        };
        let branches = grants.iter().filter_map(|(at, _)| at.restaurant()).collect();
        Self::new(sub.into(), tenant, branches, holder, now, lifetime)
    }

    /// The claims of a guest at a table.
    #[must_use]
    pub fn guest(
        diner: DinerId,
        tenant: TenantId,
        restaurant: RestaurantId,
        (table_id, session_id): (TableId, SessionId),
        now: DateTime<Utc>,
        lifetime: Duration,
    ) -> Self {
        let holder = Holder::Guest { table_id, session_id };
        Self::new(diner.to_string(), tenant, vec![restaurant], holder, now, lifetime)
    }

    fn new(
        sub: String,
        tenant_id: TenantId,
        branch_ids: Vec<RestaurantId>,
        holder: Holder,
        now: DateTime<Utc>,
        lifetime: Duration,
    ) -> Self {
        Self {
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            sub,
            tenant_id,
            branch_ids,
            jti: Uuid::now_v7(),
            iat: now.timestamp(),
            exp: (now + lifetime).timestamp(),
            holder,
        }
    }
}

impl At {
    fn restaurant(self) -> Option<RestaurantId> {
        match self {
            Self::Restaurant(id) => Some(id),
            Self::Everywhere => None,
        }
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Restaurant(id) => id.fmt(f),
            Self::Everywhere => f.write_str(EVERY_RESTAURANT),
        }
    }
}
