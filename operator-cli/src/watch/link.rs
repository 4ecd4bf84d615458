//! How the console stands to its gateway.

use super::words::{Words, with_number};
use chrono::{DateTime, Utc};

/// The state of the connection, as a cook is told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Nothing heard yet.
    Connecting,
    /// Connected; what happened meanwhile is still coming.
    CatchingUp,
    /// All that the station may see up to this position is on the board.
    Live {
        /// Position in the feed.
        position: u64,
    },
    /// Not connected.
    Offline {
        /// When the next attempt is made.
        next_try: DateTime<Utc>,
    },
}

impl Link {
    /// In words.
    pub(super) fn text(self, words: &Words, now: DateTime<Utc>) -> String {
        match self {
            Self::Connecting => words.connecting.to_owned(),
            Self::CatchingUp => words.catching_up.to_owned(),
            Self::Live { position } => with_number(words.live, position),
            Self::Offline { next_try } => with_number(words.offline, Self::seconds(next_try, now)),
        }
    }

    /// Seconds until the next attempt, rounded up: "0 s" means now.
    pub(super) fn seconds(next_try: DateTime<Utc>, now: DateTime<Utc>) -> i64 {
        next_try.signed_duration_since(now).num_milliseconds().max(0).saturating_add(999) / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::super::{samples::at, words::ENGLISH};
    use super::*;
    use chrono::Duration;

    #[test]
    fn the_state_is_told_in_words() {
        let offline = |ms: i64| Link::Offline { next_try: at(10) + Duration::milliseconds(ms) }.text(&ENGLISH, at(10));
        assert_eq!(Link::Live { position: 1050 }.text(&ENGLISH, at(0)), "live at position 1050");
        assert_eq!(offline(2_001), "offline, next try in 3 s");
        assert_eq!(offline(-5_000), "offline, next try in 0 s");
    }
}
