//! When each client of a gateway that leaves has to go.

use std::time::Duration;

/// Milliseconds until a client has to leave. Kitchens go in the first half of the window, while the
/// other gateways are still idle, and everyone else after them; within its half each client gets a time
/// of its own. `random` is from 0 to below 1.
pub(crate) fn leave_in(window: Duration, kitchen: bool, random: f64) -> u64 {
    let half = window.mul_f64(0.5);
    let time = half.mul_f64(random.clamp(0.0, 1.0)) + if kitchen { Duration::ZERO } else { half };
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kitchens_leave_first_and_nobody_after_the_window() {
        let window = Duration::from_secs(4);
        let last_kitchen = leave_in(window, true, 0.999_999);
        let first_other = leave_in(window, false, 0.0);
        assert!(last_kitchen <= first_other, "{last_kitchen} {first_other}");
        assert_eq!((leave_in(window, true, 0.0), first_other), (0, 2_000));
        assert!(leave_in(window, false, 1.0) <= 4_000);
    }
}
