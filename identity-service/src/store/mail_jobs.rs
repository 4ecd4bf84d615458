//! Mails that wait to be written and sent, sealed.

use super::Store;
use chrono::{DateTime, Duration, Utc};
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlConnection, Row};
use uuid::Uuid;

/// How long a worker has before another one takes the job.
const LEASE: Duration = Duration::minutes(2);

/// A mail to be written and sent.
pub(crate) struct Job {
    pub(crate) id: Uuid,
    pub(crate) sealed: Vec<u8>,
    /// How often it was tried before.
    pub(crate) attempts: u32,
}

impl Store {
    /// Adds a job that is due now.
    pub(crate) async fn add_job(&self, id: Uuid, sealed: &[u8], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let mut connection = within(READ_WITHIN, self.pool.acquire()).await?;
        within(READ_WITHIN, add_job(&mut connection, id, sealed, now)).await
    }

    /// Takes a job that is due, for two minutes.
    pub(crate) async fn take_job(&self, now: DateTime<Utc>) -> Result<Option<Job>, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            let row = sqlx::query(
                "SELECT job_id, sealed, attempts FROM mail_jobs WHERE due_at <= ? ORDER BY due_at LIMIT 1 \
                 FOR UPDATE SKIP LOCKED",
            )
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?;
            let Some(row) = row else { return tx.rollback().await.map(|()| None) };
            let job =
                Job { id: row.try_get("job_id")?, sealed: row.try_get("sealed")?, attempts: row.try_get("attempts")? };
            sqlx::query("UPDATE mail_jobs SET attempts = attempts + 1, due_at = ? WHERE job_id = ?")
                .bind(now + LEASE)
                .bind(job.id)
                .execute(&mut *tx)
                .await?;
            tx.commit().await.map(|()| Some(job))
        };
        within(READ_WITHIN, work).await
    }

    /// The job has failed; it is due again then.
    pub(crate) async fn postpone_job(&self, id: Uuid, due_at: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let query = sqlx::query("UPDATE mail_jobs SET due_at = ? WHERE job_id = ?").bind(due_at).bind(id);
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }

    /// The job is done, or given up.
    pub(crate) async fn end_job(&self, id: Uuid) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM mail_jobs WHERE job_id = ?").bind(id);
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }
}

/// Adds a job once, however often its cause is seen.
pub(super) async fn add_job(
    connection: &mut MySqlConnection,
    id: Uuid,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT IGNORE INTO mail_jobs (job_id, sealed, due_at, created_at) VALUES (?, ?, ?, ?)")
        .bind(id)
        .bind(sealed)
        .bind(now)
        .bind(now)
        .execute(connection)
        .await
        .map(drop)
}
