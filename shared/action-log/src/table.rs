//! The SQL of the table `actions`.

use chrono::{DateTime, Utc};
use domain::ids::{RestaurantId, TenantId};
use event_store::pool::{READ_WITHIN, within};
use service_kit::audit::{Action, Who};
use sqlx::{MySql, MySqlPool, QueryBuilder, Row as _, mysql::MySqlRow};
use std::time::Duration;
use uuid::Uuid;

/// Rows of one statement.
pub const ROWS_AT_ONCE: usize = 256;
/// Longest list of what an action was about, in bytes; the rest is left out.
const SUBJECT_BYTES_MAX: usize = 4_096;

/// An action as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The action, as it was the first time.
    pub action: Action,
    /// How often it happened within the minute.
    pub repeats: u32,
    /// When the last time.
    pub last_at: DateTime<Utc>,
}

/// Which actions somebody asks for; all that is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Whose; `None` for those of whom nobody knows to whom they belong.
    pub tenant: Option<TenantId>,
    /// Of the request with this correlation id.
    pub correlation: Option<String>,
    /// Whosever they are, in place of `tenant`: only for who runs the installation, and only of one request.
    pub everybodys: bool,
    /// Who: a `sub`, or kind and `sub` as in `staff:…`.
    pub actor: Option<String>,
    /// About which restaurant.
    pub restaurant: Option<RestaurantId>,
    /// Whether they were denied.
    pub is_denied: Option<bool>,
    /// The first digit of the status.
    pub status_class: Option<u16>,
    /// Not before; to the millisecond.
    pub since: Option<DateTime<Utc>>,
    /// Before; to the millisecond.
    pub until: Option<DateTime<Utc>>,
    /// Older than this action.
    pub before: Option<Uuid>,
}

/// Writes one row, now.
///
/// # Errors
/// When MySQL cannot answer; what it would have shown must not be shown then.
pub async fn record(pool: &MySqlPool, action: Action) -> Result<(), sqlx::Error> {
    let row = Row { last_at: action.at, repeats: 1, action };
    within(READ_WITHIN, insert(pool, &[row])).await
}

/// Writes rows, or the counts of those that are there.
pub(crate) async fn write(pool: &MySqlPool, rows: &[Row], limit: Duration) -> Result<(), sqlx::Error> {
    for rows in rows.chunks(ROWS_AT_ONCE) {
        within(limit, upsert(pool, rows)).await?;
    }
    Ok(())
}

const INSERT: &str = "INSERT INTO actions (action_id, tenant_id, at, actor_kind, actor_id, via, restaurant_id, \
                      permission, action, subject, status, code, is_denied, remote, correlation_id, repeats, last_at) ";

async fn insert(pool: &MySqlPool, rows: &[Row]) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(INSERT);
    values(&mut query, rows);
    query.build().persistent(false).execute(pool).await.map(drop)
}

async fn upsert(pool: &MySqlPool, rows: &[Row]) -> Result<(), sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(INSERT);
    values(&mut query, rows);
    query.push(" AS new ON DUPLICATE KEY UPDATE repeats = new.repeats, last_at = new.last_at");
    query.build().persistent(false).execute(pool).await.map(drop)
}

fn values<'a>(query: &mut QueryBuilder<'a, MySql>, rows: &'a [Row]) {
    query.push_values(rows, |mut values, Row { action, repeats, last_at }| {
        values
            .push_bind(action.id)
            .push_bind(tenant_key(action.who.tenant))
            .push_bind(action.at)
            .push_bind(cut(&action.who.kind, 16))
            .push_bind(cut(&action.who.id, 64))
            .push_bind(cut(&action.who.via, 160))
            .push_bind(action.restaurant.map(|it| it.0))
            .push_bind(action.permission.map(|it| it.as_str()))
            .push_bind(cut(&action.action, 128))
            .push_bind(cut(&action.subject, SUBJECT_BYTES_MAX))
            .push_bind(action.status)
            .push_bind(cut(&action.code, 32))
            .push_bind(action.is_denied)
            .push_bind(action.remote.map(|it| it.to_string()).unwrap_or_default())
            .push_bind(cut(&action.correlation_id, 64))
            .push_bind(*repeats)
            .push_bind(*last_at);
    });
}

/// The newest actions that somebody asks for, at most `limit`.
///
/// # Errors
/// When MySQL cannot answer.
pub async fn list(pool: &MySqlPool, wanted: &Wanted, limit: u32) -> Result<Vec<Row>, sqlx::Error> {
    let mut query = QueryBuilder::<MySql>::new(
        "SELECT action_id, tenant_id, at, actor_kind, actor_id, via, restaurant_id, permission, action, subject, \
                status, code, is_denied, remote, correlation_id, repeats, last_at \
           FROM actions WHERE ",
    );
    match &wanted.correlation {
        Some(correlation) if wanted.everybodys => {
            query.push("correlation_id = ").push_bind(correlation);
        }
        correlation => {
            query.push("tenant_id = ").push_bind(tenant_key(wanted.tenant));
            if let Some(correlation) = correlation {
                query.push(" AND correlation_id = ").push_bind(correlation);
            }
        }
    }
    if let Some(actor) = &wanted.actor {
        let (kind, id) = kind_and_id(actor);
        query.push(" AND actor_id IN (").push_bind(actor).push(", ").push_bind(id).push(")");
        query.push(" AND (actor_id = ").push_bind(actor).push(" OR actor_kind = ").push_bind(kind).push(")");
    }
    if let Some(restaurant) = wanted.restaurant {
        query.push(" AND restaurant_id = ").push_bind(restaurant.0);
    }
    if let Some(is_denied) = wanted.is_denied {
        query.push(" AND is_denied = ").push_bind(is_denied);
    }
    if let Some(class) = wanted.status_class {
        query.push(" AND status BETWEEN ").push_bind(class * 100).push(" AND ").push_bind(class * 100 + 99);
    }
    // Ids are in the order of time, so the range of times is one of the key.
    if let Some(since) = wanted.since {
        query.push(" AND action_id >= ").push_bind(first_id_at(since));
    }
    let ends = wanted.until.map(first_id_at).into_iter().chain(wanted.before);
    if let Some(end) = ends.min() {
        query.push(" AND action_id < ").push_bind(end);
    }
    query.push(" ORDER BY action_id DESC LIMIT ").push_bind(limit);
    let rows = within(READ_WITHIN, query.build().persistent(false).fetch_all(pool)).await?;
    rows.iter().map(row).collect()
}

/// An actor as people read it, such as `staff:…` or `unknown`, in its parts.
fn kind_and_id(actor: &str) -> (&str, &str) {
    actor.split_once(':').unwrap_or((actor, ""))
}

/// Deletes actions that are older, at most so many. Returns how many.
pub(crate) async fn purge(pool: &MySqlPool, before: DateTime<Utc>, limit: u32) -> Result<u64, sqlx::Error> {
    let delete = sqlx::query("DELETE FROM actions WHERE at < ? ORDER BY at LIMIT ?").bind(before).bind(limit);
    Ok(within(READ_WITHIN, delete.execute(pool)).await?.rows_affected())
}

/// The tenant of what belongs to nobody is all zero.
fn tenant_key(tenant: Option<TenantId>) -> Uuid {
    tenant.map_or(Uuid::nil(), |it| it.0)
}

/// The least that a UUIDv7 of this millisecond could be.
fn first_id_at(time: DateTime<Utc>) -> Uuid {
    let milliseconds = u128::try_from(time.timestamp_millis()).unwrap_or_default();
    Uuid::from_u128(milliseconds << 80)
}

fn row(row: &MySqlRow) -> Result<Row, sqlx::Error> {
    let tenant = row.try_get::<Uuid, _>("tenant_id")?;
    let at = row.try_get("at")?;
    let action = Action {
        id: row.try_get("action_id")?,
        at,
        who: Who {
            tenant: Some(TenantId(tenant)).filter(|it| !it.0.is_nil()),
            kind: row.try_get("actor_kind")?,
            id: row.try_get("actor_id")?,
            via: row.try_get("via")?,
            // It stands in what the action was about.
            claimed: String::new(),
        },
        restaurant: row.try_get::<Option<Uuid>, _>("restaurant_id")?.map(RestaurantId),
        // A right that this build does not know is none that it can name.
        permission: row.try_get::<Option<String>, _>("permission")?.and_then(|it| it.parse().ok()),
        action: row.try_get("action")?,
        subject: row.try_get("subject")?,
        status: row.try_get("status")?,
        code: row.try_get("code")?,
        is_denied: row.try_get("is_denied")?,
        remote: row.try_get::<String, _>("remote")?.parse().ok(),
        correlation_id: row.try_get("correlation_id")?,
    };
    Ok(Row { action, repeats: row.try_get("repeats")?, last_at: row.try_get::<Option<_>, _>("last_at")?.unwrap_or(at) })
}

/// Cut at a character: a row that is too long would hold up those behind it.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
