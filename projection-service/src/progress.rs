//! Who waits until a view has reached a position, and is woken when it does.

use crate::generation::Projection;
use domain::{envelope::Cursor, ids::FeedId};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

type Key = (Projection, FeedId);

/// From so many entries on, those that nobody waits for any more are swept out.
const SWEEP_FROM: usize = 1_024;

/// Wake-ups between the projectors and the queries of one process. Nobody depends on them: who waits
/// also looks at the checkpoint from time to time, because another process may be the projector.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// Moves when somebody begins to wait.
    asked: watch::Sender<()>,
    /// Feeds that somebody waits for, and a bounded number of leftovers.
    waiting: Mutex<HashMap<Key, watch::Sender<u64>>>,
}

impl Progress {
    /// A projection of this process has moved to here.
    pub(crate) fn moved(&self, projection: Projection, feed: FeedId, to: Cursor) {
        let mut waiting = self.lock();
        if let Some(sender) = waiting.get(&(projection, feed)) {
            if sender.is_closed() {
                waiting.remove(&(projection, feed));
            } else {
                sender.send_replace(to.position);
            }
        }
    }

    /// Whether somebody waits for the projection in any of these feeds.
    pub(crate) fn is_awaited(&self, projection: Projection, mut feeds: impl Iterator<Item = FeedId>) -> bool {
        let waiting = self.lock();
        let awaits = |sender: &watch::Sender<u64>| !sender.is_closed();
        !waiting.is_empty() && feeds.any(|feed| waiting.get(&(projection, feed)).is_some_and(awaits))
    }

    /// Tells whenever somebody begins to wait.
    pub(crate) fn asked(&self) -> watch::Receiver<()> {
        self.asked.subscribe()
    }

    /// Tells of every move from now on.
    pub(crate) fn watch(&self, projection: Projection, feed: FeedId) -> watch::Receiver<u64> {
        let mut waiting = self.lock();
        if waiting.len() >= SWEEP_FROM {
            waiting.retain(|_, sender| !sender.is_closed());
        }
        let sender = waiting.entry((projection, feed)).or_insert_with(|| watch::Sender::new(0));
        let moves = sender.subscribe();
        drop(waiting);
        self.asked.send_replace(());
        moves
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, watch::Sender<u64>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generation::Generation;
    use uuid::Uuid;

    const ORDERS: Projection = Projection { view: "orders", generation: Generation(1) };
    const BOARD: Projection = Projection { view: "kitchen_board", generation: Generation(1) };

    #[tokio::test]
    async fn a_move_wakes_who_waits_for_that_feed() {
        let progress = Progress::default();
        let (feed, other) = (FeedId::from(Uuid::from_u128(1)), FeedId::from(Uuid::from_u128(2)));
        let mut waiting = progress.watch(ORDERS, feed);
        progress.moved(ORDERS, other, Cursor { epoch: 1, position: 9 });
        progress.moved(BOARD, feed, Cursor { epoch: 1, position: 8 });
        assert!(!waiting.has_changed().unwrap());
        progress.moved(ORDERS, feed, Cursor { epoch: 1, position: 7 });
        waiting.changed().await.unwrap();
        assert_eq!(*waiting.borrow(), 7);
    }

    #[tokio::test]
    async fn it_is_known_who_waits_and_told_when_somebody_begins() {
        let progress = Progress::default();
        let (feed, other) = (FeedId::from(Uuid::from_u128(1)), FeedId::from(Uuid::from_u128(2)));
        let mut asked = progress.asked();
        assert!(!progress.is_awaited(ORDERS, [feed].into_iter()));
        let waiting = progress.watch(ORDERS, feed);
        asked.changed().await.unwrap();
        assert!(progress.is_awaited(ORDERS, [other, feed].into_iter()));
        assert!(!progress.is_awaited(ORDERS, [other].into_iter()));
        assert!(!progress.is_awaited(BOARD, [feed].into_iter()));
        drop(waiting);
        assert!(!progress.is_awaited(ORDERS, [feed].into_iter()));
    }

    #[test]
    fn nobody_waiting_leaves_nothing_behind() {
        let progress = Progress::default();
        let feed = FeedId::from(Uuid::from_u128(1));
        drop(progress.watch(ORDERS, feed));
        progress.moved(ORDERS, feed, Cursor { epoch: 1, position: 1 });
        assert!(progress.lock().is_empty());
    }
}
