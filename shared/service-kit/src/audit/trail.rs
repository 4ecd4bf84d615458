//! The way of actions out of requests: a bounded queue that nobody waits for.

use super::Action;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::mpsc;

/// Actions that wait for the one who writes them down; beyond it they are dropped and counted.
pub const QUEUE_MAX: usize = 4_096;

/// Where actions go. Cheap to clone. By default nowhere.
#[derive(Debug, Clone, Default)]
pub struct Trail(Option<Queue>);

#[derive(Debug, Clone)]
struct Queue {
    actions: mpsc::Sender<Action>,
    dropped: Arc<AtomicU64>,
}

/// The other end of a [`Trail`].
#[derive(Debug)]
pub struct Taken {
    /// The actions, in the order in which they came.
    pub actions: mpsc::Receiver<Action>,
    dropped: Arc<AtomicU64>,
}

impl Trail {
    /// A trail and its other end.
    #[must_use]
    pub fn new() -> (Self, Taken) {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        let dropped = Arc::<AtomicU64>::default();
        let taken = Taken { actions: receiver, dropped: Arc::clone(&dropped) };
        (Self(Some(Queue { actions: sender, dropped })), taken)
    }

    /// Hands an action over; never waits. Where there is no room it is dropped and counted.
    pub fn record(&self, action: Action) {
        let Some(queue) = &self.0 else { return };
        if queue.actions.try_send(action).is_err() {
            queue.dropped.fetch_add(1, Ordering::Relaxed);
            dropped(1, "queue-full");
        }
    }

    /// Whether actions go anywhere.
    #[must_use]
    pub fn leads_somewhere(&self) -> bool {
        self.0.is_some()
    }
}

impl Taken {
    /// How many actions found no room since this was last asked.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}

/// Counts actions that are not written down.
pub fn dropped(count: u64, why: &'static str) {
    metrics::counter!("actions_dropped_total", "why" => why).increment(count);
}

/// Describes the metrics. Call it after the recorder was installed.
pub fn describe() {
    use metrics::{Unit, describe_counter};
    describe_counter!("actions_dropped_total", Unit::Count, "Actions that are not in the audit, by why");
    // From the start, because an alert watches it: of a counter that appears, no increase is seen.
    for why in ["queue-full", "minute-full", "store-away", "refused"] {
        metrics::counter!("actions_dropped_total", "why" => why).increment(0);
    }
}
