//! What the demo counts and measures. Of fixed size, however long the service is.

use super::locked;
use hdrhistogram::Histogram;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Latencies are kept in microseconds up to ten minutes, with three digits.
const LONGEST_US: u64 = 600_000_000;
/// Descriptions of wrong answers that are kept; the rest is only counted.
const COMPLAINTS_MAX: usize = 5;

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Something that is counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Count { $($(#[$doc])* $name,)* }

        impl Count {
            const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

counts! {
    /// Orders that the restaurant has taken in.
    Placed,
    /// Orders that were sent again with the same key and answered with the same bytes.
    Repeated,
    /// Commands that a rule refused (409).
    Refused,
    /// Guests who found no free table or too long a queue, and left without ordering.
    TurnedAway,
    /// Lines whose order was accepted.
    LinesAccepted,
    /// Lines that appeared on their console.
    LinesShown,
    /// Lines that are on the table.
    LinesServed,
    /// Events that came to the consoles.
    Events,
    /// Times that a console lost its connection and came back.
    Reconnects,
    /// Parties that sat down.
    Parties,
    /// Times that a command was sent again after 503.
    RetriesBusy,
    /// Times that a command was sent again because no answer came.
    RetriesBroken,
    /// Commands without an answer until patience ended.
    GaveUp,
    /// Answers and events that were not as promised.
    Wrong,
}

/// Counters and latencies of one service.
pub(super) struct Tally {
    counts: Vec<AtomicU64>,
    placing: Mutex<Histogram<u64>>,
    showing: Mutex<Histogram<u64>>,
    complaints: Mutex<Vec<String>>,
}

/// Percentiles of one latency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Percentiles {
    pub(super) p50: Duration,
    pub(super) p90: Duration,
    pub(super) p99: Duration,
    pub(super) max: Duration,
    pub(super) measured: u64,
}

impl Tally {
    pub(super) fn new() -> anyhow::Result<Self> {
        let histogram = || Histogram::new_with_bounds(1, LONGEST_US, 3).map(Mutex::new);
        Ok(Self {
            counts: Count::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
            placing: histogram()?,
            showing: histogram()?,
            complaints: Mutex::default(),
        })
    }

    pub(super) fn add(&self, count: Count, number: usize) {
        self.counts[count as usize].fetch_add(number as u64, Ordering::Relaxed);
    }

    pub(super) fn get(&self, count: Count) -> u64 {
        self.counts[count as usize].load(Ordering::Relaxed)
    }

    /// Something was not as promised; says what, for the first few times.
    pub(super) fn wrong(&self, complaint: impl Into<String>) {
        self.add(Count::Wrong, 1);
        self.complain(complaint.into());
    }

    /// A command had no answer until patience ended.
    pub(super) fn gave_up(&self, complaint: impl Into<String>) {
        self.add(Count::GaveUp, 1);
        self.complain(complaint.into());
    }

    fn complain(&self, complaint: String) {
        let mut complaints = locked(&self.complaints);
        if complaints.len() < COMPLAINTS_MAX {
            complaints.push(complaint);
        }
    }

    /// From the moment at which a guest meant to order to the answer.
    pub(super) fn placed_after(&self, latency: Duration) {
        record(&self.placing, latency);
    }

    /// From the moment at which a waiter accepted an order to a line of it on the kitchen's console.
    pub(super) fn shown_after(&self, latency: Duration) {
        record(&self.showing, latency);
    }

    pub(super) fn placing(&self) -> Percentiles {
        percentiles(&locked(&self.placing))
    }

    pub(super) fn showing(&self) -> Percentiles {
        percentiles(&locked(&self.showing))
    }

    pub(super) fn complaints(&self) -> Vec<String> {
        locked(&self.complaints).clone()
    }
}

fn record(histogram: &Mutex<Histogram<u64>>, latency: Duration) {
    locked(histogram).saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST_US).max(1));
}

fn percentiles(histogram: &Histogram<u64>) -> Percentiles {
    let at = |quantile| Duration::from_micros(histogram.value_at_quantile(quantile));
    let max = Duration::from_micros(histogram.max());
    // The histogram rounds up within its three digits, which must not put p99 above the largest.
    let at = |quantile| at(quantile).min(max);
    Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), max, measured: histogram.len() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let tally = Tally::new().unwrap();
        assert_eq!(tally.placing(), Percentiles::default());
        for ms in 1..=100 {
            tally.placed_after(Duration::from_millis(ms));
        }
        let placing = tally.placing();
        assert_eq!((placing.p50.as_millis(), placing.p99.as_millis(), placing.measured), (50, 99, 100));
        assert!(placing.p99 <= placing.max);
    }

    #[test]
    fn a_flood_of_complaints_is_counted_but_not_kept() {
        let tally = Tally::new().unwrap();
        for number in 0..1_000 {
            tally.wrong(format!("complaint {number}"));
        }
        assert_eq!((tally.get(Count::Wrong), tally.complaints().len()), (1_000, COMPLAINTS_MAX));
    }
}
