//! How hard a rebuild works while orders are taken: pure.
//!
//! Before it writes anything, it measures what a small commit takes. While events are being appended its
//! batches are small: what a large one does to others while it runs, no rest after it makes good; and one
//! worker writes at a time. Where commits then take clearly longer than before, it rests between its batches,
//! longer and longer; it comes back step by step. It begins as if they did: a second at full speed, until
//! that is noticed, is a second of slow orders. It never rests for more than [`REST_MAX`] times its work, so
//! it always gets on.

use std::{collections::VecDeque, time::Duration};

/// Commits whose time counts: the newest ones.
const RECENT: usize = 5;
/// A commit is slow when it takes so many times what it took before …
const SLOW_FACTOR: u32 = 2;
/// … and at least so much longer: less is noise.
const SLOW_BY: Duration = Duration::from_millis(4);
/// The longest rest, as a multiple of the work before it.
const REST_MAX: f64 = 4.0;
/// The longest rest at once.
const REST_AT_ONCE_MAX: Duration = Duration::from_secs(2);
/// The rest with which it begins where orders come in.
const REST_AT_FIRST: f64 = 1.0;
/// How much less it rests after each commit that was fast.
const REST_LESS: f64 = 0.1;

/// Events of one transaction when nobody is disturbed.
pub(super) const BATCH_MAX: usize = 8_192;
/// Events of one transaction while orders come in.
const BATCH_SMALL: usize = 1_024;

/// How hard it works.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    /// What a commit takes when the rebuild does nothing.
    usual: Duration,
    recent: VecDeque<Duration>,
    /// Whether anybody appends events.
    orders: bool,
    rest: f64,
}

impl Pace {
    /// The pace of the beginning; `before` are commits while it did nothing, `orders` says whether anybody
    /// appended events meanwhile.
    pub(super) fn new(before: &[Duration], orders: bool) -> Self {
        let rest = if orders { REST_AT_FIRST } else { 0.0 };
        Self { usual: median(before.iter().copied()), recent: VecDeque::new(), orders, rest }
    }

    /// A commit took so long; `orders` says whether anybody appends events.
    pub(super) fn saw(&mut self, took: Duration, orders: bool) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
        self.orders = orders;
        self.rest = match (orders, self.now() > self.bound()) {
            (false, _) => 0.0,
            (true, true) => (self.rest * 2.0).clamp(0.25, REST_MAX),
            (true, false) => (self.rest - REST_LESS).max(0.0),
        };
    }

    /// How long to rest after work of this length.
    pub(super) fn rest_after(&self, work: Duration) -> Duration {
        work.mul_f64(self.rest).min(REST_AT_ONCE_MAX)
    }

    /// Events of the next transaction.
    pub(super) fn batch(&self) -> usize {
        if self.orders { BATCH_SMALL } else { BATCH_MAX }
    }

    /// What a commit took before the rebuild.
    pub(super) fn usual(&self) -> Duration {
        self.usual
    }

    /// What a commit takes now.
    pub(super) fn now(&self) -> Duration {
        median(self.recent.iter().copied())
    }

    /// Whether anybody appends events, as it last heard.
    pub(super) fn orders(&self) -> bool {
        self.orders
    }

    /// Whether it holds back.
    pub(super) fn yields(&self) -> bool {
        self.rest > 0.0
    }

    fn bound(&self) -> Duration {
        (self.usual * SLOW_FACTOR).max(self.usual + SLOW_BY)
    }
}

fn median(times: impl Iterator<Item = Duration>) -> Duration {
    let mut times: Vec<Duration> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn seen(pace: &mut Pace, took: Duration, times: usize, orders: bool) {
        (0..times).for_each(|_| pace.saw(took, orders));
    }

    #[test]
    fn it_yields_while_orders_are_slower_than_before_and_comes_back() {
        let mut pace = Pace::new(&[2 * MS, 3 * MS, 90 * MS], false);
        assert_eq!(pace.usual(), 3 * MS);
        seen(&mut pace, 6 * MS, 5, true);
        assert!(!pace.yields(), "a little slower is noise");
        seen(&mut pace, 20 * MS, 5, true);
        assert!(pace.yields() && pace.batch() < BATCH_MAX);
        assert!(pace.rest_after(100 * MS) > 50 * MS);
        seen(&mut pace, 3 * MS, 50, true);
        assert!(!pace.yields());
        assert_eq!((pace.rest_after(100 * MS), pace.batch()), (Duration::ZERO, BATCH_SMALL));
        seen(&mut pace, 3 * MS, 1, false);
        assert_eq!(pace.batch(), BATCH_MAX);
    }

    #[test]
    fn it_begins_gently_where_orders_come_in() {
        let mut pace = Pace::new(&[2 * MS], true);
        assert_eq!((pace.rest_after(100 * MS), pace.batch()), (100 * MS, BATCH_SMALL));
        seen(&mut pace, 2 * MS, 20, true);
        assert_eq!(pace.rest_after(100 * MS), Duration::ZERO, "it finds that it disturbs nobody");
        let quiet = Pace::new(&[2 * MS], false);
        assert_eq!((quiet.rest_after(100 * MS), quiet.batch()), (Duration::ZERO, BATCH_MAX));
    }

    #[test]
    fn one_slow_commit_is_no_reason() {
        let mut pace = Pace::new(&[2 * MS], false);
        seen(&mut pace, 2 * MS, 5, true);
        pace.saw(500 * MS, true);
        assert!(!pace.yields());
    }

    #[test]
    fn nobody_is_disturbed_where_nobody_orders() {
        let mut pace = Pace::new(&[2 * MS], false);
        seen(&mut pace, 50 * MS, 20, false);
        assert!(!pace.yields());
        seen(&mut pace, 50 * MS, 20, true);
        seen(&mut pace, 50 * MS, 1, false);
        assert!(!pace.yields());
    }

    #[test]
    fn however_slow_it_always_gets_on() {
        let mut pace = Pace::new(&[MS], true);
        seen(&mut pace, Duration::from_secs(60), 1_000, true);
        assert!(pace.rest_after(100 * MS) <= 400 * MS);
        assert_eq!(pace.rest_after(Duration::from_secs(60)), REST_AT_ONCE_MAX);
        assert!(pace.batch() > 0);
    }
}
