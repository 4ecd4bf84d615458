//! How long everything takes.

use crate::closed_loop::Limit;
use std::{fmt, time::Duration};

/// Orders of one round, at most: so that a fast machine does not fill its disk.
const ORDERS_MAX: u64 = 200_000;

/// Bounds of a run.
pub(crate) struct Settings {
    /// Rounds of each contender, in turn.
    pub(crate) rounds: usize,
    /// The same for lines that start the processes of all contenders in every round: they take long, and differ little.
    pub(crate) rounds_anew: usize,
    /// One round.
    pub(crate) round: Limit,
    /// One try of what a contender is best at, and the look at a single commit.
    pub(crate) probe: Limit,
    /// Tries of each setting, of which the best counts: a neighbour's burst must not choose.
    pub(crate) tries: usize,
    /// Whether only ours works, and MySQL is asked where its time went.
    pub(crate) profile: bool,
    /// Whether sizes are small and rounds short.
    pub(crate) quick: bool,
}

impl Settings {
    /// `server` is the process whose processor time is counted.
    pub(crate) fn from_env(server: Option<u32>) -> Self {
        let limit = |millis| Limit { time: Duration::from_millis(millis), orders: ORDERS_MAX, server };
        let quick = is_set("QUICK");
        let (rounds, rounds_anew) = if quick { (3, 2) } else { (5, 5) };
        let (round, probe, tries) = if quick { (1_000, 400, 1) } else { (4_000, 1_500, 2) };
        Self { rounds, rounds_anew, round: limit(round), probe: limit(probe), tries, profile: is_set("PROFILE"), quick }
    }
}

/// `NAME=1`, or anything but nothing and 0.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "0")
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rounds, round, probe, tries, .. } = self;
        write!(
            f,
            "{rounds} rounds of at most {:?} and {} orders, in turn; before it, each setting is tried {tries} × {:?}",
            round.time, round.orders, probe.time
        )
    }
}
