//! Which generations of each view there are, and what they are for: the table `projections`.

use crate::{
    generation::{Generation, Projection},
    views,
};
use chrono::{DateTime, Utc};
use sqlx::{MySqlConnection, MySqlPool, Row, mysql::MySqlRow};
use std::fmt;

/// What a generation is for. The migration that made the column tells the whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// A rebuild fills it.
    Building,
    /// Built and compared: it can be switched in. Fed.
    Ready,
    /// Answers queries. Fed.
    Live,
    /// Answered before the last switch: it can be rolled back to. Fed.
    Previous,
    /// Built, but not what the events say.
    Failed,
    /// On its way out.
    Retired,
    /// Its tables are gone.
    Dropped,
}

impl Status {
    const ALL: [Self; 7] =
        [Self::Building, Self::Ready, Self::Live, Self::Previous, Self::Failed, Self::Retired, Self::Dropped];

    /// The stored name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Previous => "previous",
            Self::Failed => "failed",
            Self::Retired => "retired",
            Self::Dropped => "dropped",
        }
    }

    /// Whether every projection-service keeps it up to date.
    #[must_use]
    pub fn is_fed(self) -> bool {
        matches!(self, Self::Ready | Self::Live | Self::Previous)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A row of `projections`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The view and the generation.
    pub projection: Projection,
    /// What it is for.
    pub status: Status,
    /// Why it stands as it does, in words.
    pub cause: String,
    /// Since when it has this status.
    pub since: DateTime<Utc>,
}

const COLUMNS: &str = "SELECT projection, status, cause, changed_at FROM projections ";

/// Every generation of the views of this build that still has tables, view by view, oldest first.
///
/// # Errors
/// When the read side does not answer.
pub async fn all(views: &MySqlPool) -> Result<Vec<Entry>, sqlx::Error> {
    let text = format!("{COLUMNS} WHERE status <> 'dropped'");
    let rows = sqlx::query(&text).fetch_all(views).await?;
    let mut entries = entries(&rows)?;
    let place = |entry: &Entry| views::ALL.iter().position(|view| *view == entry.projection.view);
    entries.sort_by_key(|entry| (place(entry), entry.projection.generation));
    Ok(entries)
}

/// Every generation of one view, the dropped ones too, oldest first. Locked until the transaction ends.
pub(crate) async fn locked(connection: &mut MySqlConnection, view: &str) -> Result<Vec<Entry>, sqlx::Error> {
    let text = format!("{COLUMNS} WHERE view_name = ? ORDER BY generation FOR UPDATE");
    entries(&sqlx::query(&text).bind(view).fetch_all(connection).await?)
}

/// Gives a generation another status, if it still has the one that the caller believes.
pub(crate) async fn set_status(
    connection: &mut MySqlConnection,
    projection: Projection,
    from: Status,
    to: Status,
    cause: &str,
) -> Result<bool, sqlx::Error> {
    let changed = sqlx::query(
        "UPDATE projections SET status = ?, cause = ?, changed_at = NOW(6) WHERE projection = ? AND status = ?",
    )
    .bind(to.as_str())
    .bind(cause.chars().take(CAUSE_CHARS_MAX).collect::<String>())
    .bind(projection.to_string())
    .bind(from.as_str())
    .execute(connection)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Writes down a new generation.
pub(crate) async fn insert(
    connection: &mut MySqlConnection,
    projection: Projection,
    status: Status,
    cause: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO projections (projection, status, cause) VALUES (?, ?, ?)")
        .bind(projection.to_string())
        .bind(status.as_str())
        .bind(cause)
        .execute(connection)
        .await
        .map(drop)
}

/// Makes the first generation of each view live where the view has none at all: on a read side that
/// is as new as the view.
pub(crate) async fn register(views: &MySqlPool) -> Result<(), sqlx::Error> {
    for view in views::ALL {
        let first = Projection { view, generation: Generation::FIRST };
        sqlx::query(
            "INSERT IGNORE INTO projections (projection, status) \
             SELECT ?, 'live' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM projections WHERE view_name = ?)",
        )
        .bind(first.to_string())
        .bind(view)
        .execute(views)
        .await?;
    }
    Ok(())
}

/// Characters of a cause that are kept.
const CAUSE_CHARS_MAX: usize = 500;

/// The rows whose view and status this build knows; others are another build's business.
fn entries(rows: &[MySqlRow]) -> Result<Vec<Entry>, sqlx::Error> {
    let entry = |row: &MySqlRow| {
        let name: String = row.try_get("projection")?;
        let Some(projection) = Projection::from_name(&name) else { return Ok(None) };
        let Some(status) = Status::from_name(row.try_get("status")?) else { return Ok(None) };
        Ok(Some(Entry { projection, status, cause: row.try_get("cause")?, since: row.try_get("changed_at")? }))
    };
    rows.iter().filter_map(|row| entry(row).transpose()).collect()
}
