//! The way in: queues in front of the committers.

use super::{
    CommitterConfig, OnCommit,
    use_case::{Reply, Submission, SubmitError},
    worker::{Job, Worker},
};
use crate::{
    pool::{self, Isolation},
    snapshots::{Snapshots, keep},
};
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The committers of one process. Cheap to clone.
#[derive(Clone)]
pub struct Committers {
    queues: Arc<RwLock<Vec<mpsc::Sender<Job>>>>,
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
            queues.push(sender);
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
        self.enqueue(Job::new(submission, reply))?;
        answer.await.unwrap_or(Err(SubmitError::Unknown))
    }

    fn enqueue(&self, job: Job) -> Result<(), SubmitError> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        if queues.is_empty() {
            return Err(SubmitError::ShuttingDown);
        }
        let number = usize::from(job.submission.feed.shard()) % queues.len();
        queues[number].try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => {
                metrics::counter!("committer_queue_full_total").increment(1);
                SubmitError::QueueFull
            }
            mpsc::error::TrySendError::Closed(_) => SubmitError::ShuttingDown,
        })
    }

    /// Waits until every command that was taken in has its answer; only after a shutdown.
    pub async fn stopped(&self) {
        self.tasks.wait().await;
    }
}
