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
    sync::{Arc, Mutex, PoisonError},
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
    metrics::gauge!("realtime_pages_being_read").increment(1.0);
    let events = reader.page(feed, after, PAGE_EVENTS).await;
    metrics::gauge!("realtime_pages_being_read").decrement(1.0);
    events.map(Arc::new).map_err(away)
}
