//! The newest events of one restaurant.

use super::{Entry, HandOut, ScopeKey, ScopeLog, Signal, scope_key};
use crate::{frames::StreamName, limits::SCOPES_PER_RING_MAX};
use domain::{
    envelope::{Cursor, RecordedEvent},
    ids::FeedId,
};
use event_store::reader::Head;
use identity::ScopeFilter;
use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// How much one ring holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RingLimits {
    /// Most events.
    pub(crate) events: usize,
    /// Most bytes of envelopes. Frames of scopes come on top: at most six per event.
    pub(crate) bytes: usize,
}

impl Default for RingLimits {
    fn default() -> Self {
        Self { events: 1_024, bytes: 1024 * 1024 }
    }
}

/// Where a ring stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RingHead {
    /// The last event that it has.
    pub(crate) cursor: Cursor,
    /// When the store was last asked and had nothing newer.
    pub(crate) verified: Option<Instant>,
    /// Nothing comes any more: what filled the ring has ended.
    pub(crate) closed: bool,
}

/// The newest events of one restaurant: contiguous, bounded, encoded once.
#[derive(Debug)]
pub(crate) struct Ring {
    pub(crate) feed: FeedId,
    limits: RingLimits,
    state: Mutex<State>,
    head: watch::Sender<RingHead>,
    /// Where the store stood when it was last asked; whoever fills the ring waits on it.
    pub(crate) looked: watch::Sender<Option<(Head, Instant)>>,
}

#[derive(Debug)]
struct State {
    /// The position before the oldest entry.
    floor: Cursor,
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    logs: HashMap<ScopeKey, Arc<ScopeLog>>,
    subscribers: u64,
    joined: u64,
    idle_since: Instant,
    retired: bool,
}

/// Why nobody can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum JoinError {
    /// The ring was dropped; ask for a new one.
    Retired,
    /// Too many scopes are followed.
    Full,
}

impl Ring {
    /// An empty ring after this cursor.
    pub(crate) fn new(feed: FeedId, at: Cursor, limits: RingLimits) -> Self {
        let state = State {
            floor: at,
            entries: VecDeque::new(),
            bytes: 0,
            logs: HashMap::new(),
            subscribers: 0,
            joined: 0,
            idle_since: Instant::now(),
            retired: false,
        };
        let head = RingHead { cursor: at, verified: None, closed: false };
        Self {
            feed,
            limits,
            state: Mutex::new(state),
            head: watch::Sender::new(head),
            looked: watch::Sender::new(None),
        }
    }

    /// Adds the event after the head, and wakes all who follow a scope that sees it.
    pub(crate) fn push(&self, event: &RecordedEvent) {
        self.add(event).ring();
    }

    /// Adds the event after the head; the caller tells of it, and keeps the order, as a feed follower does.
    pub(crate) fn add(&self, event: &RecordedEvent) -> HandOut {
        let entry = Arc::new(Entry::new(event));
        let mut state = self.lock();
        state.bytes += entry.bytes();
        let logs = state.logs_of(&entry).filter(|log| log.push(&entry)).cloned().collect();
        state.entries.push_back(entry);
        while state.entries.len() > 1 && (state.entries.len() > self.limits.events || state.bytes > self.limits.bytes) {
            state.evict_oldest();
        }
        drop(state);
        // After the logs: who reads the head first and then a log has all up to that head.
        self.head.send_modify(|head| head.cursor = event.cursor);
        HandOut { logs, position: event.cursor.position }
    }

    /// Drops everything: the feed was numbered anew and stands here.
    pub(crate) fn restart(&self, at: Cursor) {
        let mut state = self.lock();
        state.floor = at;
        state.entries.clear();
        state.bytes = 0;
        self.head.send_modify(|head| *head = RingHead { cursor: at, verified: None, closed: head.closed });
        for log in state.logs.values() {
            log.restart(at);
        }
    }

    /// The store, asked at this time, had nothing newer.
    pub(crate) fn verified(&self, at: Instant) {
        self.head.send_if_modified(|head| {
            head.verified = Some(at);
            false
        });
    }

    /// Nothing comes any more; all connections are told.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.retired = true;
        self.head.send_modify(|head| head.closed = true);
        state.logs.values().for_each(|log| log.wake());
    }

    /// Where it stands.
    pub(crate) fn head(&self) -> RingHead {
        *self.head.borrow()
    }

    /// Follows the head.
    pub(crate) fn heads(&self) -> watch::Receiver<RingHead> {
        self.head.subscribe()
    }

    /// Follows a scope; `signal` rings for `stream` when it has something new.
    ///
    /// # Errors
    /// When the ring was dropped meanwhile, or has too many scopes.
    pub(crate) fn join(
        self: &Arc<Self>,
        filter: &ScopeFilter,
        signal: &Arc<Signal>,
        stream: usize,
    ) -> Result<Subscription, JoinError> {
        let mut state = self.lock();
        if state.retired {
            return Err(JoinError::Retired);
        }
        let log = state.log(self.feed, filter)?;
        state.subscribers += 1;
        state.joined += 1;
        let id = state.joined;
        log.add_waiter(id, signal.clone(), stream);
        Ok(Subscription { ring: self.clone(), log, id })
    }

    /// Marks the ring as dropped if nobody has followed it for this long.
    pub(crate) fn retire_if_idle(&self, idle: Duration) -> bool {
        let mut state = self.lock();
        if state.subscribers == 0 && state.idle_since.elapsed() >= idle {
            state.retired = true;
        }
        state.retired
    }

    fn leave(&self, log: &Arc<ScopeLog>, id: u64) {
        let mut state = self.lock();
        let was_last = log.remove_waiter(id);
        state.subscribers -= 1;
        state.idle_since = Instant::now();
        // Nobody can join while we hold the lock.
        if was_last {
            state.logs.remove(&scope_key(&log.filter));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn log(&mut self, feed: FeedId, filter: &ScopeFilter) -> Result<Arc<ScopeLog>, JoinError> {
        let key = scope_key(filter);
        if let Some(log) = self.logs.get(&key) {
            return Ok(log.clone());
        }
        if self.logs.len() >= SCOPES_PER_RING_MAX {
            return Err(JoinError::Full);
        }
        let name = StreamName { restaurant: feed.restaurant(), scope: filter.scope.clone() };
        let log = Arc::new(ScopeLog::new(name, filter.clone(), self.floor, self.entries.iter()));
        self.logs.insert(key, log.clone());
        Ok(log)
    }

    fn logs_of<'a>(&'a self, entry: &Entry) -> impl Iterator<Item = &'a Arc<ScopeLog>> {
        entry.scopes().into_iter().filter_map(|key| self.logs.get(&key))
    }

    fn evict_oldest(&mut self) {
        let Some(entry) = self.entries.pop_front() else { return };
        self.bytes -= entry.bytes();
        self.floor.position = entry.position;
        metrics::counter!("realtime_ring_evictions_total").increment(1);
        self.logs_of(&entry).for_each(|log| log.evict(entry.position));
    }
}

/// A place at a scope of a ring; given back when dropped.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) ring: Arc<Ring>,
    pub(crate) log: Arc<ScopeLog>,
    id: u64,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.ring.leave(&self.log, self.id);
    }
}

#[cfg(test)]
mod tests;
