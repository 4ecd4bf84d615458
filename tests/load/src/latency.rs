//! Latencies, kept as a histogram of microseconds.

use anyhow::{Context, Result};
use hdrhistogram::Histogram;
use std::time::Duration;

/// Longest latency that is told apart, in microseconds: a minute.
const MICROS_MAX: u64 = 60_000_000;
/// A thousandth of each value.
const DIGITS: u8 = 3;

/// Latencies of one round.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self(Histogram::new_with_max(MICROS_MAX, DIGITS).context("a histogram")?))
    }

    /// Of all these.
    pub(crate) fn of(all: impl IntoIterator<Item = Duration>) -> Result<Self> {
        let mut latencies = Self::new()?;
        all.into_iter().for_each(|latency| latencies.add(latency));
        Ok(latencies)
    }

    /// One more; beyond the longest it counts as the longest.
    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(MICROS_MAX));
    }

    pub(crate) fn len(&self) -> u64 {
        self.0.len()
    }

    /// Milliseconds that so many of a hundred did not exceed.
    pub(crate) fn millis_at(&self, percentile: f64) -> f64 {
        self.0.value_at_percentile(percentile) as f64 / 1_000.0
    }
}

#[cfg(test)]
mod tests {
    use super::Latencies;
    use std::time::Duration;

    #[test]
    fn percentiles_are_latencies_that_were_seen_to_a_thousandth() {
        let latencies = Latencies::of((1..=100).map(Duration::from_millis)).unwrap();
        assert_eq!(latencies.len(), 100);
        for percentile in [50.0, 99.0, 100.0] {
            assert!((latencies.millis_at(percentile) / percentile - 1.0).abs() < 0.001, "{percentile}");
        }
    }

    #[test]
    fn what_is_too_long_is_not_forgotten() {
        let latencies = Latencies::of([Duration::from_secs(3_600)]).unwrap();
        assert_eq!(latencies.len(), 1);
        assert!(latencies.millis_at(100.0) >= 60_000.0);
    }
}
