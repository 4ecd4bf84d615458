//! How many messages a client may send.

use std::time::Instant;

/// A bucket that holds one second's worth of messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Rate {
    /// A full bucket.
    pub(crate) fn new(per_second: u32, now: Instant) -> Self {
        let per_second = f64::from(per_second);
        Self { per_second, left: per_second, at: now }
    }

    /// Whether one more message is within the rate.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        let earned = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.left = (self.left + earned).min(self.per_second);
        self.at = now;
        let allowed = self.left >= 1.0;
        if allowed {
            self.left -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_second_of_messages_at_once_and_then_the_rate() {
        let start = Instant::now();
        let mut rate = Rate::new(20, start);
        assert_eq!((0..30).filter(|_| rate.take(start)).count(), 20);
        assert!(!rate.take(start + Duration::from_millis(49)));
        assert!(rate.take(start + Duration::from_millis(101)));
    }
}
