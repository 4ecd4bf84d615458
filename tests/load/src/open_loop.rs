//! Requests at a fixed rate, whatever becomes of the earlier ones.
//!
//! Each has a time of its own, and its latency counts from then. Workers take the next number, wait for its time and
//! send it; where all are busy, what is due waits for one of them, which is part of its latency.

use anyhow::{Context, Result};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// How much longer than its schedule a loop may take.
const LATE_MAX: Duration = Duration::from_secs(60);

/// So many requests, so many in a second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    pub(crate) per_second: f64,
    pub(crate) requests: u64,
}

impl Schedule {
    /// What is due in this time.
    pub(crate) fn lasting(per_second: f64, time: Duration) -> Self {
        Self { per_second, requests: (per_second * time.as_secs_f64()).round() as u64 }
    }

    fn due(self, started: Instant, number: u64) -> Instant {
        started + Duration::from_secs_f64(number as f64 / self.per_second)
    }
}

/// One who sends requests, one at a time.
pub(crate) trait Sender: Send + 'static {
    /// What a request comes to.
    type Sent: Send + 'static;

    /// Sends a request of this number, and returns once it is answered as it should be.
    fn send(&mut self, number: u64) -> impl Future<Output = Result<Self::Sent>> + Send;
}

/// A request that was answered.
pub(crate) struct Answered<T> {
    /// When it should have been sent.
    pub(crate) due: Instant,
    /// From then to the answer.
    pub(crate) latency: Duration,
    pub(crate) sent: T,
}

/// Sends all of a schedule through these workers. The first error ends it.
pub(crate) async fn run<S: Sender>(schedule: Schedule, workers: Vec<S>) -> Result<Vec<Answered<S::Sent>>> {
    run_until(schedule, workers, CancellationToken::new()).await
}

/// The same, but nothing more is due once it was stopped.
pub(crate) async fn run_until<S: Sender>(
    schedule: Schedule,
    workers: Vec<S>,
    stopped: CancellationToken,
) -> Result<Vec<Answered<S::Sent>>> {
    let (started, next) = (Instant::now(), Arc::new(AtomicU64::new(0)));
    let mut tasks = JoinSet::new();
    for worker in workers {
        tasks.spawn(work(schedule, started, (Arc::clone(&next), stopped.clone()), worker));
    }
    let all = async {
        let mut answered = Vec::new();
        while let Some(some) = tasks.join_next().await {
            answered.extend(some.context("a worker panicked")??);
        }
        anyhow::Ok(answered)
    };
    let within = Duration::from_secs_f64(schedule.requests as f64 / schedule.per_second) + LATE_MAX;
    timeout(within, all).await.with_context(|| format!("{} requests/s are too many", schedule.per_second))?
}

async fn work<S: Sender>(
    schedule: Schedule,
    started: Instant,
    (next, stopped): (Arc<AtomicU64>, CancellationToken),
    mut worker: S,
) -> Result<Vec<Answered<S::Sent>>> {
    let mut answered = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= schedule.requests {
            return Ok(answered);
        }
        let due = schedule.due(started, number);
        if stopped.run_until_cancelled(sleep_until(due)).await.is_none() {
            return Ok(answered);
        }
        let sent = worker.send(number).await?;
        answered.push(Answered { due, latency: due.elapsed(), sent });
    }
}

#[cfg(test)]
mod tests {
    use super::{Schedule, Sender, run};
    use anyhow::Result;
    use std::time::Duration;
    use tokio::time::{Instant, sleep_until};

    /// A service that answers nothing before this time.
    struct Closed(Instant);

    impl Sender for Closed {
        type Sent = u64;

        async fn send(&mut self, number: u64) -> Result<u64> {
            sleep_until(self.0).await;
            Ok(number)
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_due_is_sent_in_any_case_and_its_latency_counts_from_then() {
        let opens = Instant::now() + Duration::from_secs(10);
        let workers = (0..16).map(|_| Closed(opens)).collect();
        let mut answered = run(Schedule::lasting(100.0, Duration::from_secs(9)), workers).await.unwrap();
        answered.sort_by_key(|one| one.sent);
        assert_eq!(answered.len(), 900);
        assert!(answered.iter().enumerate().all(|(number, one)| one.sent == number as u64));
        let latency = |number: usize| answered[number].latency.as_millis() / 10;
        assert_eq!([latency(0), latency(100), latency(899)], [1_000, 900, 101]);
    }

    /// One who cannot.
    struct Broken;

    impl Sender for Broken {
        type Sent = ();

        async fn send(&mut self, _: u64) -> Result<()> {
            anyhow::bail!("no")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_error_ends_the_loop() {
        assert!(run(Schedule { per_second: 1.0, requests: 1_000 }, vec![Broken]).await.is_err());
    }
}
