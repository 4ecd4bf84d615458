//! The times of a connection.

use crate::{
    close::{Close, CloseCode},
    limits::Timing,
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// What it is time for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tick {
    /// Heartbeat number `n`.
    Heartbeat { n: u64 },
    /// The token ends in this time.
    Due { remaining: Duration },
    /// The connection ends.
    Close(Close),
}

/// Heartbeats, `pong` and the end of the token.
#[derive(Debug)]
pub(crate) struct Clock {
    timing: Arc<Timing>,
    next_heartbeat: Instant,
    sent: u64,
    last_pong: Instant,
    token_ends: Instant,
    due_sent: bool,
}

impl Clock {
    /// The clock of a connection that was welcomed now, with a token that ends then.
    pub(crate) fn new(timing: Arc<Timing>, now: Instant, token_ends: Instant) -> Self {
        let next_heartbeat = now + timing.heartbeat;
        Self { timing, next_heartbeat, sent: 0, last_pong: now, token_ends, due_sent: false }
    }

    /// When to look next.
    pub(crate) fn next(&self) -> Instant {
        let token = if self.due_sent { self.token_ends + self.timing.grace } else { self.due_at() };
        self.next_heartbeat.min(self.last_pong + self.timing.idle).min(token)
    }

    /// What it is time for; ask until it says `None`.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<Tick> {
        if now >= self.last_pong + self.timing.idle {
            return Some(Tick::Close(Close::new(CloseCode::NoPong, "no pong came")));
        }
        if now >= self.token_ends + self.timing.grace {
            return Some(Tick::Close(Close::new(CloseCode::Expired, "the token has ended")));
        }
        if !self.due_sent && now >= self.due_at() {
            self.due_sent = true;
            return Some(Tick::Due { remaining: self.token_ends.saturating_duration_since(now) });
        }
        if now >= self.next_heartbeat {
            // From now, not from when it was due: a machine that slept does not catch up on beats.
            self.next_heartbeat = now + self.timing.heartbeat;
            self.sent += 1;
            return Some(Tick::Heartbeat { n: self.sent });
        }
        None
    }

    /// The client answered heartbeat `n`. An answer to one that was never sent says nothing.
    pub(crate) fn pong(&mut self, n: u64, now: Instant) {
        if n <= self.sent {
            self.last_pong = now;
        }
    }

    /// A new token, which ends then.
    pub(crate) fn renew(&mut self, token_ends: Instant) {
        self.token_ends = token_ends;
        self.due_sent = false;
    }

    fn due_at(&self) -> Instant {
        self.token_ends.checked_sub(self.timing.due_before).unwrap_or(self.token_ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn clock(token: Duration) -> (Clock, Instant) {
        let now = Instant::now();
        (Clock::new(Arc::default(), now, now + token), now)
    }

    #[test]
    fn a_client_that_answers_lives_and_one_that_does_not_is_closed() {
        let (mut clock, start) = clock(3_600 * SECOND);
        assert_eq!(clock.tick(start + 14 * SECOND), None);
        assert_eq!(clock.tick(start + 15 * SECOND), Some(Tick::Heartbeat { n: 1 }));
        clock.pong(1, start + 16 * SECOND);
        assert_eq!(clock.tick(start + 30 * SECOND), Some(Tick::Heartbeat { n: 2 }));
        assert_eq!(clock.tick(start + 50 * SECOND), Some(Tick::Heartbeat { n: 3 }));
        assert_eq!(clock.next(), start + 51 * SECOND);
        let Some(Tick::Close(close)) = clock.tick(start + 51 * SECOND) else { panic!("still open") };
        assert_eq!(close.code, CloseCode::NoPong);
    }

    #[test]
    fn an_answer_to_a_beat_that_was_never_sent_is_no_sign_of_life() {
        let (mut clock, start) = clock(3_600 * SECOND);
        clock.pong(99, start + 30 * SECOND);
        assert!(matches!(clock.tick(start + 35 * SECOND), Some(Tick::Close(_))));
    }

    #[test]
    fn the_end_of_a_token_is_told_and_a_new_one_moves_it() {
        let (mut clock, start) = clock(70 * SECOND);
        clock.last_pong = start + 3_600 * SECOND;
        clock.next_heartbeat = start + 3_600 * SECOND;
        assert_eq!(clock.next(), start + 10 * SECOND);
        assert_eq!(clock.tick(start + 10 * SECOND), Some(Tick::Due { remaining: 60 * SECOND }));
        assert_eq!(clock.tick(start + 11 * SECOND), None);
        assert_eq!(clock.next(), start + 100 * SECOND);
        clock.renew(start + 900 * SECOND);
        assert_eq!(clock.tick(start + 100 * SECOND), None);
        assert_eq!(clock.tick(start + 840 * SECOND), Some(Tick::Due { remaining: 60 * SECOND }));
        let Some(Tick::Close(close)) = clock.tick(start + 930 * SECOND) else { panic!("still open") };
        assert_eq!(close.code, CloseCode::Expired);
    }
}
