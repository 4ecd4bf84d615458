//! Pages of feeds from the store: bounded, and read once for all who want the same.

use crate::{
    feed::{HubError, hub::away},
    limits::PAGE_EVENTS,
};
use domain::{envelope::RecordedEvent, ids::FeedId};
use event_store::reader::EventReader;
use futures::{
    FutureExt,
    future::{BoxFuture, Shared, WeakShared},
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::sync::Semaphore;

/// Pages that are read at a time; more catch-ups than this wait for their turn, so that a crowd that
/// comes back does not take all connections to MySQL.
pub(crate) const PAGES_AT_A_TIME: usize = 6;
/// Reads that are remembered before the ones that have ended are swept out.
const REMEMBERED_MAX: usize = 1_024;

/// Events in order, shared by all who asked.
pub(crate) type Page = Arc<Vec<RecordedEvent>>;
type Reading = BoxFuture<'static, Result<Page, HubError>>;

/// Reads pages.
pub(crate) struct Pages {
    reader: EventReader,
    turns: Arc<Semaphore>,
    under_way: Mutex<HashMap<(FeedId, u64), WeakShared<Reading>>>,
}

impl Pages {
    pub(crate) fn new(reader: EventReader) -> Self {
        Self { reader, turns: Arc::new(Semaphore::new(PAGES_AT_A_TIME)), under_way: Mutex::default() }
    }

    /// The events after this position. Clients that lost the same gateway ask for the same ones at the
    /// same time; the first one's read answers all of them.
    pub(crate) async fn read(&self, feed: FeedId, after: u64) -> Result<Page, HubError> {
        self.reading(feed, after).await
    }

    fn reading(&self, feed: FeedId, after: u64) -> Shared<Reading> {
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let known = under_way.get(&(feed, after)).and_then(WeakShared::upgrade);
        // One that has its answer may be older than what this caller knows to be there.
        if let Some(reading) = known.filter(|reading| reading.peek().is_none()) {
            metrics::counter!("realtime_shared_pages_total").increment(1);
            return reading;
        }
        if under_way.len() >= REMEMBERED_MAX {
            under_way.retain(|_, reading| reading.upgrade().is_some_and(|reading| reading.peek().is_none()));
        }
        let reading = page(self.reader.clone(), Arc::clone(&self.turns), feed, after).boxed().shared();
        under_way.extend(reading.downgrade().map(|weak| ((feed, after), weak)));
        reading
    }
}

async fn page(reader: EventReader, turns: Arc<Semaphore>, feed: FeedId, after: u64) -> Result<Page, HubError> {
    // The semaphore is never closed.
    let _turn = turns.acquire().await.map_err(|_| HubError::StoreAway)?;
    let _counted = Counted::new();
    reader.page(feed, after, PAGE_EVENTS).await.map(Arc::new).map_err(away)
}

/// A page that is being read now. Counted until it is dropped: a client may leave in the middle.
struct Counted;

/// Pages that are read now, and the most that ever were.
static NOW: AtomicU32 = AtomicU32::new(0);
static MOST: AtomicU32 = AtomicU32::new(0);

impl Counted {
    fn new() -> Self {
        let now = NOW.fetch_add(1, Ordering::Relaxed) + 1;
        let most = MOST.fetch_max(now, Ordering::Relaxed).max(now);
        metrics::gauge!("realtime_pages_being_read").set(now);
        metrics::gauge!("realtime_pages_being_read_most").set(most);
        Self
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let now = NOW.fetch_sub(1, Ordering::Relaxed) - 1;
        metrics::gauge!("realtime_pages_being_read").set(now);
    }
}
