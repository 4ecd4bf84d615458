//! `aris projections`: the generations of the read models; rebuilding one beside the live one, switching
//! to it, and back.

mod list;
mod options;
mod progress;
mod rebuild;
mod switch;

pub(crate) use options::Projections;

use crate::local::{Endpoints, access_of};
use anyhow::{Context, Result};
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
};
use options::Action;
use projection_service::rebuild::Sides;
use std::process::ExitCode;

/// Connections of each pool, beside those of the workers of a rebuild.
const CONNECTIONS: u32 = 4;

pub(crate) async fn run(options: Projections) -> Result<ExitCode> {
    let workers = match &options.action {
        Action::Rebuild(rebuild) => rebuild.workers,
        _ => 0,
    };
    let sides = connect(&options, u32::from(workers) + CONNECTIONS).await?;
    match options.action {
        Action::List(list) => list::run(&sides, &list).await,
        Action::Rebuild(rebuild) => rebuild::run(&sides, &rebuild).await,
        Action::Switch(switch) => switch::switch(&sides, &switch).await,
        Action::Rollback(rollback) => switch::rollback(&sides, &rollback).await,
        Action::Drop(drop) => switch::drop_generation(&sides, &drop.projection).await,
    }
}

async fn connect(options: &Projections, connections: u32) -> Result<Sides> {
    let (reader, projection) = match (&options.reader_url, &options.projection_url) {
        (Some(reader), Some(projection)) => (reader.clone(), projection.clone()),
        _ => {
            let local = &options.place.local;
            let access = access_of(local, Endpoints::read(local)?.mysql_port)?;
            (access.reader, access.projection)
        }
    };
    let events = pool::connect(&reader, Isolation::ReadCommitted, connections).await.context("the event side")?;
    let views = pool::connect(&projection, Isolation::ReadCommitted, connections).await.context("the read side")?;
    let snapshots = pool::connect(&projection, Isolation::RepeatableRead, 2).await.context("the read side")?;
    Ok(Sides { views, snapshots, events: EventReader::new(events) })
}
