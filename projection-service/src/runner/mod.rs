//! Keeps one projection up to date.
//!
//! Truth is the checkpoint: it moves by compare-and-set as the first statement of the transaction that
//! changes the rows, so each event has its effect once, whoever delivers it and how often. Everything
//! else only makes it fast: leases (two projectors do not do the same work), live messages (work
//! starts at once), and a look at the heads each second (what messages did not tell).
//!
//! A runner is one task that knows what each feed needs. What comes in live is applied in groups, one at a
//! time: the next events of many feeds in one transaction. A bounded number of workers beside it take steps
//! of one feed each, up to a page of events: what must be looked up, and what a group could not do.
//!
//! Events gather for a moment before a group begins, so that it is not read models that keep disk and processor
//! from the orders of guests and from screens. Nobody who waits for a read model waits for that.

pub(crate) mod backoff;
pub(crate) mod checkpoint;
pub(crate) mod commit;
mod gathering;
mod group;
pub(crate) mod heads;
pub(crate) mod job;
pub(crate) mod live;
mod parking;
pub(crate) mod poison;
mod shards;
mod slots;
pub(crate) mod tx;

use self::{
    checkpoint::Checkpoint,
    gathering::Gathering,
    group::{Group, Member, Outcome},
    heads::Heads,
    job::{Context, Job, JobError},
    live::{Live, Subscriptions},
    shards::Shards,
    slots::Slots,
};
use crate::generation::Projection;
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    task::{self, JoinSet},
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// Live events that are taken before the runner looks at anything else.
const LIVE_PER_TURN: usize = 256;

/// How long running steps may take to end after shutdown.
const LAST_STEPS: Duration = Duration::from_secs(10);

/// Settings of one runner.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Feeds that are worked on alone at once.
    pub(crate) workers: usize,
    /// The name of this process in leases.
    pub(crate) owner: String,
    /// How long a lease lasts without being renewed.
    pub(crate) lease: Duration,
}

/// What a job was, and what it came to.
enum Finished {
    /// A step of one feed, and what it was heading for.
    Alone(FeedId, Cursor, Result<Option<Checkpoint>, JobError>),
    /// A step of these feeds.
    Together(Vec<Member>, Result<Outcome, JobError>),
}

struct Runner {
    context: Arc<Context>,
    workers: usize,
    slots: Slots,
    shards: Shards,
    live: Live,
    events: mpsc::Receiver<RecordedEvent>,
    heads: watch::Receiver<Heads>,
    jobs: JoinSet<Finished>,
    /// Which feeds a job works on, should it break.
    running: HashMap<task::Id, Vec<FeedId>>,
    /// The job of the group that runs.
    group: Option<task::Id>,
    /// When the next one begins.
    gathering: Gathering,
    /// Moves when somebody begins to wait for a projection.
    asked: watch::Receiver<()>,
}

/// Runs one projection until shutdown, then lets the running steps end.
pub(crate) async fn run(
    context: Arc<Context>,
    settings: Settings,
    subscriptions: Arc<Subscriptions>,
    heads: watch::Receiver<Heads>,
    shutdown: CancellationToken,
) {
    let shards = Shards::start(&context, &settings, shutdown.clone());
    let (live, events) = Live::new(subscriptions);
    let (slots, jobs) = (Slots::default(), JoinSet::new());
    let mut runner = Runner {
        asked: context.progress.asked(),
        context,
        workers: settings.workers.max(1),
        slots,
        shards,
        live,
        events,
        heads,
        jobs,
        running: HashMap::new(),
        group: None,
        gathering: Gathering::default(),
    };
    runner.run(&shutdown).await;
    runner.end().await;
}

impl Runner {
    async fn run(&mut self, shutdown: &CancellationToken) {
        // Without a task that looks at the heads (it ends only at shutdown) there is nothing to do.
        loop {
            self.start_group();
            self.start_jobs();
            let retry = self.slots.next_retry();
            let is_gathering = self.group.is_none() && self.slots.has_group();
            // While a group runs nobody waits for this, so nobody looks through what has come in.
            let gathered = is_gathering.then(|| self.gathering.until(Instant::now(), &self.slots, &*self.context.view));
            tokio::select! {
                () = shutdown.cancelled() => return,
                Some(event) = self.events.recv() => self.take_live(event),
                Some(done) = self.jobs.join_next_with_id(), if !self.jobs.is_empty() => self.finish(done),
                Ok(()) = self.heads.changed() => self.look_at_heads(),
                Ok(()) = self.shards.changed() => self.change_shards(),
                () = sleep_until(retry.unwrap_or_else(Instant::now)), if retry.is_some() => {
                    self.slots.wake(Instant::now());
                }
                () = sleep_until(gathered.unwrap_or_else(Instant::now)), if gathered.is_some() => {}
                Ok(()) = self.asked.changed(), if is_gathering => {}
                else => return,
            }
        }
    }

    fn start_group(&mut self) {
        if self.group.is_some() || !self.slots.has_group() {
            return;
        }
        let (now, view) = (Instant::now(), &*self.context.view);
        self.gathering.waits(now);
        if !self.gathering.is_over(now, &self.slots, &self.context.progress, view) {
            return;
        }
        let group = Group::of(self.slots.next_group());
        let feeds: Vec<FeedId> = group.feeds().collect();
        if feeds.is_empty() {
            return;
        }
        self.gathering.begin();
        let context = Arc::clone(&self.context);
        let handle = self.jobs.spawn(async move {
            let outcome = group.run(&context).await;
            Finished::Together(group.into_members(), outcome)
        });
        self.running.insert(handle.id(), feeds);
        self.group = Some(handle.id());
    }

    fn start_jobs(&mut self) {
        while self.jobs.len() < self.workers + usize::from(self.group.is_some())
            && let Some(work) = self.slots.next()
        {
            let (context, feed, target) = (Arc::clone(&self.context), work.feed, work.target);
            let job = Job { feed, known: work.known, live: work.live, target };
            let handle = self.jobs.spawn(async move { Finished::Alone(feed, target, job.run(&context).await) });
            self.running.insert(handle.id(), vec![feed]);
        }
    }

    fn take_live(&mut self, event: RecordedEvent) {
        let mut next = Some(event);
        for _ in 0..LIVE_PER_TURN {
            let Some(event) = next else { return };
            if self.shards.holds(event.feed.shard()) {
                self.slots.arrived(event);
            }
            next = self.events.try_recv().ok();
        }
        if let Some(event) = next {
            self.slots.arrived(event);
        }
    }

    fn finish(&mut self, done: Result<(task::Id, Finished), task::JoinError>) {
        let id = done.as_ref().map_or_else(task::JoinError::id, |(id, _)| *id);
        let Some(feeds) = self.running.remove(&id) else { return };
        self.group = self.group.filter(|group| *group != id);
        match done {
            Ok((_, Finished::Alone(feed, target, Ok(at)))) => self.slots.done(feed, at, target),
            Ok((_, Finished::Together(members, Ok(Outcome::Moved)))) => {
                let now = Instant::now();
                members.iter().for_each(|member| self.slots.moved(member, now));
            }
            Ok((_, Finished::Together(_, Ok(Outcome::Apart)))) => {
                feeds.iter().for_each(|feed| self.slots.apart(*feed));
            }
            Ok((_, Finished::Alone(_, _, Err(error)) | Finished::Together(_, Err(error)))) => {
                feeds.iter().for_each(|feed| self.fail(*feed, &error));
            }
            Err(broken) => feeds.iter().for_each(|feed| self.fail(*feed, &broken)),
        }
    }

    fn fail(&mut self, feed: FeedId, error: &dyn std::error::Error) {
        let failures = self.slots.failed(feed);
        let wait = backoff::after(failures, feed.0.as_u64_pair().1);
        self.slots.wait_until(feed, Instant::now() + wait);
        metrics::counter!("projection_failed_steps_total", "projection" => self.projection().to_string()).increment(1);
        tracing::warn!(projection = %self.projection(), %feed, failures, error = %error, "a step is tried again");
    }

    fn look_at_heads(&mut self) {
        let (heads, now) = (Arc::clone(&self.heads.borrow_and_update()), Instant::now());
        for head in heads.iter().filter(|head| self.shards.holds(head.feed.shard())) {
            let known = self.slots.known(head.feed);
            if known.is_some_and(|known| known.epoch > head.cursor.epoch) {
                tracing::error!(projection = %self.projection(), feed = %head.feed, "the view is ahead of its feed");
            }
            self.slots.head_seen(head.feed, head.cursor, now);
        }
        let seconds = self.slots.behind_for(now).as_secs_f64();
        metrics::gauge!("projection_behind_seconds", "projection" => self.projection().to_string()).set(seconds);
        metrics::gauge!("projection_behind_events", "projection" => self.projection().to_string())
            .set(self.slots.behind() as f64);
    }

    fn change_shards(&mut self) {
        let held = self.shards.held();
        self.live.follow(&held);
        self.slots.keep(|feed| held.contains(&feed.shard()));
        self.look_at_heads();
        metrics::gauge!("projection_shards", "projection" => self.projection().to_string()).set(held.len() as f64);
    }

    /// Lets the running steps end, so that a start right after finds nothing half done.
    async fn end(mut self) {
        let all_ended = async { while self.jobs.join_next_with_id().await.is_some() {} };
        if timeout(LAST_STEPS, all_ended).await.is_err() {
            tracing::warn!(projection = %self.projection(), "steps were cut off at shutdown; they will be redone");
        }
        metrics::gauge!("projection_behind_events", "projection" => self.projection().to_string()).set(0.0);
        metrics::gauge!("projection_behind_seconds", "projection" => self.projection().to_string()).set(0.0);
        metrics::gauge!("projection_shards", "projection" => self.projection().to_string()).set(0.0);
        self.shards.end().await;
    }

    fn projection(&self) -> Projection {
        self.context.view.projection()
    }
}
