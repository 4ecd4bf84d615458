//! A look at the heads of all feeds, once a second: it finds new feeds, lost messages and lost tails.

use event_store::reader::{EventReader, Head};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Heads that are read with one statement.
const HEADS_PER_PAGE: u32 = 1_000;

/// All heads, as of the last look.
pub(crate) type Heads = Arc<Vec<Head>>;

/// Looks again and again, for all projections of this process, until shutdown.
pub(crate) async fn look(
    reader: EventReader,
    every: Duration,
    heads: watch::Sender<Heads>,
    shutdown: CancellationToken,
) {
    let mut ticks = tokio::time::interval(every);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => {}
        }
        match all(&reader).await {
            Ok(all) => {
                heads.send_replace(Arc::new(all));
            }
            Err(error) => tracing::warn!(error = %error, "the heads of the feeds cannot be read"),
        }
    }
}

async fn all(reader: &EventReader) -> Result<Vec<Head>, sqlx::Error> {
    let mut all = Vec::new();
    // Ends: ids ascend, and every page but the last is full.
    loop {
        let page = reader.all_heads(all.last().map(|head: &Head| head.feed), HEADS_PER_PAGE).await?;
        let is_last = page.len() < HEADS_PER_PAGE as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}
