//! Accounts, and the memberships that log in with them.

use super::{Store, devices::log_out_all};
use chrono::{DateTime, Utc};
use domain::ids::TenantId;
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlConnection, Row};
use uuid::Uuid;

/// Memberships that one account is asked to choose from.
const MEMBERSHIPS_MAX: u32 = 100;

/// An account. Its hash is never printed.
pub(crate) struct Account {
    pub(crate) id: Uuid,
    pub(crate) email_index: [u8; 32],
    pub(crate) password_hash: String,
}

impl Store {
    /// The account of an address.
    pub(crate) async fn account_of(&self, email_index: &[u8; 32]) -> Result<Option<Account>, sqlx::Error> {
        let query = sqlx::query("SELECT account_id, email_index, password_hash FROM accounts WHERE email_index = ?")
            .bind(email_index.as_slice());
        within(READ_WITHIN, query.fetch_optional(&self.pool)).await?.as_ref().map(account).transpose()
    }

    /// An account by its id.
    pub(crate) async fn account(&self, id: Uuid) -> Result<Option<Account>, sqlx::Error> {
        let query =
            sqlx::query("SELECT account_id, email_index, password_hash FROM accounts WHERE account_id = ?").bind(id);
        within(READ_WITHIN, query.fetch_optional(&self.pool)).await?.as_ref().map(account).transpose()
    }

    /// Who may log in with this account: tenant and member.
    pub(crate) async fn memberships(&self, account: Uuid) -> Result<Vec<(TenantId, Uuid)>, sqlx::Error> {
        let query = sqlx::query(
            "SELECT tenant_id, member_id FROM memberships WHERE account_id = ? ORDER BY joined_at, member_id LIMIT ?",
        )
        .bind(account)
        .bind(MEMBERSHIPS_MAX);
        let rows = within(READ_WITHIN, query.fetch_all(&self.pool)).await?;
        let one = |row: &sqlx::mysql::MySqlRow| {
            Ok((TenantId::from(row.try_get::<Uuid, _>("tenant_id")?), row.try_get("member_id")?))
        };
        rows.iter().map(one).collect()
    }

    /// Another password in place of this one, which logs every other device out: both or nothing. Says whether the old
    /// one still stood.
    pub(crate) async fn change_password(
        &self,
        account: Uuid,
        (old, new): (&str, &str),
        but: Uuid,
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            if !replace(&mut tx, account, (old, new), now).await? {
                return tx.rollback().await.map(|()| false);
            }
            log_out_all(&mut tx, account, Some(but), now).await?;
            tx.commit().await.map(|()| true)
        };
        within(READ_WITHIN, work).await
    }

    /// The same password, hashed anew; only while the old hash still stands.
    pub(crate) async fn rehash(
        &self,
        account: Uuid,
        (old, new): (&str, &str),
        now: DateTime<Utc>,
    ) -> Result<bool, sqlx::Error> {
        let work = async {
            let mut connection = self.pool.acquire().await?;
            replace(&mut connection, account, (old, new), now).await
        };
        within(READ_WITHIN, work).await
    }
}

/// Puts a hash in the place of this one. Says whether it still stood.
async fn replace(
    connection: &mut MySqlConnection,
    account: Uuid,
    (old, new): (&str, &str),
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(
        "UPDATE accounts SET password_hash = ?, password_changed_at = ? WHERE account_id = ? AND password_hash = ?",
    )
    .bind(new)
    .bind(now)
    .bind(account)
    .bind(old);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

fn account(row: &sqlx::mysql::MySqlRow) -> Result<Account, sqlx::Error> {
    let index: &[u8] = row.try_get("email_index")?;
    Ok(Account {
        id: row.try_get("account_id")?,
        email_index: index.try_into().map_err(|_| sqlx::Error::Decode("an index of another length".into()))?,
        password_hash: row.try_get("password_hash")?,
    })
}
