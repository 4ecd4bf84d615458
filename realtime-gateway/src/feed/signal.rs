//! How a connection learns that its streams have something new.

use crate::{
    limits::STREAMS_MAX,
    websocket::{Handed, Line},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::Notify;

const _: () = assert!(STREAMS_MAX <= u64::BITS as usize, "one bit per stream");

/// One bit per stream of a connection, and a bell. However often it rings, nothing piles up.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    streams: AtomicU64,
    bell: Notify,
    /// Where frames can be written while the connection is at rest; `None` where every frame needs its task.
    line: Option<Arc<Line>>,
}

/// The streams that have something to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Dirty(u64);

impl Signal {
    /// The signal of the connection over this line.
    pub(crate) fn of(line: Arc<Line>) -> Self {
        Self { line: Some(line), ..Self::default() }
    }

    /// Writes the next frame of stream `index` to the connection if it is at rest, and rings if not.
    pub(crate) fn hand(&self, index: usize, frame: &Handed) {
        if !self.line.as_ref().is_some_and(|line| line.hand(index, frame)) {
            self.ring(index);
        }
    }

    /// Stream `index` has something new.
    pub(crate) fn ring(&self, index: usize) {
        // Release: whoever takes the bit sees what was written before it was set.
        self.streams.fetch_or(1 << index, Ordering::Release);
        self.bell.notify_one();
    }

    /// Waits until a stream has something new, and takes all that have.
    pub(crate) async fn wait(&self) -> Dirty {
        loop {
            let taken = self.streams.swap(0, Ordering::Acquire);
            if taken != 0 {
                return Dirty(taken);
            }
            self.bell.notified().await;
        }
    }
}

impl Dirty {
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn first(self) -> Option<usize> {
        (self.0 != 0).then(|| self.0.trailing_zeros() as usize)
    }

    pub(crate) fn add(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) fn remove(&mut self, index: usize) {
        self.0 &= !(1 << index);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_rang_before_the_wait_is_not_lost() {
        let signal = Signal::default();
        signal.ring(3);
        signal.ring(63);
        signal.ring(3);
        let mut dirty = signal.wait().await;
        assert_eq!(dirty.first(), Some(3));
        dirty.remove(3);
        assert_eq!(dirty.first(), Some(63));
        dirty.remove(63);
        assert!(dirty.is_empty());
    }
}
