//! Devices that are logged in, and the refresh tokens that keep them so.

use super::{Store, Subject, openid::linked, revocations::revoke};
use crate::tokens::{REFRESH_LIFETIME, REVOCATION_LIFETIME};
use chrono::{DateTime, Duration, Utc};
use domain::ids::TenantId;
use event_store::pool::{READ_WITHIN, within};
use identity::revocation::{Entry, Revoked};
use sqlx::{MySqlConnection, Row, mysql::MySqlRow};
use uuid::Uuid;

/// Two tabs that refresh at once: the second comes within this time and gets what the first got.
pub(crate) const GRACE: Duration = Duration::seconds(10);
/// Devices of an account that are logged in at a time; the one that was not used for longest makes room.
pub(crate) const DEVICES_MAX: u32 = 200;

/// What has proved that somebody may log in. It must still hold when the device is written down: a new password
/// that came in between logs out only what it finds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Proof<'a> {
    /// The password of this hash.
    Password(&'a str),
    /// A person of a provider who is linked to the account.
    Person(&'a Subject),
}

/// A device that is logged in.
#[derive(Debug, Clone)]
pub(crate) struct Device {
    pub(crate) id: Uuid,
    pub(crate) account: Uuid,
    pub(crate) tenant: TenantId,
    pub(crate) member: Uuid,
    pub(crate) name: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) used_at: DateTime<Utc>,
}

/// What came of a refresh token.
#[derive(Debug)]
pub(crate) enum Turn {
    /// It was the newest one; the successor is in its place.
    Rotated(Device),
    /// It was replaced a moment ago; the successor stands.
    Again(Device),
    /// It was replaced before: somebody has a copy. The device is logged out.
    Reused(Device),
    /// It is none, or has ended.
    Unknown,
}

impl Store {
    /// Writes a device down with its first refresh token. Gives how many devices
    /// made room for it; `None` where the proof did not hold any more.
    pub(crate) async fn log_in(
        &self,
        device: &Device,
        token_hash: &[u8; 32],
        proof: Proof<'_>,
    ) -> Result<Option<usize>, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            if !holds(&mut tx, device.account, proof).await? {
                return tx.rollback().await.map(|()| None);
            }
            let ends = device.created_at + REFRESH_LIFETIME;
            sqlx::query(
                "INSERT INTO devices (device_id, account_id, tenant_id, member_id, name, created_at, used_at, ends_at) \
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(device.id)
            .bind(device.account)
            .bind(device.tenant.0)
            .bind(device.member)
            .bind(&device.name)
            .bind(device.created_at)
            .bind(device.used_at)
            .bind(ends)
            .execute(&mut *tx)
            .await?;
            insert_token(&mut tx, token_hash, device.id, ends).await?;
            let made_room = make_room(&mut tx, device.account, device.created_at).await?;
            tx.commit().await.map(|()| Some(made_room))
        };
        within(READ_WITHIN, work).await
    }

    /// Puts the successor in a refresh token's place, if it is the newest one.
    pub(crate) async fn rotate(
        &self,
        (token, successor): (&[u8; 32], &[u8; 32]),
        now: DateTime<Utc>,
    ) -> Result<Turn, sqlx::Error> {
        within(READ_WITHIN, self.rotate_once((token, successor), now)).await
    }

    async fn rotate_once(
        &self,
        (token, successor): (&[u8; 32], &[u8; 32]),
        now: DateTime<Utc>,
    ) -> Result<Turn, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query(
            "SELECT d.device_id, d.account_id, d.tenant_id, d.member_id, d.name, d.created_at, d.used_at, t.rotated_at \
               FROM refresh_tokens t JOIN devices d ON d.device_id = t.device_id \
              WHERE t.token_hash = ? AND t.expires_at > ? AND d.revoked_at IS NULL FOR UPDATE",
        )
        .bind(token.as_slice())
        .bind(now)
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return tx.rollback().await.map(|()| Turn::Unknown) };
        let device = device_of(&row)?;
        let turn = match row.try_get::<Option<DateTime<Utc>>, _>("rotated_at")? {
            Some(at) if now - at <= GRACE => Turn::Again(device),
            Some(_) => {
                log_out(&mut tx, device.id, now).await?;
                Turn::Reused(device)
            }
            None => {
                let ends = now + REFRESH_LIFETIME;
                sqlx::query("UPDATE refresh_tokens SET rotated_at = ? WHERE token_hash = ?")
                    .bind(now)
                    .bind(token.as_slice())
                    .execute(&mut *tx)
                    .await?;
                insert_token(&mut tx, successor, device.id, ends).await?;
                sqlx::query("UPDATE devices SET used_at = ?, ends_at = ? WHERE device_id = ?")
                    .bind(now)
                    .bind(ends)
                    .bind(device.id)
                    .execute(&mut *tx)
                    .await?;
                Turn::Rotated(device)
            }
        };
        tx.commit().await.map(|()| turn)
    }

    /// The devices of an account that are logged in, the last used first.
    pub(crate) async fn devices(&self, account: Uuid, now: DateTime<Utc>) -> Result<Vec<Device>, sqlx::Error> {
        let query = sqlx::query(
            "SELECT device_id, account_id, tenant_id, member_id, name, created_at, used_at FROM devices \
              WHERE account_id = ? AND revoked_at IS NULL AND ends_at > ? ORDER BY used_at DESC LIMIT ?",
        )
        .bind(account)
        .bind(now)
        .bind(DEVICES_MAX);
        within(READ_WITHIN, query.fetch_all(&self.pool)).await?.iter().map(device_of).collect()
    }

    /// A device that is logged in.
    pub(crate) async fn device(&self, id: Uuid) -> Result<Option<Device>, sqlx::Error> {
        let query = sqlx::query(
            "SELECT device_id, account_id, tenant_id, member_id, name, created_at, used_at FROM devices \
              WHERE device_id = ? AND revoked_at IS NULL",
        )
        .bind(id);
        within(READ_WITHIN, query.fetch_optional(&self.pool)).await?.as_ref().map(device_of).transpose()
    }

    /// Logs a device out: its refresh tokens and its access tokens are worthless.
    pub(crate) async fn log_out(&self, device: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            log_out(&mut tx, device, now).await?;
            tx.commit().await
        };
        within(READ_WITHIN, work).await
    }

    /// Logs every device of an account out, but this one if it is named. Gives how many.
    pub(crate) async fn log_out_all(
        &self,
        account: Uuid,
        but: Option<Uuid>,
        now: DateTime<Utc>,
    ) -> Result<usize, sqlx::Error> {
        let work = async {
            let mut tx = self.pool.begin().await?;
            let count = log_out_all(&mut tx, account, but, now).await?;
            tx.commit().await.map(|()| count)
        };
        within(READ_WITHIN, work).await
    }
}

/// Whether the proof holds. The account stays as it is until the transaction ends: a new password waits for it, or
/// comes first.
async fn holds(tx: &mut MySqlConnection, account: Uuid, proof: Proof<'_>) -> Result<bool, sqlx::Error> {
    let hash: Option<String> = sqlx::query_scalar("SELECT password_hash FROM accounts WHERE account_id = ? FOR SHARE")
        .bind(account)
        .fetch_optional(&mut *tx)
        .await?;
    match (hash, proof) {
        (None, _) => Ok(false),
        (Some(hash), Proof::Password(proved)) => Ok(hash == proved),
        (Some(_), Proof::Person(subject)) => Ok(linked(tx, subject).await? == Some(account)),
    }
}

/// Logs out what is beyond [`DEVICES_MAX`], the longest unused first. Gives how many.
async fn make_room(tx: &mut MySqlConnection, account: Uuid, now: DateTime<Utc>) -> Result<usize, sqlx::Error> {
    let beyond = sqlx::query(
        "SELECT device_id FROM devices WHERE account_id = ? AND revoked_at IS NULL AND ends_at > ? \
         ORDER BY used_at DESC, device_id DESC LIMIT ? OFFSET ?",
    )
    .bind(account)
    .bind(now)
    .bind(DEVICES_MAX)
    .bind(DEVICES_MAX)
    .fetch_all(&mut *tx)
    .await?;
    for row in &beyond {
        log_out(tx, row.try_get("device_id")?, now).await?;
    }
    Ok(beyond.len())
}

/// Logs every device of an account out, but this one if it is named. Gives how many.
pub(super) async fn log_out_all(
    tx: &mut MySqlConnection,
    account: Uuid,
    but: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let mut count = 0;
    // Bounded by how many devices an account has; a page at a time, until none is left.
    loop {
        let rows = sqlx::query(
            "SELECT device_id FROM devices WHERE account_id = ? AND revoked_at IS NULL AND device_id <> ? \
             LIMIT ? FOR UPDATE",
        )
        .bind(account)
        .bind(but.unwrap_or_default())
        .bind(DEVICES_MAX)
        .fetch_all(&mut *tx)
        .await?;
        for row in &rows {
            log_out(tx, row.try_get("device_id")?, now).await?;
        }
        count += rows.len();
        if rows.is_empty() {
            return Ok(count);
        }
    }
}

async fn log_out(tx: &mut MySqlConnection, device: Uuid, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE devices SET revoked_at = COALESCE(revoked_at, ?) WHERE device_id = ?")
        .bind(now)
        .bind(device)
        .execute(&mut *tx)
        .await?;
    revoke(tx, Revoked::Device(device), Entry::until(now + REVOCATION_LIFETIME)).await
}

async fn insert_token(
    tx: &mut MySqlConnection,
    token_hash: &[u8; 32],
    device: Uuid,
    ends: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO refresh_tokens (token_hash, device_id, expires_at) VALUES (?, ?, ?)")
        .bind(token_hash.as_slice())
        .bind(device)
        .bind(ends)
        .execute(tx)
        .await
        .map(drop)
}

fn device_of(row: &MySqlRow) -> Result<Device, sqlx::Error> {
    Ok(Device {
        id: row.try_get("device_id")?,
        account: row.try_get("account_id")?,
        tenant: TenantId::from(row.try_get::<Uuid, _>("tenant_id")?),
        member: row.try_get("member_id")?,
        name: row.try_get("name")?,
        created_at: row.try_get("created_at")?,
        used_at: row.try_get("used_at")?,
    })
}
