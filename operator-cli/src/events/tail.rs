//! `aris events tail`

use super::{
    options::Tail,
    output::{columns, event_line, line},
    sides::Sides,
};
use crate::{cli::Place, local::DemoRestaurant, shell::until_told_to_end};
use anyhow::{Result, bail};
use domain::{envelope::Cursor, ids::FeedId, limits::PAGE_EVENTS_MAX};
use event_store::follow::FeedFollower;
use std::{pin::pin, time::Duration};

/// How often it is looked for new events.
const LOOK_EVERY: Duration = Duration::from_millis(250);

pub(super) async fn run(sides: &Sides, place: &Place, options: Tail) -> Result<()> {
    let feed = match options.restaurant {
        Some(feed) => feed,
        None => DemoRestaurant::read(&place.local)?.restaurant_id.into(),
    };
    let head = sides.head(feed).await?;
    let mut follower = FeedFollower::new(feed, start(&options, feed, head)?);
    if !options.json {
        line(&columns())?;
    }
    let mut end = pin!(until_told_to_end());
    // Ends: without --follow at the head that was read above, otherwise when it is told to.
    loop {
        let page = follower.catch_up(&sides.events, PAGE_EVENTS_MAX).await?;
        for event in page.iter().filter(|event| options.follow || event.cursor <= head) {
            let text = if options.json { String::from_utf8(event.envelope_json())? } else { event_line(event) };
            line(&text)?;
        }
        if !options.follow && (page.is_empty() || follower.cursor() >= head) {
            return Ok(());
        }
        let wait = if page.is_empty() { LOOK_EVERY } else { Duration::ZERO };
        tokio::select! {
            () = &mut end => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Where to begin.
fn start(options: &Tail, feed: FeedId, head: Cursor) -> Result<Cursor> {
    let Some(after) = options.after else {
        return Ok(Cursor { position: head.position.saturating_sub(options.lines), ..head });
    };
    if after.epoch != head.epoch {
        bail!(
            "restaurant {feed} is in epoch {}: its numbering was restored; positions of epoch {} mean nothing now",
            head.epoch,
            after.epoch
        );
    }
    Ok(after)
}
