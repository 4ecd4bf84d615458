//! `aris projections list`

use super::options::List;
use anyhow::Result;
use projection_service::{
    generations::{self, Entry, Status},
    rebuild::{self, Extent, Sides},
};
use serde_json::json;
use std::process::ExitCode;

pub(super) async fn run(sides: &Sides, options: &List) -> Result<ExitCode> {
    let entries = generations::all(&sides.views).await?;
    let projections: Vec<_> = entries.iter().map(|entry| entry.projection).collect();
    let extents = rebuild::extents(sides, &projections).await?;
    if !options.json {
        println!("{COLUMNS}");
    }
    for (entry, extent) in entries.iter().zip(&extents) {
        let builder = match entry.status {
            Status::Building => rebuild::builder(&sides.views, entry.projection.view).await?,
            _ => None,
        };
        let cause = cause(entry, builder.as_deref());
        if options.json {
            println!("{}", as_json(entry, extent, &cause));
        } else {
            println!("{}", line(entry, extent, &cause));
        }
    }
    Ok(ExitCode::SUCCESS)
}

const COLUMNS: &str =
    "GENERATION         STATUS    SINCE                 EVENTS                     BEHIND   PARKED  CAUSE";

fn line(entry: &Entry, extent: &Extent, cause: &str) -> String {
    let events = format!("{} of {}", extent.done, extent.total);
    format!(
        "{:<18} {:<9} {:<21} {:<26} {:<8} {:<7} {cause}",
        entry.projection,
        entry.status,
        entry.since.format("%Y-%m-%d %H:%M:%SZ"),
        events,
        extent.total - extent.done,
        extent.parked,
    )
    .trim_end()
    .to_owned()
}

fn as_json(entry: &Entry, extent: &Extent, cause: &str) -> serde_json::Value {
    json!({
        "projection": entry.projection.to_string(), "status": entry.status.as_str(), "cause": cause,
        "since": domain::envelope::format_time(entry.since), "done": extent.done, "total": extent.total,
        "behind": extent.total - extent.done, "parked": extent.parked, "restaurants": extent.feeds,
    })
}

/// A generation that is half built says whether anybody is at it.
fn cause(entry: &Entry, builder: Option<&str>) -> String {
    match (entry.status, builder) {
        (Status::Building, Some(builder)) => format!("{builder} builds it"),
        (Status::Building, None) => {
            format!("interrupted: `aris projections rebuild {}` goes on", entry.projection.view)
        }
        _ => entry.cause.clone(),
    }
}
