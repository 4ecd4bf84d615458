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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::feed_id;
    use event_store::pool::{Isolation, connect_lazy};
    use futures::future::join_all;
    use std::time::Duration;
    use tokio::{net::TcpListener, time::timeout};

    /// Pages that wait for a server which takes connections and says nothing.
    async fn waiting() -> (Pages, TcpListener) {
        let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("mysql://reader:secret@{}/events", silent.local_addr().unwrap());
        let pool = connect_lazy(&url, Isolation::ReadCommitted, 32).unwrap();
        (Pages::new(EventReader::new(pool)), silent)
    }

    // One test: the counts are of the whole process.
    #[tokio::test]
    async fn equal_pages_are_one_read_and_others_wait_for_their_turn() {
        let (pages, _silent) = waiting().await;
        let crowd = |after: fn(u64) -> u64| {
            let reads = (0..50).map(|client| pages.read(feed_id(), after(client))).collect::<Vec<_>>();
            timeout(Duration::from_millis(200), join_all(reads))
        };
        assert!(crowd(|_| 7).await.is_err(), "nobody answers");
        assert_eq!(MOST.load(Ordering::Relaxed), 1, "fifty clients, one read");
        assert_eq!(NOW.load(Ordering::Relaxed), 0, "who left in the middle is not counted for ever");
        assert!(crowd(|client| client).await.is_err());
        assert_eq!(MOST.load(Ordering::Relaxed) as usize, PAGES_AT_A_TIME);
        assert_eq!((NOW.load(Ordering::Relaxed), pages.turns.available_permits()), (0, PAGES_AT_A_TIME));
    }
}
