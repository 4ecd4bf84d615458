//! What a caller of the client sees.

use super::{
    backoff::{Backoff, random},
    driver::Driver,
    streams::{ACK_LIVE_MS, Streams},
};
use crate::frames::{Source, StreamName, Why};
use domain::envelope::Cursor;
use futures::{Stream, future::BoxFuture};
use serde_json::value::RawValue;
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

/// Events that may wait for the caller; beyond it the connection is read no further.
const EVENTS_MAX: usize = 256;
/// Orders of the caller that may wait.
const ORDERS_MAX: usize = 64;

/// Gives a fresh token whenever one is needed: before each connection, and when the old one ends.
pub type TokenSource = Arc<dyn Fn() -> BoxFuture<'static, anyhow::Result<String>> + Send + Sync>;

/// What a client wants.
#[derive(Clone)]
pub struct ClientConfig {
    /// Gateways, such as `ws://127.0.0.1:8080/v1/realtime`; after a break the next one is tried.
    pub urls: Vec<String>,
    /// Where tokens come from.
    pub token: TokenSource,
    /// What the device calls itself.
    pub device: Option<String>,
    /// The streams, each with what the caller has; `None` starts live at the head.
    pub streams: Vec<(StreamName, Option<Cursor>)>,
}

/// What a client tells its caller.
#[derive(Debug)]
pub enum ClientEvent {
    /// A gateway has said welcome.
    Connected {
        /// Its name.
        node: String,
    },
    /// A stream has started to catch up.
    CatchingUp {
        /// The stream.
        stream: StreamName,
        /// Where from.
        source: Source,
        /// Where the feed stood.
        to: u64,
    },
    /// The next event of a stream: in order, once.
    Event {
        /// The stream.
        stream: StreamName,
        /// What the caller has once it has applied this.
        cursor: Cursor,
        /// The envelope, as it came.
        event: Box<RawValue>,
    },
    /// A stream's cursor has moved over events of other scopes.
    Moved {
        /// The stream.
        stream: StreamName,
        /// What the caller has.
        cursor: Cursor,
    },
    /// A stream has caught up.
    Live {
        /// The stream.
        stream: StreamName,
        /// What the caller has.
        cursor: Cursor,
    },
    /// A stream must be built anew: read the view, then call [`RealtimeClient::restart`].
    Reset {
        /// The stream.
        stream: StreamName,
        /// Why.
        why: Why,
        /// The view to read.
        view: String,
    },
    /// The connection broke; the client comes back by itself.
    Disconnected {
        /// What happened, for a person.
        reason: String,
        /// The code of the close, if there was one.
        code: Option<u16>,
        /// When it comes back.
        retry_in: Duration,
    },
    /// The gateway said not to come back; nothing follows.
    Stopped {
        /// The code.
        code: u16,
        /// What was wrong.
        reason: String,
    },
}

/// What the caller asks of the driver.
pub(super) enum Order {
    Restart(StreamName, Option<Cursor>),
    Break,
}

/// A client of the gateway that comes back by itself. A stream of [`ClientEvent`]s; dropping it
/// closes the connection.
pub struct RealtimeClient {
    events: mpsc::Receiver<ClientEvent>,
    orders: mpsc::Sender<Order>,
    cursors: Arc<Mutex<BTreeMap<StreamName, Option<Cursor>>>>,
    _driver: AbortOnDropHandle<()>,
}

impl RealtimeClient {
    /// Starts to connect, in the background.
    #[must_use]
    pub fn connect(config: ClientConfig) -> Self {
        let (events_in, events) = mpsc::channel(EVENTS_MAX);
        let (orders, orders_out) = mpsc::channel(ORDERS_MAX);
        let [from, to] = ACK_LIVE_MS;
        let streams = Streams::new(config.streams.clone(), random(from, to));
        let cursors = Arc::new(Mutex::new(streams.cursors()));
        let driver = Driver {
            config,
            streams,
            backoff: Backoff::default(),
            events: events_in,
            orders: orders_out,
            cursors: Arc::clone(&cursors),
            drained: false,
        };
        let driver = AbortOnDropHandle::new(tokio::spawn(driver.run()));
        Self { events, orders, cursors, _driver: driver }
    }

    /// The next event; `None` after [`ClientEvent::Stopped`].
    pub async fn next(&mut self) -> Option<ClientEvent> {
        self.events.recv().await
    }

    /// Where each stream stands, with what still waits in [`RealtimeClient::next`] counted as taken.
    #[must_use]
    pub fn cursors(&self) -> BTreeMap<StreamName, Option<Cursor>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Goes on after a reset: the caller has read the view, which stands at `after`.
    pub async fn restart(&self, stream: StreamName, after: Option<Cursor>) {
        // The driver only ends when the gateway said stop; then there is nothing to restart.
        let _ = self.orders.send(Order::Restart(stream, after)).await;
    }

    /// Breaks the connection without a word, as a cut cable would; for tests.
    pub async fn break_connection(&self) {
        let _ = self.orders.send(Order::Break).await;
    }
}

impl Stream for RealtimeClient {
    type Item = ClientEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ClientEvent>> {
        self.events.poll_recv(cx)
    }
}
