//! `aris doctor`: looks at everything that an installation stands on, and says what to do.
//!
//! Looking and judging are apart: what was seen is plain data, and the judgement of it is pure.

mod disk;
mod finding;
mod flow;
mod group;
mod mysql;
mod nats;
mod schema;

use crate::{
    cli::Doctor,
    local::{Endpoints, access_of},
};
use anyhow::Result;
use event_store::pool::{self, Isolation, within};
use finding::{Finding, Level};
use sqlx::MySqlPool;
use std::{process::ExitCode, time::Duration};

/// How long one look may take.
const LOOK_WITHIN: Duration = Duration::from_secs(10);

/// Where everything is.
struct Addresses {
    events: String,
    views: String,
    nats: String,
    namespace: messaging::Namespace,
}

pub(crate) async fn run(options: Doctor) -> Result<ExitCode> {
    let addresses = addresses(&options)?;
    let mut findings = Vec::new();
    let events = connect("MySQL event side", &addresses.events, &mut findings).await;
    if let Some(events) = &events {
        mysql::look(events, &mut findings).await;
        schema::look(events, migrations::Side::Events, &mut findings).await;
        flow::look_at_relay(events, &mut findings).await;
    }
    if let Some(views) = &connect("MySQL read side", &addresses.views, &mut findings).await {
        schema::look(views, migrations::Side::Views, &mut findings).await;
        flow::look_at_projections(events.as_ref(), views, &mut findings).await;
    }
    nats::look(&addresses.nats, &addresses.namespace, &mut findings).await;
    Ok(report(&findings))
}

fn report(findings: &[Finding]) -> ExitCode {
    findings.iter().for_each(|finding| println!("{finding}"));
    let count = |level| findings.iter().filter(|finding| finding.level == level).count();
    let (wrong, warnings) = (count(Level::Wrong), count(Level::Warning));
    println!("{} things looked at: {wrong} wrong, {warnings} to watch", findings.len());
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One connection, or the finding that there is none.
async fn connect(about: &'static str, url: &str, findings: &mut Vec<Finding>) -> Option<MySqlPool> {
    match within(LOOK_WITHIN, pool::connect(url, Isolation::ReadCommitted, 1)).await {
        Ok(pool) => Some(pool),
        Err(error) => {
            let advice = "start MySQL, run `aris migrate`, or mend the address (ARIS_RELAY_URL, ARIS_PROJECTION_URL)";
            findings.push(Finding::wrong(about, error.to_string(), advice));
            None
        }
    }
}

/// A look that failed is a finding too.
fn failed(about: &'static str, error: &impl std::fmt::Display) -> Finding {
    Finding::wrong(about, format!("cannot be looked at: {error}"), "run `aris migrate`: rights or tables are missing")
}

fn addresses(options: &Doctor) -> Result<Addresses> {
    let namespace =
        options.nats_prefix.as_deref().map_or_else(messaging::Namespace::production, messaging::Namespace::new);
    if let (Some(events), Some(views), Some(nats)) = (&options.relay_url, &options.projection_url, &options.nats_url) {
        return Ok(Addresses { events: events.clone(), views: views.clone(), nats: nats.clone(), namespace });
    }
    let local = &options.place.local;
    let endpoints = Endpoints::read(local)?;
    let access = access_of(local, endpoints.mysql_port)?;
    let nats = format!("nats://127.0.0.1:{}", endpoints.nats_port);
    Ok(Addresses { events: access.relay, views: access.projection, nats, namespace })
}
