//! `aris audit`: who did, or tried to do, what.

use crate::{
    cli::Place,
    events::{self, line, span, unless_gone},
    local::{Endpoints, access_of},
};
use action_log::{
    Row,
    table::{self, Wanted},
};
use anyhow::{Context, Result};
use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use domain::{
    envelope::format_time,
    ids::{RestaurantId, TenantId},
};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
};
use serde_json::json;
use std::process::ExitCode;

/// One list is read.
const CONNECTIONS: u32 = 1;

#[derive(Debug, Clone, Args)]
pub(crate) struct Audit {
    #[command(flatten)]
    place: Place,
    /// MySQL address of the user for keys of people, who reads the audit, too; without it the local installation's
    #[arg(long, env = "ARIS_PERSONAL_URL", hide_env_values = true, global = true)]
    personal_url: Option<String>,
    /// MySQL address of a reader of the event side, which knows what is no tenant; without it the local installation's
    #[arg(long, env = "ARIS_READER_URL", hide_env_values = true, global = true)]
    reader_url: Option<String>,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, Subcommand)]
enum What {
    /// Print actions, the newest first: those of a tenant, or those of whom nobody knows to whom they belong
    Actions(Actions),
}

#[derive(Debug, Clone, Args)]
struct Actions {
    /// Of this tenant; without it of nobody's: no token, a forged one, an account that nobody has
    #[arg(long)]
    tenant: Option<TenantId>,
    /// Only of the request with this correlation id; without --tenant whosever it was
    #[arg(long)]
    correlation: Option<String>,
    /// Only about this restaurant
    #[arg(long)]
    restaurant: Option<RestaurantId>,
    /// Only of this actor: an id, with its kind before it (staff:…) or without
    #[arg(long)]
    actor: Option<String>,
    /// Only what was denied
    #[arg(long)]
    denied: bool,
    /// How far back to look, such as 90m, 24h or 7d
    #[arg(long, default_value = "24h", value_parser = span)]
    since: TimeDelta,
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// One JSON object per line
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(options: Audit) -> Result<ExitCode> {
    let Audit { place, personal_url, reader_url, what: What::Actions(asked) } = options;
    let local = || access_of(&place.local, Endpoints::read(&place.local)?.mysql_port);
    let (url, reader_url) = match (personal_url, reader_url) {
        (Some(url), reader_url) => (url, reader_url),
        (None, reader_url) => local().map(|access| (access.personal, reader_url.or(Some(access.reader))))?,
    };
    let pool = pool::connect(&url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_PERSONAL_URL")?;
    let wanted = Wanted {
        tenant: asked.tenant,
        everybodys: asked.tenant.is_none() && asked.correlation.is_some(),
        correlation: asked.correlation,
        restaurant: asked.restaurant,
        actor: asked.actor,
        is_denied: asked.denied.then_some(true),
        since: Some(Utc::now() - asked.since),
        ..Wanted::default()
    };
    let rows = table::list(&pool, &wanted, asked.limit).await?;
    if let (true, Some(tenant)) = (rows.is_empty(), asked.tenant) {
        eprintln!("{}", why_nothing(tenant, reader_url.as_deref()).await?);
    }
    print(&rows, asked.json).map(|()| ExitCode::SUCCESS).or_else(unless_gone)
}

/// Why there may be nothing of what was given as a tenant.
async fn why_nothing(tenant: TenantId, reader_url: Option<&str>) -> Result<String> {
    let nothing = "nothing is written down that fits; look further back with --since";
    // Without a reader nobody can tell what it is.
    let Some(url) = reader_url else { return Ok(nothing.to_owned()) };
    let pool = pool::connect(url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_READER_URL")?;
    let head = EventReader::new(pool).head(tenant.into()).await?;
    Ok(match head {
        None => format!("there is no tenant {tenant}"),
        Some(head) if head.tenant != tenant => {
            format!("{tenant} is a restaurant of the tenant {0}: --tenant {0} --restaurant {tenant}", head.tenant)
        }
        Some(_) => nothing.to_owned(),
    })
}

fn print(rows: &[Row], as_json: bool) -> Result<()> {
    if as_json {
        return rows.iter().try_for_each(|row| line(&object(row)));
    }
    let names = ["TIME", "TIMES", "STATUS", "CODE", "ACTOR", "FROM", "CORRELATION", "ACTION"];
    events::table(names, rows.iter().map(cells).collect()).iter().try_for_each(|text| line(text))
}

fn cells(Row { action, repeats, .. }: &Row) -> [String; 8] {
    let who = &action.who;
    [
        format_time(action.at),
        repeats.to_string(),
        action.status.to_string(),
        action.code.clone(),
        if who.id.is_empty() { who.kind.clone() } else { format!("{}:{}", who.kind, who.id) },
        action.remote.map(|it| it.to_string()).unwrap_or_default(),
        action.correlation_id.clone(),
        format!("{} {}", action.action, action.subject),
    ]
}

fn object(Row { action, repeats, last_at }: &Row) -> String {
    let who = &action.who;
    json!({
        "action_id": action.id,
        "tenant_id": who.tenant,
        "at": format_time(action.at),
        "actor_kind": who.kind,
        "actor_id": who.id,
        "via": who.via,
        "restaurant_id": action.restaurant,
        "permission": action.permission.map(|it| it.as_str()),
        "action": action.action,
        "subject": action.subject,
        "status": action.status,
        "code": action.code,
        "denied": action.is_denied,
        "remote": action.remote,
        "correlation_id": action.correlation_id,
        "repeats": repeats,
        "last_at": format_time(*last_at),
    })
    .to_string()
}
