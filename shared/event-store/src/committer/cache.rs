//! What a committer remembers: heads of feeds and states of aggregates.
//!
//! Everything that is remembered of a feed is true as of the feed's remembered position. When
//! another process has moved the head, the events in between are folded in; so nothing here is ever
//! guessed to be fresh.

use crate::hash::{GENESIS, Hash};
use chrono::{DateTime, Utc};
use domain::{
    envelope::Cursor,
    event::Event,
    ids::{FeedId, TenantId},
    stream::{State, StreamId},
};
use std::collections::HashMap;

/// Where a feed stands, with all that the next event needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct FeedHead {
    pub(super) tenant: TenantId,
    pub(super) cursor: Cursor,
    pub(super) last_hash: Hash,
    pub(super) recorded_at: DateTime<Utc>,
    /// Whether the row is in the store. A feed that a command creates is not, until it commits.
    pub(super) stored: bool,
}

impl FeedHead {
    pub(super) fn of_new_feed(tenant: TenantId) -> Self {
        let cursor = Cursor { epoch: 1, position: 0 };
        Self { tenant, cursor, last_hash: GENESIS, recorded_at: DateTime::UNIX_EPOCH, stored: false }
    }
}

/// An aggregate and the number of its events.
#[derive(Debug, Clone)]
pub(super) struct Versioned {
    pub(super) state: State,
    pub(super) version: u64,
}

impl Versioned {
    pub(super) fn absent(stream: StreamId) -> Self {
        Self { state: State::absent(stream.kind), version: 0 }
    }

    pub(super) fn apply(&mut self, event: Event) {
        self.state.apply(event);
        self.version += 1;
    }
}

struct CachedFeed {
    head: FeedHead,
    streams: HashMap<StreamId, CachedStream>,
}

struct CachedStream {
    aggregate: Versioned,
    bytes: usize,
    used: u64,
}

/// What a feed and a stream cost besides their state.
const FEED_BYTES: usize = 256;
const STREAM_BYTES: usize = 128;

/// Remembered feeds and aggregates within a budget of bytes.
pub(super) struct Cache {
    feeds: HashMap<FeedId, CachedFeed>,
    bytes: usize,
    budget: usize,
    clock: u64,
}

impl Cache {
    pub(super) fn new(budget: usize) -> Self {
        Self { feeds: HashMap::new(), bytes: 0, budget, clock: 0 }
    }

    pub(super) fn head(&self, feed: FeedId) -> Option<&FeedHead> {
        self.feeds.get(&feed).map(|cached| &cached.head)
    }

    pub(super) fn stream(&self, feed: FeedId, stream: StreamId) -> Option<&Versioned> {
        self.feeds.get(&feed)?.streams.get(&stream).map(|cached| &cached.aggregate)
    }

    /// Remembers a feed from which nothing is remembered yet.
    pub(super) fn insert_feed(&mut self, feed: FeedId, head: FeedHead) {
        self.forget(feed);
        self.bytes += FEED_BYTES;
        self.feeds.insert(feed, CachedFeed { head, streams: HashMap::new() });
    }

    pub(super) fn move_head(&mut self, feed: FeedId, head: FeedHead) {
        if let Some(cached) = self.feeds.get_mut(&feed) {
            cached.head = head;
        }
    }

    /// Remembers an aggregate as of (or after) the remembered position of its feed.
    pub(super) fn put_stream(&mut self, feed: FeedId, stream: StreamId, aggregate: Versioned) {
        let Some(cached) = self.feeds.get_mut(&feed) else { return };
        self.clock += 1;
        let bytes = aggregate.state.size_estimate() + STREAM_BYTES;
        let entry = CachedStream { aggregate, bytes, used: self.clock };
        self.bytes += bytes;
        if let Some(old) = cached.streams.insert(stream, entry) {
            self.bytes -= old.bytes;
        }
    }

    /// Says that an aggregate was read, so that it stays longer.
    pub(super) fn touch(&mut self, feed: FeedId, stream: StreamId) {
        self.clock += 1;
        if let Some(entry) = self.feeds.get_mut(&feed).and_then(|cached| cached.streams.get_mut(&stream)) {
            entry.used = self.clock;
        }
    }

    /// Folds in an event that another process has written. An aggregate that was loaded after that
    /// event already contains it; one that misses events before it is dropped.
    pub(super) fn catch_up(&mut self, feed: FeedId, stream: StreamId, version: u64, event: Event) {
        let Some(cached) = self.feeds.get_mut(&feed) else { return };
        let Some(entry) = cached.streams.get_mut(&stream) else { return };
        if version == entry.aggregate.version + 1 {
            entry.aggregate.apply(event);
        } else if version > entry.aggregate.version {
            self.bytes -= entry.bytes;
            cached.streams.remove(&stream);
        }
    }

    /// Forgets a feed and everything in it.
    pub(super) fn forget(&mut self, feed: FeedId) {
        if let Some(cached) = self.feeds.remove(&feed) {
            self.bytes -= FEED_BYTES + cached.streams.values().map(|entry| entry.bytes).sum::<usize>();
        }
    }

    /// Forgets what was not used for longest, until a quarter of the budget is free again.
    pub(super) fn shrink(&mut self) {
        if self.bytes <= self.budget {
            return;
        }
        let mut entries: Vec<(u64, FeedId, StreamId)> = self
            .feeds
            .iter()
            .flat_map(|(feed, cached)| cached.streams.iter().map(|(stream, entry)| (entry.used, *feed, *stream)))
            .collect();
        entries.sort_unstable();
        for (_, feed, stream) in entries {
            if self.bytes <= self.budget / 4 * 3 {
                break;
            }
            self.remove_stream(feed, stream);
        }
    }

    fn remove_stream(&mut self, feed: FeedId, stream: StreamId) {
        let Some(cached) = self.feeds.get_mut(&feed) else { return };
        if let Some(entry) = cached.streams.remove(&stream) {
            self.bytes -= entry.bytes;
        }
        if cached.streams.is_empty() {
            self.forget(feed);
        }
    }
}
