//! One feed of a rebuild, from where it stands to the head.
//!
//! Many events make one transaction, and an order that is placed, cooked and served within it is one
//! row that is written once. The next events are read while the last ones are written.

use super::{
    RebuildError,
    build::Work,
    pace::{BATCH_MAX, Pace},
};
use crate::{
    generation::Projection,
    runner::{
        checkpoint::Checkpoint,
        commit::{Committed, Committer},
        job::{self, Context, JobError},
    },
};
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
    limits::PAGE_EVENTS_MAX,
};
use event_store::{
    follow::{FeedFollower, FollowError},
    reader::EventReader,
};
use sqlx::{MySqlPool, Row};
use std::{collections::HashSet, sync::Mutex};
use tokio::{sync::mpsc, time::Instant};
use tokio_util::task::AbortOnDropHandle;

/// Batches of one feed that are read and not yet written.
const READ_AHEAD: usize = 1;
/// Bytes of payload of one batch.
const BATCH_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A feed and the head that it is brought to.
pub(super) struct FeedWork<'a> {
    pub(super) work: &'a Work,
    pub(super) feed: FeedId,
    pub(super) to: Cursor,
}

/// One generation in this feed.
struct Target<'a> {
    context: &'a Context,
    at: Checkpoint,
    left_out: HashSet<u64>,
}

impl FeedWork<'_> {
    /// Brings every generation of the rebuild to the head that was seen.
    pub(super) async fn run(&self) -> Result<(), RebuildError> {
        // Ends: each turn moves a checkpoint, or finds that another process has moved it.
        loop {
            let mut targets = self.targets().await?;
            let Some(from) = targets.iter().map(|target| target.at.cursor).min() else { return Ok(()) };
            if from >= self.to || self.read_and_apply(from, &mut targets).await? {
                return Ok(());
            }
        }
    }

    async fn targets(&self) -> Result<Vec<Target<'_>>, RebuildError> {
        let mut targets = Vec::with_capacity(self.work.contexts.len());
        for context in &self.work.contexts {
            let at = job::stand(context, self.feed, self.to.epoch).await.map_err(from_job)?;
            let left_out = left_out(&context.pool, context.view.projection(), self.feed, at.cursor.epoch).await?;
            targets.push(Target { context, at, left_out });
        }
        Ok(targets)
    }

    /// Answers whether the head was reached; not where a checkpoint was moved by somebody else.
    async fn read_and_apply(&self, from: Cursor, targets: &mut [Target<'_>]) -> Result<bool, RebuildError> {
        let (sender, mut batches) = mpsc::channel(READ_AHEAD);
        let reading = read(self.work.reader.clone(), self.feed, (from, self.to), self.work.pace(), sender);
        let _reader = AbortOnDropHandle::new(tokio::spawn(reading));
        while let Some(batch) = batches.recv().await {
            let batch = batch?;
            let _turn = self.work.turn().await;
            let began = Instant::now();
            for target in targets.iter_mut() {
                self.work.leased().await;
                if !self.apply(target, &batch).await? {
                    return Ok(false);
                }
            }
            self.work.rest(began.elapsed()).await;
        }
        Ok(true)
    }

    async fn apply(&self, target: &mut Target<'_>, batch: &[RecordedEvent]) -> Result<bool, RebuildError> {
        let done = batch.iter().take_while(|event| event.cursor <= target.at.cursor).count();
        let Target { context, at, left_out } = target;
        let committer = Committer { pool: &context.pool, view: &*context.view, feed: self.feed, left_out };
        match committer.commit(*at, &batch[done..]).await? {
            Committed::To(checkpoint) => {
                target.at = checkpoint;
                Ok(true)
            }
            Committed::Lost => Ok(false),
        }
    }
}

/// Reads from here to there, a batch at a time, until nobody wants more.
async fn read(
    reader: EventReader,
    feed: FeedId,
    (from, to): (Cursor, Cursor),
    pace: std::sync::Arc<Mutex<Pace>>,
    batches: mpsc::Sender<Result<Vec<RecordedEvent>, FollowError>>,
) {
    let mut follower = FeedFollower::new(feed, from);
    while follower.cursor() < to {
        let size = pace.lock().map_or(BATCH_MAX, |pace| pace.batch());
        let batch = read_batch(&reader, &mut follower, size, to).await;
        let is_last = batch.as_ref().map_or(true, Vec::is_empty);
        if batches.send(batch).await.is_err() || is_last {
            return;
        }
    }
}

async fn read_batch(
    reader: &EventReader,
    follower: &mut FeedFollower,
    size: usize,
    to: Cursor,
) -> Result<Vec<RecordedEvent>, FollowError> {
    let (mut batch, mut bytes) = (Vec::with_capacity(size), 0);
    // Ends: the follower moves with every page, and an empty one is the end.
    while batch.len() < size && bytes < BATCH_BYTES_MAX && follower.cursor() < to {
        let page = follower.catch_up(reader, PAGE_EVENTS_MAX).await?;
        if page.is_empty() {
            break;
        }
        bytes += page.iter().map(|event| event.payload.len()).sum::<usize>();
        batch.extend(page);
    }
    Ok(batch)
}

fn from_job(error: JobError) -> RebuildError {
    match error {
        JobError::Views(error) => error.into(),
        JobError::Follow(error) => error.into(),
        other => RebuildError::Sql(sqlx::Error::Protocol(other.to_string())),
    }
}

/// The positions that somebody decided to leave out.
async fn left_out(
    views: &MySqlPool,
    projection: Projection,
    feed: FeedId,
    epoch: u32,
) -> Result<HashSet<u64>, sqlx::Error> {
    sqlx::query("SELECT position FROM parked_skips WHERE projection = ? AND feed_id = ? AND epoch = ?")
        .bind(projection.to_string())
        .bind(feed.0)
        .bind(epoch)
        .fetch_all(views)
        .await?
        .iter()
        .map(|row| row.try_get("position"))
        .collect()
}
