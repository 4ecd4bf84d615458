//! How often somebody may try, decided purely: 5 times in a minute, then after pauses that grow.
//!
//! Tries are counted for each pair of account and address, so a thousand strangers who guess never keep
//! the owner out of their own account; a device that was logged in before is counted apart from its
//! address, so that a neighbour on the same Wi-Fi does not either.

use chrono::{DateTime, Duration, Utc};

/// Tries without a pause.
pub(crate) const FREE_TRIES: u32 = 5;
/// Within which they count together; also the first pause.
const WINDOW: Duration = Duration::seconds(60);
/// The longest pause.
pub(crate) const PAUSE_MAX: Duration = Duration::minutes(15);
/// Tries are forgotten after this time without one.
pub(crate) const FORGOTTEN_AFTER: Duration = Duration::hours(24);

/// The tries of one pair, until now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tries {
    pub(crate) failures: u32,
    pub(crate) last_at: DateTime<Utc>,
    pub(crate) blocked_until: DateTime<Utc>,
}

impl Tries {
    /// Somebody who has not tried yet.
    pub(crate) fn none(now: DateTime<Utc>) -> Self {
        Self { failures: 0, last_at: now, blocked_until: now }
    }

    /// One more try: how it stands after it, or how long to wait. It is counted before the password is
    /// looked at, so that many at once are not more than one after another.
    pub(crate) fn charge(self, now: DateTime<Utc>) -> Result<Self, Duration> {
        if self.blocked_until > now {
            return Err(self.blocked_until - now);
        }
        let quiet = now - self.last_at;
        let forgotten = quiet >= FORGOTTEN_AFTER || (self.failures < FREE_TRIES && quiet >= WINDOW);
        let failures = if forgotten { 1 } else { self.failures.saturating_add(1) };
        Ok(Self { failures, last_at: now, blocked_until: now + pause(failures) })
    }
}

/// After how many tries which pause follows.
fn pause(failures: u32) -> Duration {
    let Some(beyond) = failures.checked_sub(FREE_TRIES) else { return Duration::zero() };
    let doubled = i32::try_from(2_u32.saturating_pow(beyond.min(10))).unwrap_or(i32::MAX);
    WINDOW.checked_mul(doubled).map_or(PAUSE_MAX, |pause| pause.min(PAUSE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn after(tries: u32) -> Tries {
        let mut state = Tries::none(now());
        for _ in 0..tries {
            state = state.charge(state.blocked_until.max(now())).unwrap();
        }
        state
    }

    #[test]
    fn five_tries_are_free_and_the_sixth_waits() {
        let state = after(5);
        assert_eq!(state.charge(now()), Err(WINDOW));
        assert!(after(4).charge(now()).is_ok());
        assert!(state.charge(now() + WINDOW).is_ok());
    }

    #[test]
    fn pauses_grow_up_to_a_bound_and_never_beyond() {
        let pauses: Vec<_> = (5..12).map(after).map(|it| it.blocked_until - it.last_at).collect();
        assert!(pauses.is_sorted() && pauses[0] == WINDOW && pauses[1] == WINDOW * 2, "{pauses:?}");
        assert_eq!(pauses.last(), Some(&PAUSE_MAX));
        assert_eq!(pause(u32::MAX), PAUSE_MAX);
    }

    #[test]
    fn a_quiet_minute_clears_a_few_mistakes_and_a_quiet_day_everything() {
        assert_eq!(after(4).charge(now() + WINDOW).unwrap().failures, 1);
        let many = after(8);
        assert_eq!(many.charge(many.blocked_until).unwrap().failures, 9);
        assert_eq!(many.charge(many.last_at + FORGOTTEN_AFTER).unwrap().failures, 1);
    }
}
