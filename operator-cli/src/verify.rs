//! `aris verify`: positions without hole, hash chain, read models equal to the fold.

use crate::{
    cli::Verify,
    local::{Endpoints, access_of},
};
use anyhow::{Context, Result};
use domain::ids::FeedId;
use event_store::{
    pool::{self, Isolation},
    reader::EventReader,
    verify::{Finding, next_feed_of_events, verify_feed},
};
use std::process::ExitCode;

/// Feeds of one page.
const PAGE: u32 = 200;

/// Connections of each of the two pools.
const CONNECTIONS: u32 = 4;

pub(crate) async fn run(options: Verify) -> Result<ExitCode> {
    let (reader_url, views_url) = addresses(&options)?;
    let events = pool::connect(&reader_url, Isolation::RepeatableRead, CONNECTIONS).await.context("the event side")?;
    let views = pool::connect(&views_url, Isolation::RepeatableRead, CONNECTIONS).await.context("the read side")?;
    let reader = EventReader::new(events);
    let (mut feeds, mut wrong, mut total) = (0_u64, 0_u64, 0_u64);
    let mut after = None;
    loop {
        let page = match options.restaurant {
            Some(feed) => vec![feed],
            None => reader.all_heads(after, PAGE).await?.iter().map(|head| head.feed).collect(),
        };
        for feed in &page {
            let (events, findings) = check_feed(&reader, &views, *feed).await?;
            (feeds, total) = (feeds + 1, total + events);
            wrong += u64::from(!findings.is_empty());
            for finding in findings {
                println!("{feed}: {finding}");
            }
        }
        after = page.last().copied();
        if after.is_none() || options.restaurant.is_some() {
            break;
        }
    }
    if options.restaurant.is_none() {
        let headless = headless(&reader).await?;
        (feeds, wrong) = (feeds + headless, wrong + headless);
    }
    println!(
        "{feeds} feeds with {total} events: {}",
        if wrong == 0 { "all proven".to_owned() } else { format!("{wrong} are wrong") }
    );
    Ok(if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Tells of feeds that have events and no head: they stand in no list of feeds.
async fn headless(reader: &EventReader) -> Result<u64> {
    let (mut after, mut wrong) = (None, 0);
    // Ends: each turn moves on to the next feed.
    while let Some((feed, has_head)) = next_feed_of_events(reader, after).await? {
        if !has_head {
            wrong += 1;
            println!("{feed}: {}", Finding::NoFeed);
        }
        after = Some(feed);
    }
    Ok(wrong)
}

async fn check_feed(reader: &EventReader, views: &sqlx::MySqlPool, feed: FeedId) -> Result<(u64, Vec<String>)> {
    let report = verify_feed(reader, feed).await?;
    let mut findings: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let models = projection_service::check::restaurant(views, reader, feed).await?;
    for view in &models.views {
        findings.extend(view.differences.iter().map(|it| {
            let (expected, found) =
                (it.expected.as_deref().unwrap_or("nothing"), it.found.as_deref().unwrap_or("nothing"));
            format!("{}, {} {}: {found}, not {expected}", view.projection, it.table, it.key)
        }));
    }
    Ok((report.events, findings))
}

fn addresses(options: &Verify) -> Result<(String, String)> {
    if let (Some(reader), Some(projection)) = (&options.reader_url, &options.projection_url) {
        return Ok((reader.clone(), projection.clone()));
    }
    let local = &options.place.local;
    let access = access_of(local, Endpoints::read(local)?.mysql_port)?;
    Ok((access.reader, access.projection))
}
