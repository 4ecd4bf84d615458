//! Who did what with which right: the table `actions`.
//!
//! A look at personal data is written down **before** what was found is shown: no look without a trace.

use chrono::{DateTime, Utc};
use domain::ids::{RestaurantId, TenantId};
use sqlx::{MySqlPool, Row, mysql::MySqlRow};
use uuid::Uuid;

/// Longest list of what an action was about, in bytes; the rest is left out.
const SUBJECT_BYTES_MAX: usize = 255;

/// Something that somebody did, or tried to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Its own id, a UUIDv7.
    pub id: Uuid,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// When.
    pub at: DateTime<Utc>,
    /// `staff`, `guest` or `system`.
    pub actor_kind: String,
    /// Who: the `sub` of their token.
    pub actor_id: String,
    /// The restaurant, if it was about one.
    pub restaurant: Option<RestaurantId>,
    /// The right that it needed.
    pub permission: Option<String>,
    /// Method and route.
    pub action: String,
    /// What it was about, such as the members whose names were read.
    pub subject: String,
    /// The HTTP status that was answered.
    pub status: u16,
    /// From where, as far as it is known.
    pub remote: String,
    /// Joins it with all that the request set off.
    pub correlation_id: String,
}

impl Action {
    /// Writes it down.
    ///
    /// # Errors
    /// When MySQL cannot answer; what it would have shown must not be shown then.
    pub async fn record(&self, pool: &MySqlPool) -> Result<(), sqlx::Error> {
        sqlx::query(
            "INSERT INTO actions (action_id, tenant_id, at, actor_kind, actor_id, restaurant_id, permission, action, \
                                  subject, status, remote, correlation_id) \
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(self.id)
        .bind(self.tenant.0)
        .bind(self.at)
        .bind(&self.actor_kind)
        .bind(&self.actor_id)
        .bind(self.restaurant.map(|it| it.0))
        .bind(&self.permission)
        .bind(&self.action)
        .bind(cut(&self.subject))
        .bind(self.status)
        .bind(&self.remote)
        .bind(&self.correlation_id)
        .execute(pool)
        .await
        .map(drop)
    }

    fn of(row: &MySqlRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: row.try_get("action_id")?,
            tenant: TenantId(row.try_get("tenant_id")?),
            at: row.try_get("at")?,
            actor_kind: row.try_get("actor_kind")?,
            actor_id: row.try_get("actor_id")?,
            restaurant: row.try_get::<Option<Uuid>, _>("restaurant_id")?.map(RestaurantId),
            permission: row.try_get("permission")?,
            action: row.try_get("action")?,
            subject: row.try_get("subject")?,
            status: row.try_get("status")?,
            remote: row.try_get("remote")?,
            correlation_id: row.try_get("correlation_id")?,
        })
    }
}

/// The newest actions of a tenant, older than `before`, at most `limit`.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn list(
    pool: &MySqlPool,
    tenant: TenantId,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Action>, sqlx::Error> {
    let rows = sqlx::query(
        "SELECT action_id, tenant_id, at, actor_kind, actor_id, restaurant_id, permission, action, subject, status, \
                remote, correlation_id \
           FROM actions WHERE tenant_id = ? AND action_id < ? ORDER BY action_id DESC LIMIT ?",
    )
    .bind(tenant.0)
    .bind(before.unwrap_or(Uuid::max()))
    .bind(limit)
    .fetch_all(pool)
    .await?;
    rows.iter().map(Action::of).collect()
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(SUBJECT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
