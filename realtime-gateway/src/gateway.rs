//! What all connections of this process share.

use crate::{
    close::Close,
    feed::{Hub, HubError},
    frames::Retry,
    limits::Timing,
    pages::{Page, Pages},
    session::Rate,
};
use axum::extract::FromRef;
use domain::ids::{FeedId, RestaurantId, TenantId};
use event_store::feeds::FeedDirectory;
use failpoints::failpoint;
use identity::Verifier;
use service_kit::{
    access::Restaurants,
    problem::{Code, Problem},
};
use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// What all connections of this process share.
pub(crate) struct Gateway {
    pub(crate) node: String,
    pub(crate) timing: Arc<Timing>,
    pub(crate) retry: Retry,
    pub(crate) origins: Vec<String>,
    pub(crate) verifier: Verifier,
    pub(crate) feeds: FeedDirectory,
    pub(crate) hub: Arc<Hub>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) connections: TaskTracker,
    pub(crate) connections_max: usize,
    pub(crate) open: AtomicUsize,
    pub(crate) pages: Pages,
    /// New connections per second.
    pub(crate) accepts: Mutex<Rate>,
}

/// What every handler has. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(pub(crate) Arc<Gateway>);

impl FromRef<App> for Verifier {
    fn from_ref(app: &App) -> Self {
        app.0.verifier.clone()
    }
}

impl Restaurants for App {
    async fn tenant_of(&self, restaurant: RestaurantId) -> Result<Option<TenantId>, Problem> {
        self.0.feeds.tenant_of_restaurant(restaurant).await.map_err(|error| Problem::store_unavailable(&error))
    }
}

/// Seconds after which a client that was not let in may try again.
const COME_BACK_AFTER_SECONDS: u32 = 1;

impl Gateway {
    /// A page of a feed from the store.
    pub(crate) async fn store_page(&self, feed: FeedId, after: u64) -> Result<Page, Close> {
        failpoint!("gateway.before-page").map_err(|_| HubError::StoreAway)?;
        Ok(self.pages.read(feed, after).await?)
    }

    /// Lets one more client in, if not too many have come within this second. Asked before anything
    /// is done for it: who is sent away costs nothing, and who is let in is served quickly.
    pub(crate) fn admit(&self) -> Result<(), Problem> {
        let admitted = self.accepts.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now());
        if admitted {
            return Ok(());
        }
        metrics::counter!("realtime_not_admitted_total").increment(1);
        Err(Problem::new(Code::Overloaded)
            .detail("too many clients arrive at once")
            .retry_after(COME_BACK_AFTER_SECONDS))
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
