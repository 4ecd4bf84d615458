//! `aris parked`: events that a read model could not apply.

use crate::{
    cli::{Parked, ParkedAction, ParkedAggregate},
    local::{Endpoints, access_of},
};
use anyhow::{Context, Result};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
};
use projection_service::parked::{self, Retried, Skip, Which};
use sqlx::MySqlPool;
use std::process::ExitCode;

/// Connections of each of the two pools.
const CONNECTIONS: u32 = 2;

pub(crate) async fn run(options: Parked) -> Result<ExitCode> {
    let (reader_url, views_url) = addresses(&options)?;
    let views = pool::connect(&views_url, Isolation::ReadCommitted, CONNECTIONS).await.context("the read side")?;
    match options.action {
        ParkedAction::List => list(&views).await,
        ParkedAction::Show(which) => show(&views, &which.into()).await,
        ParkedAction::Retry(which) => retry(&views, &reader_url, &which.into()).await,
        ParkedAction::Skip { which, position, reason, by } => {
            parked::skip(&views, &which.into(), &Skip { position, by, reason }).await?;
            println!("position {position} is left out; try the rest with `aris parked retry`");
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl From<ParkedAggregate> for Which {
    fn from(which: ParkedAggregate) -> Self {
        Self { projection: which.projection, feed: which.restaurant, aggregate: which.aggregate }
    }
}

async fn list(views: &MySqlPool) -> Result<ExitCode> {
    let all = parked::list(views).await?;
    for it in &all {
        let Which { projection, feed, aggregate } = &it.which;
        println!(
            "{projection} restaurant {feed} aggregate {aggregate}: {} events from position {} since {}",
            it.events,
            it.first,
            it.since.format("%Y-%m-%d %H:%M:%SZ")
        );
    }
    println!("{} aggregates have parked events", all.len());
    Ok(ExitCode::SUCCESS)
}

async fn show(views: &MySqlPool, which: &Which) -> Result<ExitCode> {
    let events = parked::events(views, which).await?;
    for event in &events {
        println!(
            "position {} {}: {} ({}), tried {} times, since {}",
            event.position,
            event.event_type,
            event.cause_class,
            event.cause,
            event.attempts,
            event.parked_at.format("%Y-%m-%d %H:%M:%SZ")
        );
    }
    println!("{} parked events", events.len());
    Ok(ExitCode::SUCCESS)
}

async fn retry(views: &MySqlPool, reader_url: &str, which: &Which) -> Result<ExitCode> {
    let events = pool::connect(reader_url, Isolation::ReadCommitted, CONNECTIONS).await.context("the event side")?;
    let Retried { applied, stuck } = parked::retry(views, &EventReader::new(events), which).await?;
    println!("{applied} events applied");
    let Some((position, cause)) = stuck else { return Ok(ExitCode::SUCCESS) };
    println!("position {position} still cannot be applied: {cause}");
    Ok(ExitCode::FAILURE)
}

fn addresses(options: &Parked) -> Result<(String, String)> {
    if let (Some(reader), Some(projection)) = (&options.reader_url, &options.projection_url) {
        return Ok((reader.clone(), projection.clone()));
    }
    let local = &options.place.local;
    let access = access_of(local, Endpoints::read(local)?.mysql_port)?;
    Ok((access.reader, access.projection))
}
