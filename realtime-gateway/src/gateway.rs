//! What all connections of this process share.

use crate::{
    close::{Close, CloseCode},
    feed::{Hub, hub::away},
    frames::Retry,
    limits::{PAGE_EVENTS, Timing},
};
use domain::{envelope::RecordedEvent, ids::FeedId};
use event_store::feeds::FeedDirectory;
use identity::Verifier;
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Pages that are read from the store at a time; more catch-ups than this wait for their turn, so
/// that a crowd that comes back does not take all connections to MySQL.
pub(crate) const PAGES_AT_A_TIME: usize = 6;

/// What all connections of this process share.
pub(crate) struct Gateway {
    pub(crate) node: String,
    pub(crate) timing: Timing,
    pub(crate) retry: Retry,
    pub(crate) origins: Vec<String>,
    pub(crate) verifier: Verifier,
    pub(crate) feeds: FeedDirectory,
    pub(crate) hub: Arc<Hub>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) connections: TaskTracker,
    pub(crate) connections_max: usize,
    pub(crate) open: AtomicUsize,
    pub(crate) pages: Semaphore,
}

impl Gateway {
    /// A page of a feed from the store.
    pub(crate) async fn store_page(&self, feed: FeedId, after: u64) -> Result<Vec<RecordedEvent>, Close> {
        // The semaphore is never closed.
        let _turn = self.pages.acquire().await.map_err(|error| Close::new(CloseCode::Error, error.to_string()))?;
        Ok(self.hub.reader().page(feed, after, PAGE_EVENTS).await.map_err(away)?)
    }

    /// A place for one more connection, if there is one.
    pub(crate) fn seat(self: &Arc<Self>) -> Option<Seat> {
        let seat = Seat::take(Arc::clone(self));
        (self.open.load(Ordering::Relaxed) <= self.connections_max).then_some(seat)
    }
}

/// A connection's place; given back when dropped.
pub(crate) struct Seat(Arc<Gateway>);

impl Seat {
    fn take(gateway: Arc<Gateway>) -> Self {
        gateway.open.fetch_add(1, Ordering::Relaxed);
        metrics::gauge!("active_socket_connections").increment(1.0);
        Self(gateway)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        metrics::gauge!("active_socket_connections").decrement(1.0);
    }
}
