//! Log-in through providers: whose account a person of a provider has, and which log-ins were finished.

use super::Store;
use chrono::{DateTime, Utc};
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlConnection, Row};
use uuid::Uuid;

/// Links of one account that are looked at: more than there can be providers.
const LINKS_MAX: u32 = 100;

/// A person of a provider, as far as they are kept.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    /// The keyed hash of issuer and subject.
    pub(crate) index: [u8; 32],
    /// The name of the provider.
    pub(crate) provider: String,
}

/// What came of taking a link away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlinked {
    Done,
    /// There was none.
    Unknown,
    /// Without it nobody could log in.
    LastWayIn,
}

impl Store {
    /// The providers through which somebody logs in to an account, and since when; few, one of each.
    pub(crate) async fn links_of(&self, account: Uuid) -> Result<Vec<(String, DateTime<Utc>)>, sqlx::Error> {
        let query =
            sqlx::query("SELECT provider, linked_at FROM openid_links WHERE account_id = ? ORDER BY provider LIMIT ?")
                .bind(account)
                .bind(LINKS_MAX);
        let rows = within(READ_WITHIN, query.fetch_all(&self.pool)).await?;
        rows.iter().map(|row| Ok((row.try_get("provider")?, row.try_get("linked_at")?))).collect()
    }

    /// Takes the link of an account to a provider away, unless it is the last way in: a link to a provider that is not
    /// offered any more is none.
    pub(crate) async fn unlink(
        &self,
        account: Uuid,
        provider: &str,
        is_offered: impl Fn(&str) -> bool,
    ) -> Result<Unlinked, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            // Locked, so that two at once do not each leave the other's.
            let has_password: bool =
                sqlx::query_scalar("SELECT has_password FROM accounts WHERE account_id = ? FOR UPDATE")
                    .bind(account)
                    .fetch_optional(&mut *tx)
                    .await?
                    .unwrap_or_default();
            let links: Vec<String> =
                sqlx::query_scalar("SELECT provider FROM openid_links WHERE account_id = ? LIMIT ? FOR UPDATE")
                    .bind(account)
                    .bind(LINKS_MAX)
                    .fetch_all(&mut *tx)
                    .await?;
            if !links.iter().any(|it| it == provider) {
                return tx.rollback().await.map(|()| Unlinked::Unknown);
            }
            let another = links.iter().any(|it| it != provider && is_offered(it));
            if !has_password && !another {
                return tx.rollback().await.map(|()| Unlinked::LastWayIn);
            }
            sqlx::query("DELETE FROM openid_links WHERE account_id = ? AND provider = ?")
                .bind(account)
                .bind(provider)
                .execute(&mut *tx)
                .await?;
            tx.commit().await.map(|()| Unlinked::Done)
        };
        within(READ_WITHIN, work).await
    }

    /// Finishes a log-in. Says whether nobody has done so before, here or in another process.
    pub(crate) async fn finish(
        &self,
        (state_hash, expires_at): ([u8; 32], DateTime<Utc>),
    ) -> Result<bool, sqlx::Error> {
        let query = sqlx::query("INSERT IGNORE INTO openid_finished (state_hash, expires_at) VALUES (?, ?)")
            .bind(state_hash.as_slice())
            .bind(expires_at);
        Ok(within(READ_WITHIN, query.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// It was not finished after all: the provider did not answer.
    pub(crate) async fn unfinish(&self, state_hash: &[u8; 32]) -> Result<(), sqlx::Error> {
        let query = sqlx::query("DELETE FROM openid_finished WHERE state_hash = ?").bind(state_hash.as_slice());
        within(READ_WITHIN, query.execute(&self.pool)).await.map(drop)
    }

    /// The account that this person logs in to, and its index: the linked one, or else that of their address, which
    /// is linked from now on. Nobody with an address where somebody else of the provider is linked already.
    pub(crate) async fn account_of_person(
        &self,
        subject: &Subject,
        email_index: Option<&[u8; 32]>,
        now: DateTime<Utc>,
    ) -> Result<Option<(Uuid, [u8; 32])>, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            // Without an address nothing is found, with the same work.
            let by_email: Option<Uuid> = sqlx::query_scalar("SELECT account_id FROM accounts WHERE email_index = ?")
                .bind(email_index.unwrap_or(&[0; 32]).as_slice())
                .fetch_optional(&mut *tx)
                .await?;
            let account = match (linked(&mut tx, subject).await?, by_email) {
                (Some(account), _) => Some(account),
                (None, Some(account)) => link(&mut tx, subject, account, now).await?.then_some(account),
                (None, None) => None,
            };
            let row = sqlx::query("SELECT account_id, email_index FROM accounts WHERE account_id = ?")
                .bind(account)
                .fetch_optional(&mut *tx)
                .await?;
            tx.commit().await?;
            let Some(row) = row else { return Ok(None) };
            let index: &[u8] = row.try_get("email_index")?;
            let index = index.try_into().map_err(|_| sqlx::Error::Decode("an index of another length".into()))?;
            Ok(Some((row.try_get("account_id")?, index)))
        };
        within(READ_WITHIN, work).await
    }
}

pub(super) async fn linked(tx: &mut MySqlConnection, subject: &Subject) -> Result<Option<Uuid>, sqlx::Error> {
    sqlx::query_scalar("SELECT account_id FROM openid_links WHERE subject_index = ?")
        .bind(subject.index.as_slice())
        .fetch_optional(tx)
        .await
}

/// Links a person to an account. Says whether they are linked to it now: neither is linked otherwise already.
pub(super) async fn link(
    tx: &mut MySqlConnection,
    subject: &Subject,
    account: Uuid,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query("INSERT IGNORE INTO openid_links (subject_index, provider, account_id, linked_at) VALUES (?, ?, ?, ?)")
        .bind(subject.index.as_slice())
        .bind(&subject.provider)
        .bind(account)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    Ok(linked(tx, subject).await? == Some(account))
}
