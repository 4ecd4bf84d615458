//! How long to wait before trying again.

use std::time::Duration;

/// The first wait; it doubles with every further failure.
const FIRST: Duration = Duration::from_millis(50);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(10);

/// The wait after so many failures in a row, between a half and all of its full length, so that
/// many feeds that failed together do not come back together.
pub(crate) fn after(failures: u32, jitter: u64) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    let half = full / 2;
    half + half.mul_f64((jitter % 1_000) as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_bounded() {
        assert!(after(1, 0) >= FIRST / 2);
        assert!(after(1, 999) <= FIRST);
        assert!(after(4, 0) > after(1, 999));
        assert!(after(u32::MAX, 999) <= LONGEST);
    }
}
