//! The way in: queues in front of the committers.

use super::{
    CommitterConfig, OnCommit,
    use_case::{Reply, Submission, SubmitError},
    worker::{Job, ReplyTo, Worker},
};
use crate::{
    pool::{self, Isolation},
    snapshots::{Snapshots, keep},
};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The way to one committer, and the places of those who wait for it or are being committed.
struct Queue {
    jobs: mpsc::Sender<Job>,
    places: Arc<Semaphore>,
}

/// The committers of one process. Cheap to clone.
#[derive(Clone)]
pub struct Committers {
    queues: Arc<RwLock<Vec<Queue>>>,
    tasks: TaskTracker,
}

impl Committers {
    /// Starts the committers. `on_commit` is told the shards that have new events; it must not block.
    ///
    /// When `shutdown` is cancelled, new commands are refused; those that wait are still done.
    ///
    /// # Errors
    /// When the address in `config` is malformed. A server that is away is no error: commands are
    /// answered `StoreUnavailable` until it is back.
    #[expect(clippy::needless_pass_by_value, reason = "it keeps them: each committer has a copy")]
    pub fn start(
        config: CommitterConfig,
        on_commit: OnCommit,
        shutdown: CancellationToken,
    ) -> Result<Self, sqlx::Error> {
        let tasks = TaskTracker::new();
        let mut queues = Vec::with_capacity(config.committers);
        let (snapshots, notes) = Snapshots::new(config.snapshot_every, config.snapshot_audit_one_in);
        // One connection, and none before the first note: states are kept seldom.
        tasks.spawn(keep(pool::connect_lazy(&config.url, Isolation::ReadCommitted, 1)?, notes));
        for number in 0..config.committers.max(1) {
            let (sender, receiver) = mpsc::channel(config.queue);
            tasks.spawn(Worker::new(config.clone(), on_commit.clone(), snapshots.clone(), number)?.run(receiver));
            queues.push(Queue { jobs: sender, places: Arc::new(Semaphore::new(config.queue)) });
        }
        let queues = Arc::new(RwLock::new(queues));
        let closing = queues.clone();
        tasks.spawn(async move {
            shutdown.cancelled().await;
            // Without senders each queue ends once it is empty, and its committer with it.
            closing.write().unwrap_or_else(PoisonError::into_inner).clear();
        });
        tasks.close();
        Ok(Self { queues, tasks })
    }

    /// Has a command decided and committed. Dropping the future does not take the command back.
    ///
    /// # Errors
    /// See [`SubmitError`]; a rule that says no is no error but an answer.
    pub async fn submit(&self, submission: Submission) -> Result<Reply, SubmitError> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(submission, reply)?;
        answer.await.unwrap_or(Err(SubmitError::Unknown))
    }

    fn enqueue(&self, submission: Submission, reply: ReplyTo) -> Result<(), SubmitError> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        if queues.is_empty() {
            return Err(SubmitError::ShuttingDown);
        }
        let number = usize::from(submission.feed.shard()) % queues.len();
        let Queue { jobs, places } = &queues[number];
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            metrics::counter!("committer_queue_full_total").increment(1);
            return Err(SubmitError::QueueFull);
        };
        // Who has a place fits: the channel is as long as there are places.
        jobs.try_send(Job::new(submission, reply, place)).map_err(|_| SubmitError::ShuttingDown)
    }

    /// Waits until every command that was taken in has its answer; only after a shutdown.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }
}
