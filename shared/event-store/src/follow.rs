//! The feed reader: catch up from MySQL, then follow live; contiguous and resumable.
//!
//! Whatever comes in (from NATS, from a page, twice, out of order, with holes), what goes out is
//! position last + 1, every time. Projectors, the gateway, reactors and audits all stand on this.

use crate::reader::EventReader;
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
};

/// A place in a feed that only ever moves by one.
#[derive(Debug, Clone)]
pub struct FeedFollower {
    feed: FeedId,
    cursor: Cursor,
}

/// What an event that came in means to a follower.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "almost every offer is Next")]
pub enum Offer {
    /// It is the next one; the follower has moved to it.
    Next(RecordedEvent),
    /// It was seen before.
    Seen,
    /// Events are missing before it; the follower has not moved. Catch up, at least to `to`.
    Hole {
        /// The position of the event that showed the hole.
        to: u64,
    },
    /// The feed was renumbered; what was built on the old numbers must be built again.
    OtherEpoch,
}

/// Why a follower cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// MySQL cannot answer now; try again.
    #[error("the event store cannot be read: {0}")]
    Store(#[from] sqlx::Error),
    /// The store itself has a hole, which must never happen.
    #[error("feed {feed} has no position {missing}")]
    Hole {
        /// The feed.
        feed: FeedId,
        /// The position that is not there.
        missing: u64,
    },
    /// The feed was renumbered.
    #[error("feed {feed} is in epoch {found}, not {expected}")]
    OtherEpoch {
        /// The feed.
        feed: FeedId,
        /// The epoch that the follower is in.
        expected: u32,
        /// The epoch that the feed is in.
        found: u32,
    },
}

impl FeedFollower {
    /// A follower that has seen everything up to and with `at`.
    #[must_use]
    pub fn new(feed: FeedId, at: Cursor) -> Self {
        Self { feed, cursor: at }
    }

    /// The feed that it follows.
    #[must_use]
    pub fn feed(&self) -> FeedId {
        self.feed
    }

    /// The last position that it has given out.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Takes an event that came in live.
    pub fn offer(&mut self, event: RecordedEvent) -> Offer {
        let Cursor { epoch, position } = event.cursor;
        if epoch != self.cursor.epoch {
            return Offer::OtherEpoch;
        }
        if position <= self.cursor.position {
            return Offer::Seen;
        }
        if position > self.cursor.position + 1 {
            return Offer::Hole { to: position };
        }
        self.cursor.position = position;
        Offer::Next(event)
    }

    /// The next events from MySQL, at most `limit` and one page; empty at the head. The follower
    /// has moved to the last of them.
    ///
    /// # Errors
    /// When MySQL cannot answer, the store has a hole, or the feed was renumbered; then the
    /// follower has not moved.
    pub async fn catch_up(&mut self, reader: &EventReader, limit: usize) -> Result<Vec<RecordedEvent>, FollowError> {
        let events = reader.page(self.feed, self.cursor.position, limit).await?;
        for (event, expected) in events.iter().zip(self.cursor.position + 1..) {
            if event.cursor.epoch != self.cursor.epoch {
                let (expected, found) = (self.cursor.epoch, event.cursor.epoch);
                return Err(FollowError::OtherEpoch { feed: self.feed, expected, found });
            }
            if event.cursor.position != expected {
                return Err(FollowError::Hole { feed: self.feed, missing: expected });
            }
        }
        if let Some(last) = events.last() {
            self.cursor = last.cursor;
        }
        Ok(events)
    }
}
