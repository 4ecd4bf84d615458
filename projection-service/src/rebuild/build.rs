//! Filling generations: pass after pass over all feeds, until a pass has little left to do.

use super::{
    RebuildError, Sides,
    extent::{self, Stand},
    feed::FeedWork,
    pace::Pace,
    run::Options,
};
use crate::{
    generation::Projection,
    progress::Progress,
    runner::{backoff, job::Context},
    views,
};
use domain::{envelope::Cursor, ids::FeedId};
use event_store::{
    follow::FollowError,
    reader::{EventReader, Head},
};
use futures::{StreamExt, TryStreamExt, stream};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, SemaphorePermit, watch},
    time::{Instant, sleep},
};

/// A pass that finds no more than so many events is the last one: services take over from there.
const LITTLE: u64 = 1_000;
/// Passes until the rebuild gives up: each finds what came in during the one before, so with half as much
/// coming in as is applied, seventeen of them are enough for a hundred million events.
pub const PASSES_MAX: u32 = 50;
/// Tries of one feed in a row that move nothing, before the rebuild gives up. It can be run again.
const TRIES_MAX: u32 = 8;

/// What all feeds of a rebuild share.
pub(super) struct Work {
    /// One for each generation that is filled.
    pub(super) contexts: Vec<Context>,
    pub(super) reader: EventReader,
    sides: Sides,
    workers: usize,
    passes: u32,
    pace: Arc<Mutex<Pace>>,
    /// A place for each worker.
    turns: Semaphore,
    /// Until when the leases are good, by the clock of this process.
    leased_until: watch::Receiver<Instant>,
}

impl Work {
    pub(super) fn new(
        sides: &Sides,
        projections: &[Projection],
        options: &Options,
        pace: Arc<Mutex<Pace>>,
        leased_until: watch::Receiver<Instant>,
    ) -> Self {
        let context = |projection: &Projection| Context {
            view: views::of(*projection),
            pool: sides.views.clone(),
            reader: sides.events.clone(),
            progress: Arc::new(Progress::default()),
        };
        let contexts = projections.iter().map(context).collect();
        let workers = options.workers.max(1);
        Self {
            contexts,
            reader: sides.events.clone(),
            sides: sides.clone(),
            workers,
            passes: options.passes,
            pace,
            turns: Semaphore::new(workers),
            leased_until,
        }
    }

    /// Brings every feed to its head. With orders coming in, a few events are always missing.
    pub(super) async fn fill(&self) -> Result<(), RebuildError> {
        let mut missing = 0;
        for _ in 0..self.passes {
            let behind = self.behind().await?;
            missing = behind.iter().map(|(_, events)| events).sum();
            self.pass(behind.into_iter().map(|(head, _)| head).collect()).await?;
            if missing <= LITTLE {
                return Ok(());
            }
        }
        let projections = self.contexts.iter().map(|context| context.view.projection()).collect();
        Err(RebuildError::Outrun { projections, passes: self.passes, events: missing })
    }

    /// The feeds that are behind, and by how much, the largest first.
    async fn behind(&self) -> Result<Vec<(Head, u64)>, RebuildError> {
        let mut stands = Vec::with_capacity(self.contexts.len());
        for context in &self.contexts {
            stands.push(extent::checkpoints(&self.sides.views, context.view.projection()).await?);
        }
        let heads = extent::heads(&self.sides).await?;
        let events = |head: &Head| stands.iter().map(|stands| missing(stands, head)).max().unwrap_or_default();
        let mut behind: Vec<(Head, u64)> = heads.iter().map(|head| (*head, events(head))).collect();
        behind.retain(|(_, events)| *events > 0);
        behind.sort_by_key(|(_, events)| std::cmp::Reverse(*events));
        Ok(behind)
    }

    async fn pass(&self, heads: Vec<Head>) -> Result<(), RebuildError> {
        stream::iter(heads).map(|head| self.feed(head)).buffer_unordered(self.workers).try_collect().await
    }

    /// One feed, tried again while MySQL is away for a moment, and brought to its new head where it was
    /// renumbered meanwhile.
    async fn feed(&self, head: Head) -> Result<(), RebuildError> {
        let (feed, mut to, mut tries) = (head.feed, head.cursor, 0);
        loop {
            let began = Instant::now();
            match self.bring(feed, to).await {
                Ok(now) if now.epoch == to.epoch => return Ok(()),
                Ok(now) if tries < TRIES_MAX => {
                    tracing::warn!(%feed, epoch = now.epoch, "the feed was renumbered: the rebuild begins it again");
                    (to, tries) = (now, tries + 1);
                }
                Ok(_) => return Err(RebuildError::Renumbered(feed)),
                Err(RebuildError::Sql(error) | RebuildError::Feed(FollowError::Store(error))) if tries < TRIES_MAX => {
                    // Work of many batches that fails at last counts as the first failure again.
                    tries = if began.elapsed() > Duration::from_secs(60) { 1 } else { tries + 1 };
                    tracing::warn!(%feed, tries, error = %error, "a feed of the rebuild is tried again");
                    sleep(backoff::after(tries, feed.0.as_u64_pair().1)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Brings a feed there, unless it is renumbered meanwhile. Answers where the feed stands afterwards.
    async fn bring(&self, feed: FeedId, to: Cursor) -> Result<Cursor, RebuildError> {
        match (FeedWork { work: self, feed, to }).run().await {
            // A feed that is shorter than before ends early; one that is longer is seen to be another one.
            Ok(()) | Err(RebuildError::Feed(FollowError::OtherEpoch { .. })) => {}
            Err(error) => return Err(error),
        }
        Ok(self.reader.head(feed).await?.map_or(to, |head| head.cursor))
    }

    /// Waits until the leases are good: after this process was frozen for longer than they last, it must
    /// first be seen whether somebody else has one. Then the whole rebuild ends.
    pub(super) async fn leased(&self) {
        // Nobody renews any more only when the rebuild has ended, and with it whoever waits here.
        let _ = self.leased_until.clone().wait_for(|until| Instant::now() < *until).await;
    }

    /// The turn to write a batch. While orders come in one worker writes at a time, so that one core is
    /// left for them; else all do.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        let alone = self.pace.lock().unwrap_or_else(PoisonError::into_inner).orders();
        let places = if alone { self.workers } else { 1 };
        // It is never closed, so there always is one.
        self.turns.acquire_many(u32::try_from(places).unwrap_or(u32::MAX)).await.ok()
    }

    /// Rests after work of this length, while orders are slower than before.
    pub(super) async fn rest(&self, work: Duration) {
        let rest = self.pace.lock().unwrap_or_else(PoisonError::into_inner).rest_after(work);
        if !rest.is_zero() {
            sleep(rest).await;
        }
    }

    /// How hard it works, for who reads ahead.
    pub(super) fn pace(&self) -> Arc<Mutex<Pace>> {
        Arc::clone(&self.pace)
    }
}

fn missing(stands: &HashMap<FeedId, Stand>, head: &Head) -> u64 {
    match stands.get(&head.feed) {
        Some(stand) if stand.cursor >= head.cursor => 0,
        Some(stand) if stand.cursor.epoch == head.cursor.epoch => head.cursor.position - stand.cursor.position,
        _ => head.cursor.position,
    }
}
