//! Links of mails: good for one thing, once.

use super::{
    Store,
    devices::log_out_all,
    openid::{Subject, link as link_subject},
};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use event_store::pool::{READ_WITHIN, within};
use sqlx::Row;
use uuid::Uuid;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Accepting an invitation to work for a tenant.
    Invitation { tenant: TenantId, member: Uuid },
    /// A new password for who has forgotten theirs.
    Reset,
}

/// A link that is good now.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) purpose: Purpose,
    pub(crate) email_index: [u8; 32],
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::Reset => "reset",
        }
    }

    fn member(self) -> Option<(TenantId, Uuid)> {
        match self {
            Self::Invitation { tenant, member } => Some((tenant, member)),
            Self::Reset => None,
        }
    }
}

impl Store {
    /// Makes a link. Older ones for the same thing are worthless from now on.
    pub(crate) async fn add_link(
        &self,
        token_hash: &[u8; 32],
        link: &Link,
        expires_at: DateTime<Utc>,
    ) -> Result<(), sqlx::Error> {
        let (tenant, member) = link.purpose.member().unzip();
        let work = async {
            let mut tx = self.pool.begin().await?;
            sqlx::query(
                "DELETE FROM links WHERE email_index = ? AND purpose = ? AND (member_id IS NULL OR member_id = ?)",
            )
            .bind(link.email_index.as_slice())
            .bind(link.purpose.as_str())
            .bind(member)
            .execute(&mut *tx)
            .await?;
            sqlx::query(
                "INSERT INTO links (token_hash, purpose, email_index, tenant_id, member_id, expires_at) \
                 VALUES (?, ?, ?, ?, ?, ?)",
            )
            .bind(token_hash.as_slice())
            .bind(link.purpose.as_str())
            .bind(link.email_index.as_slice())
            .bind(tenant.map(|tenant| tenant.0))
            .bind(member)
            .bind(expires_at)
            .execute(&mut *tx)
            .await?;
            tx.commit().await
        };
        within(READ_WITHIN, work).await
    }

    /// What this link is good for.
    pub(crate) async fn link(&self, token_hash: &[u8; 32], now: DateTime<Utc>) -> Result<Option<Link>, sqlx::Error> {
        let query = sqlx::query(
            "SELECT purpose, email_index, tenant_id, member_id FROM links \
             WHERE token_hash = ? AND expires_at > ? AND used_at IS NULL",
        )
        .bind(token_hash.as_slice())
        .bind(now);
        let Some(row) = within(READ_WITHIN, query.fetch_optional(&self.pool)).await? else { return Ok(None) };
        let (purpose, index): (String, &[u8]) = (row.try_get("purpose")?, row.try_get("email_index")?);
        let (tenant, member): (Option<Uuid>, Option<Uuid>) = (row.try_get("tenant_id")?, row.try_get("member_id")?);
        let purpose = match (purpose.as_str(), tenant, member) {
            ("invitation", Some(tenant), Some(member)) => Purpose::Invitation { tenant: tenant.into(), member },
            ("reset", ..) => Purpose::Reset,
            _ => return Ok(None),
        };
        let email_index = index.try_into().map_err(|_| sqlx::Error::Decode("an index of another length".into()))?;
        Ok(Some(Link { purpose, email_index }))
    }

    /// Uses an invitation up: the member logs in with this account from now on, which is made with this
    /// hash where there is none, and is linked to this person of a provider. Gives the account; `None` where the link
    /// was used meanwhile, or the person is linked to another account.
    pub(crate) async fn accept(
        &self,
        token_hash: &[u8; 32],
        (link, tenant, member): (&Link, TenantId, Uuid),
        (password_hash, subject): (Option<&str>, Option<&Subject>),
        now: DateTime<Utc>,
    ) -> Result<Option<Uuid>, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            let used = sqlx::query("UPDATE links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL")
                .bind(now)
                .bind(token_hash.as_slice())
                .execute(&mut *tx)
                .await?;
            if used.rows_affected() == 0 {
                return tx.rollback().await.map(|()| None);
            }
            if let Some(hash) = password_hash {
                sqlx::query(
                    "INSERT IGNORE INTO accounts \
                       (account_id, email_index, password_hash, password_changed_at, created_at, has_password) \
                     VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(Uuid::now_v7())
                .bind(link.email_index.as_slice())
                .bind(hash)
                .bind(now)
                .bind(now)
                // Who comes through a provider gets a password that nobody knows.
                .bind(subject.is_none())
                .execute(&mut *tx)
                .await?;
            }
            let account: Option<Uuid> = sqlx::query_scalar("SELECT account_id FROM accounts WHERE email_index = ?")
                .bind(link.email_index.as_slice())
                .fetch_optional(&mut *tx)
                .await?;
            let Some(account) = account else { return tx.rollback().await.map(|()| None) };
            if let Some(subject) = subject
                && !link_subject(&mut tx, subject, account, now).await?
            {
                return tx.rollback().await.map(|()| None);
            }
            sqlx::query(
                "INSERT IGNORE INTO memberships (tenant_id, member_id, account_id, joined_at) VALUES (?, ?, ?, ?)",
            )
            .bind(tenant.0)
            .bind(member)
            .bind(account)
            .bind(now)
            .execute(&mut *tx)
            .await?;
            tx.commit().await.map(|()| Some(account))
        };
        within(READ_WITHIN, work).await
    }

    /// Uses a reset up; people of providers are linked no more. Says whether it was still good.
    pub(crate) async fn use_reset(
        &self,
        token_hash: &[u8; 32],
        (account, password_hash): (Uuid, &str),
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            let used = sqlx::query("UPDATE links SET used_at = ? WHERE token_hash = ? AND used_at IS NULL")
                .bind(now)
                .bind(token_hash.as_slice())
                .execute(&mut *tx)
                .await?;
            if used.rows_affected() == 0 {
                return tx.rollback().await.map(|()| false);
            }
            sqlx::query(
                "UPDATE accounts SET password_hash = ?, password_changed_at = ?, has_password = TRUE WHERE account_id = ?",
            )
            .bind(password_hash)
            .bind(now)
            .bind(account)
            .execute(&mut *tx)
            .await?;
            sqlx::query("DELETE FROM openid_links WHERE account_id = ?").bind(account).execute(&mut *tx).await?;
            log_out_all(&mut tx, account, None, now).await?;
            tx.commit().await.map(|()| true)
        };
        within(READ_WITHIN, work).await
    }
}
