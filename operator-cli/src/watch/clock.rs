//! The server's clock, as far as this machine can tell.

use chrono::{DateTime, TimeDelta, Utc};

/// How far the server's clock is ahead of ours: a kitchen tablet with a wrong clock must not show wrong ages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ServerClock {
    ahead: TimeDelta,
}

impl ServerClock {
    /// The server said that it is `server_now`; that was just now.
    pub(super) fn set_by(server_now: DateTime<Utc>) -> Self {
        Self { ahead: server_now - Utc::now() }
    }

    /// The server's time.
    pub(super) fn now(self) -> DateTime<Utc> {
        Utc::now() + self.ahead
    }
}
