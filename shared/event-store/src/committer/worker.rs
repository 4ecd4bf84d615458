//! One committer: its queue, its tries, its answers.

use super::{
    CommitterConfig, OnCommit,
    batch::{Fate, Try},
    cache::Cache,
    error::{Remedy, RunError},
    session::Session,
    sql::{heads::LockMode, script::Script},
    use_case::{Reply, Submission, SubmitError},
};
use crate::snapshots::Snapshots;
use domain::{ids::FeedId, stream::StreamId};
use std::{
    collections::{BTreeSet, VecDeque},
    time::{Duration, Instant},
};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tracing::{Instrument, Span, error, info_span, warn};

/// Where an answer goes.
pub(super) type ReplyTo = oneshot::Sender<Result<Reply, SubmitError>>;

/// A command and the one who waits for its answer.
pub(super) struct Job {
    pub(super) submission: Submission,
    pub(super) reply: ReplyTo,
    /// Free again when the command has its answer.
    _place: OwnedSemaphorePermit,
    pub(super) since: Instant,
    skips: u8,
    /// The answer of a COMMIT with this command in it was lost.
    in_doubt: bool,
}

impl Job {
    pub(super) fn new(submission: Submission, reply: ReplyTo, place: OwnedSemaphorePermit) -> Self {
        Self { submission, reply, _place: place, since: Instant::now(), skips: 0, in_doubt: false }
    }

    fn answer(self, result: Result<Reply, SubmitError>) {
        // Who hung up has no answer to get; the command is done all the same.
        let _ = self.reply.send(result);
    }

    /// What its sender is told when its time is over.
    fn give_up(self) {
        let result = if self.in_doubt { SubmitError::Unknown } else { SubmitError::StoreUnavailable };
        self.answer(Err(result));
    }
}

/// After so many times left out, a feed that others keep locked is waited for, alone.
const SKIPS_MAX: u8 = 3;
/// After a wait in vain the lock's owner is dead or frozen, not busy, and may hold other feeds too: so
/// long locks are only looked at, which finds a free one as well, and nobody else is held up.
const NO_WAIT: Duration = Duration::from_secs(4);
/// Pause when every feed of a batch is locked by others.
const SKIP_PAUSE: Duration = Duration::from_millis(5);
/// An idle connection is asked for life this often; MySQL would end it after 3 s.
const KEEP_ALIVE: Duration = Duration::from_secs(1);
/// Pauses between tries on a new connection: from the first, doubling, to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));
/// Tries that only had to know more; beyond it something is wrong with the batch.
const AGAIN_MAX: u32 = 16;

/// One try, in the trace of its first command and linked to those of the others.
fn span(batch: &[&Submission]) -> Span {
    let traces = batch.iter().map(|submission| submission.metadata.traceparent.as_deref());
    trace_context::join(
        traces,
        || info_span!(target: trace_context::TARGET, parent: None, "commit batch", commands = batch.len()),
    )
}

pub(super) struct Worker {
    pub(super) config: CommitterConfig,
    pub(super) session: Session,
    script: Script,
    pub(super) cache: Cache,
    pub(super) waiting: VecDeque<Job>,
    pub(super) on_commit: OnCommit,
    snapshots: Snapshots,
    /// Where it tells how many commands wait.
    depth: metrics::Gauge,
    no_wait_until: Option<Instant>,
}

impl Worker {
    pub(super) fn new(
        config: CommitterConfig,
        on_commit: OnCommit,
        snapshots: Snapshots,
        number: usize,
    ) -> Result<Self, sqlx::Error> {
        let session = Session::new(&config.url)?;
        let cache = Cache::new(config.cache_bytes);
        let depth = metrics::gauge!("committer_waiting_commands", "committer" => number.to_string());
        Ok(Self {
            config,
            session,
            script: Script::default(),
            cache,
            waiting: VecDeque::new(),
            on_commit,
            snapshots,
            depth,
            no_wait_until: None,
        })
    }

    /// Works until the queue is closed and empty.
    pub(super) async fn run(mut self, mut queue: mpsc::Receiver<Job>) {
        let mut keep_alive = interval(KEEP_ALIVE);
        keep_alive.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.waiting.is_empty() {
                tokio::select! {
                    job = queue.recv() => match job {
                        Some(job) => self.waiting.push_back(job),
                        None => return,
                    },
                    _ = keep_alive.tick() => {
                        self.session.keep_alive().await;
                        continue;
                    }
                }
            }
            // More than one batch: the next ones may all be of a feed that others have locked. Each has
            // one of the places of this committer, so they are bounded.
            while let Ok(job) = queue.try_recv() {
                self.waiting.push_back(job);
            }
            let (batch, lock_mode) = self.next_batch();
            #[expect(clippy::cast_precision_loss, reason = "the queue is bounded")]
            self.depth.set(self.waiting.len() as f64);
            metrics::histogram!("committer_batch_commands").record(batch.len() as f64);
            self.process(batch, lock_mode).await;
        }
    }

    /// The commands of the next transaction, in the order in which they came.
    fn next_batch(&mut self) -> (Vec<Job>, LockMode) {
        let may_wait = self.no_wait_until.is_none_or(|until| until <= Instant::now());
        let starved = self.waiting.iter().find(|job| may_wait && job.skips >= SKIPS_MAX).map(|job| job.submission.feed);
        let most = self.config.batch_commands;
        let Some(feed) = starved else {
            let count = self.waiting.len().min(most);
            return (self.waiting.drain(..count).collect(), LockMode::SkipLocked);
        };
        let mut alone = Vec::new();
        let mut others = VecDeque::with_capacity(self.waiting.len());
        for mut job in self.waiting.drain(..) {
            if job.submission.feed == feed && alone.len() < most {
                job.skips = 0;
                alone.push(job);
            } else {
                others.push_back(job);
            }
        }
        self.waiting = others;
        (alone, LockMode::Wait)
    }

    /// Tries a batch until each of its commands has an answer or waits again.
    async fn process(&mut self, mut batch: Vec<Job>, lock_mode: LockMode) {
        let mut wanted: Vec<(FeedId, StreamId)> = Vec::new();
        let mut distrust_new = false;
        let mut pause = PAUSES.0;
        let mut agains = 0;
        while !batch.is_empty() {
            let failure = match self.attempt(&mut batch, lock_mode, &wanted, distrust_new).await {
                Ok(fates) => return self.settle(batch, fates).await,
                Err(failure) => failure,
            };
            metrics::counter!("committer_retries_total", "cause" => failure.cause()).increment(1);
            match (failure.remedy(), &failure) {
                (Remedy::Again, _) if agains < AGAIN_MAX => {
                    agains += 1;
                    match failure {
                        RunError::NeedStreams(streams) => wanted.extend(streams),
                        RunError::StreamExists => distrust_new = true,
                        _ => {}
                    }
                }
                (Remedy::Later, _) => {
                    warn!(commands = batch.len(), error = %failure, "a batch will be tried again");
                    batch = self.give_up_late(batch);
                    if lock_mode == LockMode::Wait {
                        // Another process keeps the feed locked: the other feeds go first now.
                        self.no_wait_until = Some(Instant::now() + NO_WAIT);
                        return self.waiting.extend(batch);
                    }
                    sleep(pause).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
                _ => return self.split(batch, &failure).await,
            }
        }
    }

    /// One try. After an error the session is closed, so that its locks are free, and what was
    /// remembered of its feeds is forgotten.
    async fn attempt(
        &mut self,
        batch: &mut [Job],
        lock_mode: LockMode,
        wanted: &[(FeedId, StreamId)],
        distrust_new: bool,
    ) -> Result<Vec<Fate>, RunError> {
        let started = Instant::now();
        let mut commit_sent = false;
        let mut shards = BTreeSet::new();
        let submissions: Vec<&Submission> = batch.iter().map(|job| &job.submission).collect();
        let mut one_try = Try {
            snapshots: &self.snapshots,
            session: &mut self.session,
            script: &mut self.script,
            cache: &mut self.cache,
            lock_mode,
            distrust_new,
            wanted,
            batch_bytes: self.config.batch_bytes,
            commit_sent: &mut commit_sent,
            shards: &mut shards,
        };
        let running = one_try.run(&submissions).instrument(span(&submissions));
        let result = timeout(self.config.batch_deadline, running).await.unwrap_or(Err(RunError::Deadline));
        match &result {
            Ok(_) => {
                metrics::histogram!("committer_transaction_seconds").record(started.elapsed().as_secs_f64());
                if !shards.is_empty() {
                    (self.on_commit)(&shards);
                }
            }
            Err(failure) => {
                self.clean_up(batch, failure).await;
                if commit_sent {
                    batch.iter_mut().for_each(|job| job.in_doubt = true);
                }
            }
        }
        result
    }

    async fn clean_up(&mut self, batch: &[Job], failure: &RunError) {
        match failure {
            // The connection is sound: end the transaction and keep what was learnt.
            RunError::NeedStreams(_) | RunError::StreamExists | RunError::CacheBehind => {
                self.session.keep_alive().await;
            }
            _ => {
                self.session.discard();
                for job in batch {
                    self.cache.forget(job.submission.feed);
                }
            }
        }
    }

    /// Hands out the answers of a committed batch. What did not fit waits again in front; what others
    /// have locked waits at the end, so that it does not stand before the rest.
    async fn settle(&mut self, batch: Vec<Job>, fates: Vec<Fate>) {
        let mut again = Vec::new();
        let mut answered = false;
        for (mut job, fate) in batch.into_iter().zip(fates) {
            match fate {
                Fate::Answered(result) => {
                    answered = true;
                    job.answer(result);
                }
                Fate::LeftOver | Fate::Skipped if job.since.elapsed() > self.config.command_deadline => job.give_up(),
                Fate::LeftOver => {
                    answered = true;
                    again.push(job);
                }
                Fate::Skipped => {
                    job.skips = job.skips.saturating_add(1);
                    self.waiting.push_back(job);
                }
            }
        }
        for job in again.into_iter().rev() {
            self.waiting.push_front(job);
        }
        if !answered {
            sleep(SKIP_PAUSE).await;
        }
    }

    /// Tells those whose time is over that their command is unknown or not done.
    fn give_up_late(&self, batch: Vec<Job>) -> Vec<Job> {
        let (late, rest): (Vec<_>, Vec<_>) =
            batch.into_iter().partition(|job| job.since.elapsed() > self.config.command_deadline);
        late.into_iter().for_each(Job::give_up);
        rest
    }

    /// Finds the command that spoils a batch, by halves; its neighbours commit.
    async fn split(&mut self, mut batch: Vec<Job>, failure: &RunError) {
        if batch.len() == 1 {
            if let Some(job) = batch.pop() {
                let Submission { feed, command_id, .. } = &job.submission;
                error!(%feed, %command_id, error = %failure, "a command cannot be stored");
                let result = if job.in_doubt { SubmitError::Unknown } else { SubmitError::Internal };
                job.answer(Err(result));
            }
            return;
        }
        let second = batch.split_off(batch.len() / 2);
        for half in [batch, second] {
            // Depth is bounded by the logarithm of the batch.
            Box::pin(self.process(half, LockMode::Wait)).await;
        }
    }
}
