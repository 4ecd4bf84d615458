//! Requests at a fixed rate, whatever becomes of the earlier ones.
//!
//! Each one is due at a time of its own, and its latency counts from then: a service that stands still
//! for a second makes every request of that second late, not only the one that met it. No due time is
//! ever left out. Where the bound of requests under way is reached, those that are due wait for their
//! turn, which is part of their latency; on a machine that cannot carry the rate, the loop so takes
//! longer than its schedule, and says by how much.

use std::{
    fmt,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::task::AbortOnDropHandle;

/// Requests under way at once.
const IN_FLIGHT_MAX: usize = 256;
/// How long what was due before the stop may take to be sent and answered after it.
const DRAINED_WITHIN: Duration = Duration::from_secs(300);

/// A loop that runs.
pub(crate) struct OpenLoop {
    stop: watch::Sender<Option<Instant>>,
    answered: Arc<AtomicU64>,
    running: AbortOnDropHandle<Sent>,
}

/// What was sent, and when it was answered.
pub(crate) struct Sent {
    per_second: u32,
    started: Instant,
    stopped: Instant,
    answers: Vec<Answered>,
    /// The longest time after its due time that a request was sent.
    latest: Duration,
}

/// One request that was answered as it should be.
#[derive(Clone, Copy)]
struct Answered {
    due: Instant,
    latency: Duration,
}

/// Latencies of the requests that were due in one part of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Latency {
    pub(crate) requests: usize,
    pub(crate) p50: Duration,
    pub(crate) p90: Duration,
    pub(crate) p99: Duration,
    pub(crate) max: Duration,
}

impl OpenLoop {
    /// Starts at once. A request that is not answered as it should be panics, which ends the loop.
    pub(crate) fn start<R>(per_second: u32, request: impl Fn(u64) -> R + Send + 'static) -> Self
    where
        R: Future<Output = ()> + Send + 'static,
    {
        let (stop, stopped) = watch::channel(None);
        let answered = Arc::new(AtomicU64::new(0));
        let running = AbortOnDropHandle::new(tokio::spawn(run(per_second, stopped, Arc::clone(&answered), request)));
        Self { stop, answered, running }
    }

    /// Requests that were answered until now.
    pub(crate) fn answered(&self) -> u64 {
        assert!(!self.running.is_finished(), "the loop has ended: see what panicked above");
        self.answered.load(Ordering::Relaxed)
    }

    /// Nothing more is due from now on; what was due before is still sent, and its answers waited for.
    pub(crate) async fn stop(self) -> Sent {
        self.stop.send_replace(Some(Instant::now()));
        timeout(DRAINED_WITHIN, self.running)
            .await
            .unwrap_or_else(|_| {
                let answered = self.answered.load(Ordering::Relaxed);
                panic!("this machine does not carry the rate: {answered} are answered {DRAINED_WITHIN:?} after the end")
            })
            .unwrap()
    }
}

async fn run<R>(
    per_second: u32,
    mut stop: watch::Receiver<Option<Instant>>,
    answered: Arc<AtomicU64>,
    request: impl Fn(u64) -> R,
) -> Sent
where
    R: Future<Output = ()> + Send + 'static,
{
    let (started, mut under_way) = (Instant::now(), JoinSet::new());
    let (mut answers, mut latest) = (Vec::new(), Duration::ZERO);
    let mut number: u32 = 0;
    let stopped = loop {
        let due = started + Duration::from_secs(1) * number / per_second;
        tokio::select! {
            biased;
            // However late it is, what was due before the stop is sent.
            stopped = stop.wait_for(|stopped| stopped.is_some_and(|stopped| stopped <= due)) => {
                break stopped.unwrap().unwrap();
            }
            () = sleep_until(due) => {}
        }
        while let Some(done) = under_way.try_join_next() {
            answers.push(done.unwrap());
        }
        if under_way.len() == IN_FLIGHT_MAX {
            answers.extend(under_way.join_next().await.map(Result::unwrap));
        }
        latest = latest.max(due.elapsed());
        let (asked, answered) = (request(u64::from(number)), Arc::clone(&answered));
        under_way.spawn(async move {
            asked.await;
            answered.fetch_add(1, Ordering::Relaxed);
            Answered { due, latency: due.elapsed() }
        });
        number += 1;
    };
    answers.extend(under_way.join_all().await);
    Sent { per_second, started, stopped, answers, latest }
}

impl Sent {
    /// How many were answered: every one that was sent, else the loop had panicked.
    pub(crate) fn answered(&self) -> u64 {
        self.answers.len() as u64
    }

    /// How many were due until the stop.
    pub(crate) fn due(&self) -> u64 {
        let nanos = (self.stopped - self.started).as_nanos() * u128::from(self.per_second);
        u64::try_from(nanos.div_ceil(Duration::from_secs(1).as_nanos())).unwrap()
    }

    /// Latencies of what was due between these moments.
    pub(crate) fn between(&self, from: Instant, to: Instant) -> Latency {
        self.within(&[(from, to)])
    }

    /// Latencies of what was due within any of these.
    pub(crate) fn within(&self, windows: &[(Instant, Instant)]) -> Latency {
        let is_within = |it: &&Answered| windows.iter().any(|(from, to)| (*from..*to).contains(&it.due));
        Latency::of(self.answers.iter().filter(is_within).map(|it| it.latency).collect())
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    pub(crate) fn stopped(&self) -> Instant {
        self.stopped
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rate, due, answered) = (self.per_second, self.due(), self.answered());
        write!(f, "{rate}/s for {:.1?}: {due} due, {answered} answered", self.stopped - self.started)?;
        write!(f, ", sent at most {:.1?} after their time", self.latest)
    }
}

impl Latency {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len().saturating_sub(1)));
        let at = |percent| at(percent).copied().unwrap_or_default();
        Self { requests: times.len(), p50: at(50), p90: at(90), p99: at(99), max: at(100) }
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, p50, p90, p99, max } = self;
        write!(f, "{requests} orders: p50 {p50:.1?}, p90 {p90:.1?}, p99 {p99:.1?}, at most {max:.1?}")
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_sent_in_any_case_and_its_latency_counts_from_then() {
    // A service that answers nothing in its first ten seconds.
    let opens = Instant::now() + Duration::from_secs(10);
    let orders = OpenLoop::start(100, move |_| async move { sleep_until(opens).await });
    sleep_until(opens - Duration::from_secs(1)).await;
    assert_eq!(orders.answered(), 0);
    let sent = orders.stop().await;
    // 256 were under way, and 644 waited for them.
    assert_eq!((sent.due(), sent.answered()), (900, 900));
    let all = sent.between(sent.started(), sent.stopped());
    assert_eq!((all.requests, all.max.as_secs(), all.p50.as_millis() / 100), (900, 10, 55));
    assert!(sent.latest > Duration::from_secs(7) && all.p99 > Duration::from_millis(9_900), "{sent} {all}");
}
