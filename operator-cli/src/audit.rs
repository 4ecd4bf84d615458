//! `aris audit`: who did, or tried to do, what.

use crate::{
    cli::Place,
    events::{line, span, unless_gone},
    local::{Endpoints, access_of},
};
use action_log::{
    Row,
    table::{self, Wanted},
};
use anyhow::{Context, Result};
use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use domain::{envelope::format_time, ids::TenantId};
use event_store::pool::{self, Isolation};
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
    /// Only of this actor
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
    let Audit { place, personal_url, what: What::Actions(asked) } = options;
    let url = match personal_url {
        Some(url) => url,
        None => access_of(&place.local, Endpoints::read(&place.local)?.mysql_port)?.personal,
    };
    let pool = pool::connect(&url, Isolation::ReadCommitted, CONNECTIONS).await.context("ARIS_PERSONAL_URL")?;
    let wanted = Wanted {
        tenant: asked.tenant,
        actor: asked.actor,
        is_denied: asked.denied.then_some(true),
        since: Some(Utc::now() - asked.since),
        ..Wanted::default()
    };
    let rows = table::list(&pool, &wanted, asked.limit).await?;
    print(&rows, asked.json).map(|()| ExitCode::SUCCESS).or_else(unless_gone)
}

const COLUMNS: &str = "TIME                         TIMES  STATUS CODE                 ACTOR                                       FROM             ACTION";

fn print(rows: &[Row], as_json: bool) -> Result<()> {
    if as_json {
        return rows.iter().try_for_each(|row| line(&object(row)));
    }
    line(COLUMNS)?;
    rows.iter().try_for_each(|row| line(&columns(row)))
}

fn columns(Row { action, repeats, .. }: &Row) -> String {
    let actor = format!("{}:{}", action.who.kind, action.who.id);
    let from = action.remote.map(|it| it.to_string()).unwrap_or_default();
    let (at, status, code) = (format_time(action.at), action.status, &action.code);
    let columns = format!("{at:<28} {repeats:<6} {status:<6} {code:<20} {actor:<43} {from:<16} {}", action.action);
    format!("{columns} {}", action.subject).trim_end().to_owned()
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
