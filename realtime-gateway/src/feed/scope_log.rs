//! What one scope sees of a ring.

use super::{Entry, Signal};
use crate::{
    frames::StreamName,
    websocket::{Handed, Packet},
};
use domain::envelope::Cursor;
use identity::ScopeFilter;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// The events of a ring that one scope sees, each with the position of the one before it.
///
/// Promise: it holds *every* event of the scope after [`ScopeLog::complete_from`]. So a stream whose
/// scope is silent for hours never leaves it, however much else happens in the restaurant.
#[derive(Debug)]
pub(crate) struct ScopeLog {
    pub(crate) name: StreamName,
    pub(crate) filter: ScopeFilter,
    inner: RwLock<Inner>,
    /// In the order of their ids. Shared while an event is handed out, so that nobody has to wait for that.
    waiters: Mutex<Arc<Vec<Waiter>>>,
}

/// A stream of a connection that follows the log.
#[derive(Debug, Clone)]
pub(crate) struct Waiter {
    id: u64,
    pub(super) signal: Arc<Signal>,
    pub(super) stream: usize,
}

#[derive(Debug)]
struct Inner {
    epoch: u32,
    complete_from: u64,
    last: u64,
    slots: VecDeque<Slot>,
}

#[derive(Debug)]
struct Slot {
    entry: Arc<Entry>,
    prev: u64,
    /// Made when first wanted: a new log on a full ring costs nothing for events that nobody missed.
    frame: OnceLock<Packet>,
}

/// An `ev` frame, shared by all connections of its scope.
#[derive(Debug, Clone)]
pub(crate) struct Frame {
    pub(crate) position: u64,
    pub(crate) text: Packet,
    /// See [`Entry::trace`].
    pub(crate) trace: Option<Arc<str>>,
}

/// What a log answers.
#[derive(Debug)]
pub(crate) enum Read {
    /// The feed has been numbered anew.
    OtherEpoch,
    /// The log no longer reaches back that far.
    Behind,
    /// The next frames; `drained` when there are no more now.
    Frames { frames: Vec<Frame>, drained: bool },
}

impl ScopeLog {
    /// The log of a scope on a ring that holds these entries, all of them after `floor`.
    pub(crate) fn new<'a>(
        name: StreamName,
        filter: ScopeFilter,
        floor: Cursor,
        entries: impl Iterator<Item = &'a Arc<Entry>>,
    ) -> Self {
        let mut inner = Inner::new(floor);
        for entry in entries.filter(|entry| entry.shown_by(&filter)) {
            inner.push(entry.clone());
        }
        Self { name, filter, inner: RwLock::new(inner), waiters: Mutex::default() }
    }

    /// Adds the newest event of the ring, if this scope sees it. Nobody is told of it.
    pub(crate) fn push(&self, entry: &Arc<Entry>) -> bool {
        let is_shown = entry.shown_by(&self.filter);
        if is_shown {
            self.write().push(entry.clone());
        }
        is_shown
    }

    /// The frame at this position, for those who are right before it. None if its way is recorded: a task does that.
    pub(crate) fn handed(&self, position: u64) -> Option<Handed> {
        let inner = self.inner_read();
        let at = inner.slots.binary_search_by_key(&position, |slot| slot.entry.position).ok()?;
        let slot = inner.slots.get(at).filter(|slot| slot.entry.trace.is_none())?;
        let packet = slot.packet(&self.name).clone();
        Some(Handed { epoch: inner.epoch, position, prev: slot.prev, packet })
    }

    /// The ring has dropped everything up to here.
    pub(crate) fn evict(&self, position: u64) {
        let mut inner = self.write();
        while inner.slots.front().is_some_and(|slot| slot.entry.position <= position) {
            if let Some(slot) = inner.slots.pop_front() {
                inner.complete_from = slot.entry.position;
            }
        }
    }

    /// The feed starts anew after this cursor.
    pub(crate) fn restart(&self, at: Cursor) {
        *self.write() = Inner::new(at);
        self.wake();
    }

    /// The frames after a cursor: at most `events` and about `bytes` of them, but at least one if
    /// there is one.
    pub(crate) fn read(&self, after: Cursor, events: usize, bytes: usize) -> Read {
        let inner = self.inner_read();
        if inner.epoch != after.epoch {
            return Read::OtherEpoch;
        }
        if after.position < inner.complete_from {
            return Read::Behind;
        }
        let start = inner.slots.partition_point(|slot| slot.entry.position <= after.position);
        let mut frames: Vec<Frame> = Vec::new();
        let mut taken = 0;
        for slot in inner.slots.range(start..) {
            let text = slot.packet(&self.name);
            taken += text.len();
            if frames.len() >= events || (taken > bytes && !frames.is_empty()) {
                return Read::Frames { frames, drained: false };
            }
            let (position, trace) = (slot.entry.position, slot.entry.trace.clone());
            frames.push(Frame { position, text: text.clone(), trace });
        }
        Read::Frames { frames, drained: true }
    }

    /// Everything of the scope after this position is in the log.
    pub(crate) fn complete_from(&self) -> u64 {
        self.inner_read().complete_from
    }

    /// The last position of the scope, as far as the ring goes back.
    pub(crate) fn last(&self) -> u64 {
        self.inner_read().last
    }

    /// Ids grow.
    pub(crate) fn add_waiter(&self, id: u64, signal: Arc<Signal>, stream: usize) {
        Arc::make_mut(&mut self.lock_waiters()).push(Waiter { id, signal, stream });
    }

    /// Says whether that was the last one.
    pub(crate) fn remove_waiter(&self, id: u64) -> bool {
        let mut waiters = self.lock_waiters();
        if let Ok(at) = waiters.binary_search_by_key(&id, |waiter| waiter.id) {
            Arc::make_mut(&mut waiters).remove(at);
        }
        waiters.is_empty()
    }

    /// Who follows it now.
    pub(crate) fn waiters(&self) -> Arc<Vec<Waiter>> {
        Arc::clone(&self.lock_waiters())
    }

    /// Tells all waiting connections to look.
    pub(crate) fn wake(&self) {
        self.waiters().iter().for_each(|waiter| waiter.signal.ring(waiter.stream));
    }

    fn lock_waiters(&self) -> MutexGuard<'_, Arc<Vec<Waiter>>> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn inner_read(&self) -> RwLockReadGuard<'_, Inner> {
        self.inner.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner> {
        self.inner.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn new(at: Cursor) -> Self {
        Self { epoch: at.epoch, complete_from: at.position, last: at.position, slots: VecDeque::new() }
    }

    fn push(&mut self, entry: Arc<Entry>) {
        let prev = std::mem::replace(&mut self.last, entry.position);
        self.slots.push_back(Slot { entry, prev, frame: OnceLock::new() });
    }
}

impl Slot {
    fn packet(&self, name: &StreamName) -> &Packet {
        self.frame.get_or_init(|| self.entry.frame(name, self.prev))
    }
}
