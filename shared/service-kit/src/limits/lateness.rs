//! How late what others tell arrives, without a clock that all share.
//!
//! Each instance says how long it had run when it told. The difference to how long we have run is the same for
//! every message that is on time, and larger for one that was held up on its way.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// What comes later than this tells of a time whose limit was kept without it.
const LATE: i64 = nanos(Duration::from_secs(2));
/// By which part of the time the usual difference grows, so that it follows a clock that is a little faster: far more
/// than clocks differ, far less than it takes to become late.
const FOLLOW: i64 = 100;
/// An instance whose messages are late for so long was not held up: its clock stood still (a machine that slept).
const BELIEVED_AFTER: i64 = nanos(Duration::from_secs(30));
/// Instances that are remembered; beyond that all are met anew, and each is believed once.
const INSTANCES_MAX: usize = 1_024;

/// What is known of each instance.
#[derive(Debug, Default)]
pub(super) struct Lateness(Mutex<HashMap<u64, Known>>);

/// In nanoseconds.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// The smallest difference.
    usual: i64,
    heard_at: i64,
    late_since: Option<i64>,
}

impl Lateness {
    /// Whether this message, told when its instance had run so long, and heard when we have, was held up. The first
    /// one of an instance never is.
    pub(super) fn is_late(&self, instance: u64, told_at: u64, heard_at: u64) -> bool {
        let heard_at = heard_at.cast_signed();
        let difference = heard_at.wrapping_sub(told_at.cast_signed());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= INSTANCES_MAX && !all.contains_key(&instance) {
            all.clear();
        }
        let known = all.entry(instance).or_insert(Known { usual: difference, heard_at, late_since: None });
        known.hear(difference, heard_at);
        known.late_since.is_some()
    }
}

impl Known {
    fn hear(&mut self, difference: i64, heard_at: i64) {
        let follow = heard_at.saturating_sub(self.heard_at) / FOLLOW;
        let usual = self.usual.saturating_add(follow).min(difference);
        let is_late = difference.saturating_sub(usual) > LATE;
        let late_since = is_late.then(|| self.late_since.unwrap_or(heard_at));
        *self = match late_since {
            Some(since) if heard_at.saturating_sub(since) > BELIEVED_AFTER => {
                Self { usual: difference, heard_at, late_since: None }
            }
            late_since => Self { usual, heard_at, late_since },
        };
    }
}

const fn nanos(time: Duration) -> i64 {
    // Only for the short times above.
    time.as_nanos() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const ROUND: u64 = SECOND / 10;

    #[test]
    fn what_was_held_up_is_late_however_different_the_clocks_are() {
        for (theirs, ours) in [(0, 0), (900 * SECOND, 5 * SECOND), (5 * SECOND, 900 * SECOND)] {
            let lateness = Lateness::default();
            let is_late = |told: u64, heard: u64| lateness.is_late(7, theirs + told, ours + heard);
            assert!(!is_late(0, 0) && !is_late(ROUND, ROUND + SECOND / 100));
            // Half a minute of them arrives at once.
            let late = (2..300).filter(|round| is_late(round * ROUND, 300 * ROUND)).count();
            assert!((270..=279).contains(&late), "{late}: all but those of the last two seconds");
            assert!(!is_late(301 * ROUND, 301 * ROUND), "and then it goes on");
        }
    }

    #[test]
    fn a_clock_that_is_a_little_slower_is_not_late() {
        let lateness = Lateness::default();
        // A ten-thousandth: after this time a difference of ten seconds.
        let late = (0..1_000_000).filter(|round| lateness.is_late(7, round * (ROUND - ROUND / 10_000), round * ROUND));
        assert_eq!(late.count(), 0);
    }

    #[test]
    fn an_instance_that_said_nothing_for_days_is_not_late() {
        let (lateness, ours) = (Lateness::default(), 3 * 24 * 3_600 * SECOND);
        let theirs = ours - ours / 10_000;
        assert!(!lateness.is_late(7, 0, 0));
        assert!(!lateness.is_late(7, theirs, ours));
        // NATS was away for minutes, and has all of it.
        let is_late = |round: &u64| lateness.is_late(7, theirs + round * ROUND, ours + 200 * SECOND);
        let late = (0..2_000).filter(is_late).count();
        assert!(late > 1_900, "{late}");
    }

    #[test]
    fn an_instance_whose_machine_slept_is_heard_again() {
        let (lateness, slept) = (Lateness::default(), 3_600 * SECOND);
        assert!(!lateness.is_late(7, 0, 0));
        let late = (1..1_000).filter(|round| lateness.is_late(7, round * ROUND, slept + round * ROUND)).count();
        assert!((300..=310).contains(&late), "{late}: half a minute");
    }

    #[test]
    fn there_are_never_more_than_there_is_room() {
        let lateness = Lateness::default();
        assert!((0..10_000).all(|instance| !lateness.is_late(instance, 0, 50 * SECOND)));
        assert!(lateness.0.lock().unwrap().len() <= INSTANCES_MAX);
    }
}
