//! Links of mails: good for one thing, once.

use super::{
    Store,
    devices::log_out_all,
    openid::{Subject, link as link_subject},
};
use chrono::{DateTime, Duration, Utc};
use domain::ids::TenantId;
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlConnection, Row};
use uuid::Uuid;

/// What a link is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Accepting an invitation to work for a tenant.
    Invitation { tenant: TenantId, member: Uuid },
    /// The same for who signed the tenant up, which anybody can do in the name of any address.
    SignUp { tenant: TenantId, member: Uuid },
    /// A new password for who has forgotten theirs.
    Reset,
}

/// What came of a new link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It is good.
    Good,
    /// The address got as many for this within the last hour as it gets.
    TooMany,
    /// It was used or replaced before.
    Ended,
}

/// A link that is good now.
#[derive(Debug, Clone)]
pub(crate) struct Link {
    pub(crate) purpose: Purpose,
    pub(crate) email_index: [u8; 32],
}

impl Purpose {
    /// How long its links are good.
    fn lifetime(self) -> Duration {
        match self {
            Self::Invitation { .. } | Self::SignUp { .. } => Duration::days(7),
            Self::Reset => Duration::hours(1),
        }
    }

    /// Most links that one address gets for it within an hour. Of resets, whose links last an hour, so many are good
    /// at a time: whoever asks for more in somebody's name ends none of theirs. What strangers can have sent
    /// is counted apart from what they cannot.
    fn per_hour(self) -> i64 {
        match self {
            Self::Invitation { .. } => 10,
            Self::SignUp { .. } | Self::Reset => 3,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Invitation { .. } => "invitation",
            Self::SignUp { .. } => "sign-up",
            Self::Reset => "reset",
        }
    }

    /// Whom it invites, and where.
    pub(crate) fn member(self) -> Option<(TenantId, Uuid)> {
        match self {
            Self::Invitation { tenant, member } | Self::SignUp { tenant, member } => Some((tenant, member)),
            Self::Reset => None,
        }
    }
}

impl Store {
    /// Makes a link, or makes it good from now on where it is there already. Older ones of the same invitation end.
    /// Two processes that do this for one address at once may make one more than it gets.
    pub(crate) async fn add_link(
        &self,
        token_hash: &[u8; 32],
        link: &Link,
        now: DateTime<Utc>,
    ) -> Result<Added, sqlx::Error> {
        let ends = now + link.purpose.lifetime();
        let work = async {
            let mut tx = self.pool.begin().await?;
            if let Some(added) = again(&mut tx, token_hash, ends).await? {
                return tx.commit().await.map(|()| added);
            }
            if of_last_hour(&mut tx, link, ends).await? >= link.purpose.per_hour() {
                return tx.rollback().await.map(|()| Added::TooMany);
            }
            if let Some((tenant, member)) = link.purpose.member() {
                sqlx::query(
                    "UPDATE links SET used_at = ? \
                      WHERE email_index = ? AND tenant_id = ? AND member_id = ? AND used_at IS NULL",
                )
                .bind(now)
                .bind(link.email_index.as_slice())
                .bind(tenant.0)
                .bind(member)
                .execute(&mut *tx)
                .await?;
            }
            insert(&mut tx, token_hash, link, ends).await?;
            tx.commit().await.map(|()| Added::Good)
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
            ("sign-up", Some(tenant), Some(member)) => Purpose::SignUp { tenant: tenant.into(), member },
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

    /// Uses a reset up, and every other one of the account; people of providers are linked no more. Says whether it was
    /// still good.
    pub(crate) async fn use_reset(
        &self,
        (token_hash, email_index): (&[u8; 32], &[u8; 32]),
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
            sqlx::query("UPDATE links SET used_at = ? WHERE email_index = ? AND purpose = ? AND used_at IS NULL")
                .bind(now)
                .bind(email_index.as_slice())
                .bind(Purpose::Reset.as_str())
                .execute(&mut *tx)
                .await?;
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

/// What became of a link that a mail was written with before.
async fn again(
    connection: &mut MySqlConnection,
    token_hash: &[u8; 32],
    ends: DateTime<Utc>,
) -> Result<Option<Added>, sqlx::Error> {
    let found: Option<bool> = sqlx::query_scalar("SELECT used_at IS NULL FROM links WHERE token_hash = ? FOR UPDATE")
        .bind(token_hash.as_slice())
        .fetch_optional(&mut *connection)
        .await?;
    if found == Some(true) {
        sqlx::query("UPDATE links SET expires_at = ? WHERE token_hash = ?")
            .bind(ends)
            .bind(token_hash.as_slice())
            .execute(connection)
            .await?;
    }
    Ok(found.map(|is_good| if is_good { Added::Good } else { Added::Ended }))
}

/// How many links the address got for this within the last hour, whatever became of them.
async fn of_last_hour(connection: &mut MySqlConnection, link: &Link, ends: DateTime<Utc>) -> Result<i64, sqlx::Error> {
    // All of one purpose last equally long, so their end tells when they were made.
    sqlx::query_scalar("SELECT COUNT(*) FROM links WHERE email_index = ? AND purpose = ? AND expires_at > ?")
        .bind(link.email_index.as_slice())
        .bind(link.purpose.as_str())
        .bind(ends - Duration::hours(1))
        .fetch_one(connection)
        .await
}

async fn insert(
    connection: &mut MySqlConnection,
    token_hash: &[u8; 32],
    link: &Link,
    ends: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let (tenant, member) = link.purpose.member().unzip();
    sqlx::query(
        "INSERT INTO links (token_hash, purpose, email_index, tenant_id, member_id, expires_at) \
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(token_hash.as_slice())
    .bind(link.purpose.as_str())
    .bind(link.email_index.as_slice())
    .bind(tenant.map(|tenant| tenant.0))
    .bind(member)
    .bind(ends)
    .execute(connection)
    .await
    .map(drop)
}
