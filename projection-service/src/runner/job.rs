//! One step of one feed, alone: find the next events, apply them.

use super::{
    checkpoint::{self, Checkpoint},
    commit::{Committed, Committer},
    parking, tx,
};
use crate::{
    generation::Projection,
    progress::Progress,
    views::{self, View},
};
use chrono::Utc;
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
    limits::PAGE_EVENTS_MAX,
};
use event_store::{
    follow::{FeedFollower, FollowError, Offer},
    reader::EventReader,
};
use failpoints::failpoint;
use sqlx::MySqlPool;
use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::timeout;
use tracing::{Instrument, Span, info_span};

/// How long one step may take: longer than a wait for a lock, and than MySQL keeps the transaction of
/// a projector that is gone.
pub(super) const STEP_WITHIN: Duration = Duration::from_secs(20);

/// What the jobs of one projection share.
pub(crate) struct Context {
    /// The view.
    pub(crate) view: Arc<dyn View>,
    /// The read side, READ COMMITTED.
    pub(crate) pool: MySqlPool,
    /// The event side.
    pub(crate) reader: EventReader,
    /// Who waits for a position.
    pub(crate) progress: Arc<Progress>,
}

/// One step of one feed.
pub(crate) struct Job {
    pub(crate) feed: FeedId,
    /// Where the projection is believed to stand; nothing makes the job look.
    pub(crate) known: Option<Checkpoint>,
    /// What came in live, at most a page.
    pub(crate) live: Vec<RecordedEvent>,
    /// The furthest place of the feed that anybody told of.
    pub(crate) target: Cursor,
}

/// Why a step failed; every one is tried again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JobError {
    /// The read side.
    #[error("the views database: {0}")]
    Views(#[from] sqlx::Error),
    /// The event side.
    #[error(transparent)]
    Follow(#[from] FollowError),
    /// It took longer than a step may take; the network may be gone without a word.
    #[error("no end within {}s", STEP_WITHIN.as_secs())]
    TooSlow,
    /// The checkpoint is in an epoch that the feed has not reached.
    #[error("the checkpoint is in epoch {view}, the feed in {feed}: the store was set back")]
    SetBack {
        /// Of the checkpoint.
        view: u32,
        /// Of the feed.
        feed: u32,
    },
}

impl Job {
    /// Does the step within its time. Answers as [`Self::step`].
    pub(crate) async fn run(self, context: &Context) -> Result<Option<Checkpoint>, JobError> {
        timeout(STEP_WITHIN, self.step(context)).await.unwrap_or(Err(JobError::TooSlow))
    }

    /// Does the step. Answers where the projection stands now; nothing when that must be looked up.
    async fn step(self, context: &Context) -> Result<Option<Checkpoint>, JobError> {
        let mut at = match self.known {
            Some(known) => known,
            None => load(context, self.feed, self.target.epoch).await?,
        };
        if self.target.epoch > at.cursor.epoch {
            match start_again(context, self.feed, at).await? {
                Some(checkpoint) => at = checkpoint,
                None => return Ok(None),
            }
        }
        let events = self.next_events(context, at).await?;
        // What is left out is decided when it is parked: by then it is behind the checkpoint.
        let left_out = &HashSet::new();
        let committer = Committer { pool: &context.pool, view: &*context.view, feed: self.feed, left_out };
        let committed =
            committer.commit(at, &events).instrument(span(context.view.projection(), events.iter())).await?;
        failpoint!("projection.committed").map_err(sqlx::Error::Io)?;
        let Committed::To(checkpoint) = committed else {
            metrics::counter!("projection_checkpoint_conflicts_total", "projection" => context.view.projection().to_string())
                .increment(1);
            return Ok(None);
        };
        tell(context, [(self.feed, &*events)]);
        Ok(Some(checkpoint))
    }

    /// What came in live, as far as it follows without a hole; else the next page from MySQL.
    async fn next_events(&self, context: &Context, at: Checkpoint) -> Result<Vec<RecordedEvent>, FollowError> {
        let mut follower = FeedFollower::new(self.feed, at.cursor);
        let mut events = Vec::new();
        for event in &self.live {
            match follower.offer(event.clone()) {
                Offer::Next(event) => events.push(event),
                Offer::Seen => {}
                Offer::Hole { .. } => {
                    metrics::counter!("projection_holes_total", "projection" => context.view.projection().to_string())
                        .increment(1);
                    break;
                }
                Offer::OtherEpoch => break,
            }
        }
        if events.is_empty() && self.target > at.cursor {
            events = follower.catch_up(&context.reader, PAGE_EVENTS_MAX).await?;
            metrics::counter!("projection_caught_up_events_total", "projection" => context.view.projection().to_string())
                .increment(events.len() as u64);
        }
        Ok(events)
    }
}

/// Tells whoever waits, and the metrics, of one transaction that applied these events.
pub(super) fn tell<'e>(context: &Context, feeds: impl IntoIterator<Item = (FeedId, &'e [RecordedEvent])>) {
    let (projection, now) = (context.view.projection(), Utc::now());
    let (mut n_feeds, mut n_events) = (0, 0);
    for (feed, events) in feeds {
        let Some(last) = events.last() else { continue };
        context.progress.moved(projection, feed, last.cursor);
        let lag = (now - last.recorded_at).to_std().unwrap_or_default();
        metrics::histogram!("projection_lag_seconds", "projection" => projection.to_string()).record(lag.as_secs_f64());
        (n_feeds, n_events) = (n_feeds + 1, n_events + events.len() as u64);
    }
    if n_feeds > 0 {
        metrics::counter!("projection_batches_total", "projection" => projection.to_string()).increment(1);
        metrics::counter!("projection_batched_feeds_total", "projection" => projection.to_string()).increment(n_feeds);
        metrics::counter!("projection_events_total", "projection" => projection.to_string()).increment(n_events);
    }
}

/// One transaction, in the trace of its first new event and linked to those of the others.
pub(super) fn span<'e>(projection: Projection, events: impl Iterator<Item = &'e RecordedEvent> + Clone) -> Span {
    let (now, n_events) = (Utc::now(), events.clone().count());
    let traces = events.map(|event| {
        let age = (now - event.recorded_at).to_std().unwrap_or_default();
        trace_context::worth(event.metadata.traceparent.as_deref(), age)
    });
    trace_context::join(traces, || {
        info_span!(
            target: trace_context::TARGET,
            parent: None,
            "apply events",
            otel.kind = "consumer",
            %projection,
            events = n_events,
        )
    })
}

/// Where a projection stands in a feed that is in this epoch; at its beginning, where it has never met
/// the feed or the feed was renumbered.
pub(crate) async fn stand(context: &Context, feed: FeedId, epoch: u32) -> Result<Checkpoint, JobError> {
    // Ends: a renumbered feed is started again by this process or another, once.
    loop {
        let at = load(context, feed, epoch).await?;
        if epoch <= at.cursor.epoch {
            return Ok(at);
        }
        if let Some(at) = start_again(context, feed, at).await? {
            return Ok(at);
        }
    }
}

async fn load(context: &Context, feed: FeedId, epoch: u32) -> Result<Checkpoint, sqlx::Error> {
    let projection = context.view.projection();
    let mut connection = context.pool.acquire().await?;
    if let Some(found) = checkpoint::read(&mut connection, projection, feed).await? {
        return Ok(found);
    }
    checkpoint::create(&mut connection, projection, feed, epoch).await?;
    checkpoint::read(&mut connection, projection, feed).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The feed was renumbered (restored from a backup): its rows are dropped and applied again from the
/// first event. Only the event store's own word counts, not that of a message.
async fn start_again(context: &Context, feed: FeedId, at: Checkpoint) -> Result<Option<Checkpoint>, JobError> {
    let epoch = context.reader.head(feed).await.map_err(FollowError::Store)?.map_or(0, |head| head.cursor.epoch);
    if epoch < at.cursor.epoch {
        return Err(JobError::SetBack { view: at.cursor.epoch, feed: epoch });
    }
    if epoch == at.cursor.epoch {
        return Ok(Some(at));
    }
    let (projection, start) = (context.view.projection(), Cursor { epoch, position: 0 });
    let mut tx = tx::begin(&context.pool).await?;
    if !checkpoint::advance(&mut tx, projection, feed, at, start).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    parking::forget(&mut tx, projection, feed).await?;
    checkpoint::set_parked(&mut tx, projection, feed, 0).await?;
    views::clear(&mut tx, &*context.view, feed).await?;
    tx.commit().await?;
    tracing::warn!(%projection, %feed, epoch, "the feed was renumbered: its rows are made again");
    Ok(Some(Checkpoint { cursor: start, parked: 0 }))
}
