//! Pauses between attempts.

use std::time::Duration;

/// A random pause between nothing and `base · 2^failures`, at most `cap`: whatever failed together
/// does not come back together.
pub(crate) fn full_jitter(base: Duration, cap: Duration, failures: u32) -> Duration {
    base.saturating_mul(2_u32.saturating_pow(failures)).min(cap).mul_f64(rand::random::<f64>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_stay_below_their_ceiling() {
        let (base, cap) = (Duration::from_millis(10), Duration::from_secs(1));
        for failures in [0, 1, 5, 31, 32, u32::MAX] {
            assert!(full_jitter(base, cap, failures) <= base.saturating_mul(2_u32.saturating_pow(failures)).min(cap));
        }
    }
}
