//! When guests want to order: at the times of a clock, whatever the restaurant does.

use rand::{RngExt, rngs::StdRng};
use std::time::Duration;

/// Times since the doors opened, with exponential gaps: guests do not agree with each other.
pub(super) struct Arrivals {
    random: StdRng,
    rate: f64,
    at: Duration,
    until: Duration,
}

impl Arrivals {
    /// On average `rate` per second, until that time.
    pub(super) fn new(random: StdRng, rate: f64, until: Duration) -> Self {
        Self { random, rate, at: Duration::ZERO, until }
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let uniform: f64 = self.random.random();
        // 1 − uniform lies in (0, 1], so the logarithm is finite.
        let gap = -(1.0 - uniform).ln() / self.rate;
        self.at += Duration::try_from_secs_f64(gap).unwrap_or(self.until);
        (self.at < self.until).then_some(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn as_many_come_as_the_rate_says_and_never_evenly() {
        let times: Vec<Duration> = Arrivals::new(StdRng::seed_from_u64(7), 10.0, Duration::from_secs(1_000)).collect();
        assert!((9_500..10_500).contains(&times.len()), "{}", times.len());
        assert!(times.is_sorted());
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect();
        let long = gaps.iter().filter(|gap| **gap > 0.1).count() as f64 / gaps.len() as f64;
        assert!((0.33..0.41).contains(&long), "e^-1 of the gaps are longer than the mean, here {long}");
    }

    #[test]
    fn the_same_seed_brings_the_same_evening() {
        let evening = || Arrivals::new(StdRng::seed_from_u64(7), 1.0, Duration::from_secs(60)).collect::<Vec<_>>();
        assert_eq!(evening(), evening());
    }

    #[test]
    fn a_tiny_rate_ends_too() {
        assert_eq!(Arrivals::new(StdRng::seed_from_u64(7), 1e-300, Duration::from_secs(60)).count(), 0);
    }
}
