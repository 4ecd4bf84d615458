//! All rings of this process: one per restaurant that somebody follows.

use super::{
    Ring, RingLimits, Signal, Subscription,
    ingest::{self, Sources},
    ring::JoinError,
};
use crate::limits::Timing;
use domain::{envelope::Cursor, ids::FeedId};
use event_store::reader::{EventReader, Head};
use identity::ScopeFilter;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    sync::OnceCell,
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How often a join is tried when rings are dropped under its hands.
const JOIN_ATTEMPTS: usize = 3;
/// How long a ring may take to come up to a position that the store has.
const REACH_WITHIN: Duration = Duration::from_secs(5);

/// Why a feed cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HubError {
    /// There is no such feed.
    #[error("no such restaurant")]
    Unknown,
    /// Too many restaurants or scopes are followed through this gateway.
    #[error("too many restaurants or scopes are followed")]
    Full,
    /// The event store cannot be read now.
    #[error("the event store cannot be read")]
    StoreAway,
}

type Place = Arc<OnceCell<Arc<Ring>>>;

/// All rings of this process, and the look at the heads of their feeds.
pub(crate) struct Hub {
    sources: Sources,
    limits: RingLimits,
    rings_max: usize,
    timing: Timing,
    rings: Mutex<HashMap<FeedId, Place>>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Hub {
    /// A hub; ends what it has started when `stop` is cancelled.
    pub(crate) fn new(
        sources: Sources,
        (limits, rings_max): (RingLimits, usize),
        timing: Timing,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> Arc<Self> {
        let hub = Self { sources, limits, rings_max, timing, rings: Mutex::default(), tasks, stop };
        let hub = Arc::new(hub);
        hub.tasks.spawn(Arc::clone(&hub).look_at_heads());
        hub
    }

    /// Reads the store.
    pub(crate) fn reader(&self) -> &EventReader {
        &self.sources.reader
    }

    /// Follows a scope of a feed; the first one to come opens its ring.
    pub(crate) async fn join(
        &self,
        feed: FeedId,
        filter: &ScopeFilter,
        signal: &Arc<Signal>,
        stream: usize,
    ) -> Result<Subscription, HubError> {
        for _ in 0..JOIN_ATTEMPTS {
            let place = self.place(feed)?;
            let ring = place.get_or_try_init(|| self.open(feed)).await?;
            match ring.join(filter, signal, stream) {
                Ok(subscription) => return Ok(subscription),
                Err(JoinError::Full) => return Err(HubError::Full),
                Err(JoinError::Retired) => self.forget(feed, &place),
            }
        }
        Err(HubError::StoreAway)
    }

    /// Where the feed stands, with the ring at least there or at `cursor`: for a client that knows
    /// more than the ring, because it has read a view.
    pub(crate) async fn reach(&self, ring: &Ring, cursor: Cursor) -> Result<Cursor, HubError> {
        let mut heads = ring.heads();
        let asked = Instant::now();
        let head = self.reader().head(ring.feed).await.map_err(away)?.ok_or(HubError::Unknown)?;
        ring.looked.send_replace(Some((head, asked)));
        let enough = head.cursor.position.min(cursor.position);
        let there =
            heads.wait_for(|at| at.closed || (at.cursor.epoch == head.cursor.epoch && at.cursor.position >= enough));
        match timeout(REACH_WITHIN, there).await {
            Ok(Ok(at)) => Ok(at.cursor),
            Ok(Err(_)) | Err(_) => Err(HubError::StoreAway),
        }
    }

    async fn open(&self, feed: FeedId) -> Result<Arc<Ring>, HubError> {
        let ingest = ingest::open(&self.sources, feed, self.limits).await?;
        let ring = Arc::clone(ingest.ring());
        self.tasks.spawn(ingest.run(self.stop.child_token()));
        metrics::gauge!("realtime_rings").increment(1.0);
        Ok(ring)
    }

    fn place(&self, feed: FeedId) -> Result<Place, HubError> {
        let mut rings = self.lock();
        if !rings.contains_key(&feed) && rings.len() >= self.rings_max {
            return Err(HubError::Full);
        }
        Ok(rings.entry(feed).or_default().clone())
    }

    fn forget(&self, feed: FeedId, place: &Place) {
        let mut rings = self.lock();
        if rings.get(&feed).is_some_and(|current| Arc::ptr_eq(current, place)) {
            rings.remove(&feed);
        }
    }

    /// One statement for all followed feeds: what was lost on the way to a ring, the tail above all,
    /// is noticed within a second.
    async fn look_at_heads(self: Arc<Self>) {
        let mut ticks = interval(self.timing.head_look);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return,
                _ = ticks.tick() => self.look().await,
            }
        }
    }

    async fn look(&self) {
        let rings = self.sweep();
        if rings.is_empty() {
            return;
        }
        let feeds: Vec<FeedId> = rings.keys().copied().collect();
        let asked = Instant::now();
        match self.reader().heads(&feeds).await {
            Ok(heads) => tell(&rings, &heads, asked),
            Err(error) => tracing::warn!(%error, "the heads of the followed feeds cannot be read"),
        }
    }

    /// Drops the rings that nobody follows any more, and gives the others.
    fn sweep(&self) -> HashMap<FeedId, Arc<Ring>> {
        let mut open = HashMap::new();
        self.lock().retain(|feed, place| match place.get() {
            Some(ring) if ring.retire_if_idle(self.timing.ring_idle) => {
                ring.close();
                false
            }
            Some(ring) => {
                open.insert(*feed, ring.clone());
                true
            }
            // Nobody is opening it: the attempt failed.
            None => Arc::strong_count(place) > 1,
        });
        open
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<FeedId, Place>> {
        self.rings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell(rings: &HashMap<FeedId, Arc<Ring>>, heads: &[Head], asked: Instant) {
    for head in heads {
        if let Some(ring) = rings.get(&head.feed) {
            ring.looked.send_replace(Some((*head, asked)));
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
pub(crate) fn away(error: sqlx::Error) -> HubError {
    tracing::warn!(%error, "the event store cannot be read");
    HubError::StoreAway
}
