//! How much may be sent before the client acknowledges.

use crate::limits::{PAGE_BYTES, PAGE_EVENTS};

/// One page: so many events and so many bytes. Used up, the stream waits until the client has
/// acknowledged all that was sent; so a client that cannot follow costs nothing but its socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Credit {
    events: usize,
    bytes: usize,
}

impl Credit {
    /// A whole page.
    pub(crate) const PAGE: Self = Self { events: PAGE_EVENTS, bytes: PAGE_BYTES };

    /// A smaller one.
    pub(crate) const fn of(events: usize, bytes: usize) -> Self {
        Self { events, bytes }
    }

    /// Whether one more event may be sent.
    pub(crate) fn open(self) -> bool {
        self.events > 0 && self.bytes > 0
    }

    /// One event of this size was sent.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.events = self.events.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    pub(crate) fn events(self) -> usize {
        self.events
    }

    pub(crate) fn bytes(self) -> usize {
        self.bytes
    }
}
