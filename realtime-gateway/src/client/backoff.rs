//! When to come back.

use crate::{
    close::{Advice, CloseCode},
    frames::Retry,
};
use rand::RngExt;
use std::time::Duration;

/// The longest pause that a gateway is obeyed in: one that asks for more is asked again after this, so that
/// a wrong number does not leave a kitchen dark.
const ASKED_MAX: Duration = Duration::from_secs(60);

/// Pauses between attempts, as `welcome` told them: random, and longer each time.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    retry: Retry,
    failures: u32,
}

impl Backoff {
    /// The server told its own pauses.
    pub(super) fn learn(&mut self, retry: Retry) {
        self.retry = retry;
    }

    /// A stream has gone live: what comes next is the first failure again.
    pub(super) fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// The pause after a connection ended with this code, if it had one. `None` means never again.
    pub(super) fn pause(&mut self, code: Option<u16>) -> Option<Duration> {
        let advice = code.map_or(Advice::Later, CloseCode::advice);
        let first = self.failures == 0;
        self.failures = self.failures.saturating_add(1);
        match advice {
            Advice::Stop => None,
            Advice::AtOnce if first => Some(Duration::ZERO),
            Advice::Later | Advice::AtOnce if first => {
                let [from, to] = self.retry.first_ms;
                Some(random(from, to))
            }
            Advice::Later | Advice::AtOnce => {
                let doubled = self.retry.base_ms.saturating_mul(2_u64.saturating_pow(self.failures - 1));
                Some(random(0, doubled.min(self.retry.cap_ms)))
            }
        }
    }

    /// The pause before a gateway is tried again that asked for this one: never shorter, and not the same
    /// for all who were asked together.
    pub(super) fn asked(&self, pause: Duration) -> Duration {
        let [_, spread] = self.retry.first_ms;
        pause.min(ASKED_MAX) + random(0, spread)
    }
}

/// Some time between the two, in milliseconds.
pub(super) fn random(from: u64, to: u64) -> Duration {
    Duration::from_millis(rand::rng().random_range(from..=to.max(from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_says_whether_and_when_to_come_back() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.pause(Some(4003)), None);
        backoff.succeeded();
        assert_eq!(backoff.pause(Some(4208)), Some(Duration::ZERO));
        backoff.succeeded();
        assert!(backoff.pause(None).is_some_and(|pause| pause <= Duration::from_secs(2)));
    }

    #[test]
    fn a_gateway_that_asks_for_a_pause_gets_it_but_not_for_ever() {
        let backoff = Backoff::default();
        for _ in 0..50 {
            let pause = backoff.asked(Duration::from_secs(7));
            assert!((Duration::from_secs(7)..=Duration::from_secs(9)).contains(&pause), "{pause:?}");
            assert!(backoff.asked(Duration::MAX) <= ASKED_MAX + Duration::from_secs(2));
        }
        let spread: std::collections::HashSet<_> = (0..50).map(|_| backoff.asked(Duration::ZERO)).collect();
        assert!(spread.len() > 10, "all would come back together");
    }

    #[test]
    fn pauses_grow_up_to_the_cap() {
        let mut backoff = Backoff::default();
        backoff.learn(Retry { base_ms: 100, cap_ms: 1_000, first_ms: [0, 10] });
        for failure in 0..50 {
            let pause = backoff.pause(Some(4200)).unwrap();
            assert!(pause <= Duration::from_millis(1_000), "{failure}: {pause:?}");
        }
    }
}
