//! Who was forgotten: by the store, and by a list that is kept where no backup is.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use domain::{
    envelope::format_time,
    event::Event,
    ids::{MemberId, TenantId},
    tenants::TenantEvent,
};
use event_store::pool::{READ_WITHIN, within};
use sqlx::{MySqlPool, Row};
use std::{fmt, path::Path, str::FromStr};
use uuid::Uuid;

/// Tenants that are listed at a time.
const TENANTS_PAGE: u32 = 500;
/// The longest list in bytes: more people than an installation ever forgets.
const LIST_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A person who was forgotten. Nothing in it says who they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forgotten {
    pub(crate) tenant: TenantId,
    pub(crate) person: MemberId,
    at: DateTime<Utc>,
}

impl Forgotten {
    pub(crate) fn who(&self) -> (TenantId, MemberId) {
        (self.tenant, self.person)
    }
}

impl fmt::Display for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.tenant, self.person, format_time(self.at))
    }
}

impl FromStr for Forgotten {
    type Err = anyhow::Error;

    fn from_str(line: &str) -> Result<Self> {
        let mut words = line.split_ascii_whitespace();
        let mut word = |what| words.next().with_context(|| format!("{what} is missing"));
        let tenant = word("the tenant")?.parse::<Uuid>().context("the tenant is no id")?.into();
        let person = MemberId(word("the member")?.parse().context("the member is no id")?);
        let at = word("the time")?.parse().context("the time is none")?;
        ensure!(words.next().is_none(), "there is more than tenant, member and time");
        Ok(Self { tenant, person, at })
    }
}

/// Whoever was forgotten by the events of the store, of tenants in the order of their ids.
pub(crate) async fn of_store(events: &MySqlPool) -> Result<Vec<Forgotten>> {
    let mut all = Vec::new();
    for tenant in tenants(events).await? {
        all.extend(of_tenant(events, tenant).await?);
    }
    Ok(all)
}

/// All tenants of the store, in the order of their ids.
pub(crate) async fn tenants(events: &MySqlPool) -> Result<Vec<TenantId>, sqlx::Error> {
    let mut all = Vec::new();
    // Ends: each page is of tenants after those of the last.
    loop {
        let page = tenants_after(events, all.last().copied()).await?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

/// The feed of a tenant itself has the tenant's id; the others are of its restaurants.
async fn tenants_after(events: &MySqlPool, after: Option<TenantId>) -> Result<Vec<TenantId>, sqlx::Error> {
    let query = sqlx::query_scalar::<_, Uuid>(
        "SELECT feed_id FROM feed_heads WHERE feed_id > ? AND feed_id = tenant_id ORDER BY feed_id LIMIT ?",
    )
    .bind(after.map_or_else(Vec::new, |after| after.0.as_bytes().to_vec()))
    .bind(TENANTS_PAGE);
    Ok(within(READ_WITHIN, query.fetch_all(events)).await?.into_iter().map(TenantId::from).collect())
}

async fn of_tenant(events: &MySqlPool, tenant: TenantId) -> Result<Vec<Forgotten>> {
    let query = sqlx::query(
        "SELECT type, schema_version, payload, recorded_at FROM events \
          WHERE feed_id = ? AND type = 'member.forgotten' ORDER BY position",
    )
    .bind(tenant.0);
    let mut all = Vec::new();
    for row in within(READ_WITHIN, query.fetch_all(events)).await? {
        let payload: &[u8] = row.try_get("payload")?;
        let event = Event::decode(row.try_get("type")?, row.try_get("schema_version")?, payload)?;
        if let Event::Tenant(TenantEvent::MemberForgotten(it)) = event {
            all.push(Forgotten { tenant, person: it.member_id, at: row.try_get("recorded_at")? });
        }
    }
    Ok(all)
}

/// The list in a file, as [`Forgotten`] prints it; a line that is none of it fails the whole, before anything is done.
pub(crate) fn of_file(path: &Path) -> Result<Vec<Forgotten>> {
    let place = || path.display().to_string();
    ensure!(std::fs::metadata(path).with_context(place)?.len() <= LIST_BYTES_MAX, "{}: the list is too long", place());
    let text = std::fs::read_to_string(path).with_context(place)?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines.map(|(n, line)| line.parse().with_context(|| format!("{}, line {}", place(), n + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::Forgotten;

    #[test]
    fn a_line_is_read_as_it_was_printed_and_nothing_else_is() {
        let line =
            "0198b1c2-0004-8000-8000-000000000004 0198b1c2-0006-8000-8000-000000000006 2026-01-02T20:10:00.000001Z";
        let one: Forgotten = line.parse().unwrap();
        assert_eq!(one.to_string(), line);
        for wrong in ["", "a b c", &line[..73], &format!("{line} more"), &line.replace(' ', ",")] {
            assert!(wrong.parse::<Forgotten>().is_err(), "{wrong}");
        }
    }
}
