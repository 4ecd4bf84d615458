//! One task per connection: it waits for time, for the client and for its streams, and does what the
//! pure [`session`](crate::session) says.

mod audit;
mod beat;
mod greeting;
mod requests;
mod rights;
pub(crate) mod socket;
mod streams;
mod wire;

use crate::{
    close::{Close, CloseCode},
    feed::{HubError, Signal, signal::Dirty},
    frames::{Drain, ServerFrame},
    gateway::{Gateway, Seat},
    limits::MESSAGES_PER_SECOND,
    session::{Clock, Rate, leave_in},
    websocket::{Message, Packet, Resting},
};
use greeting::Greeted;
use identity::{Principal, revocation};
use service_kit::{audit::Attempt, limits::Limits};
use socket::Socket;
use std::{
    future::ready,
    sync::Arc,
    time::{Duration, Instant},
};
use streams::Stream;
use tokio::time::sleep_until;
use tracing::{Instrument, Span, info_span};
use wire::Wire;

/// How a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// We say why.
    Close(Close),
    /// The client has gone.
    Gone,
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl From<HubError> for Close {
    fn from(error: HubError) -> Self {
        let code = match error {
            HubError::Unknown => CloseCode::NotFound,
            HubError::Full => CloseCode::Full,
            HubError::StoreAway => CloseCode::StoreAway,
        };
        Self::new(code, error.to_string())
    }
}

impl From<HubError> for End {
    fn from(error: HubError) -> Self {
        Self::Close(error.into())
    }
}

/// A connection that has been welcomed.
pub(crate) struct Connection {
    gateway: Arc<Gateway>,
    wire: Wire,
    /// Shared with the audit of the request.
    principal: Arc<Principal>,
    /// The request that the socket came with.
    attempt: Attempt,
    /// Tells when the token may have been revoked.
    revoked: revocation::Watch,
    streams: Vec<Stream>,
    signal: Arc<Signal>,
    /// Streams that can go on.
    dirty: Dirty,
    clock: Clock,
    rate: Rate,
    /// Frames of this turn, not yet sent.
    out: Vec<Packet>,
    /// Room for what is known of the streams while the connection is at rest.
    resting: Resting,
    leave_at: Option<Instant>,
    _seat: Seat,
}

/// What ends the rest of a connection.
enum News {
    /// It is time for something.
    Time,
    /// The token may have been revoked.
    Revocation,
    /// The gateway leaves.
    Shutdown,
    /// A message came, or the end.
    Message(Result<Message, End>),
    /// These streams can go on.
    Streams(Dirty),
}

/// Lets a client in that has a seat: `None` if it had to go again. It is counted for the holder of its token; `offers` says
/// whether it offered the subprotocol.
///
/// A connection is idle for nearly all of its life. What happens only at its beginning is a future of its own, which
/// is gone afterwards.
pub(crate) async fn open(
    (socket, offers): (Socket, bool),
    (gateway, seat): (Arc<Gateway>, Seat),
    limits: Option<Limits>,
    attempt: Attempt,
) -> Option<Box<Connection>> {
    let mut wire = Wire::new(socket);
    let Greeted { principal, streams } =
        match greeting::greet((&mut wire, offers), &gateway, limits.as_ref(), &attempt).await {
            Ok(greeted) => greeted,
            Err(end) => {
                leave(wire, end).await;
                return None;
            }
        };
    let mut connection = Box::new(Connection::new((gateway, seat), wire, principal, attempt));
    match connection.begin(streams).await {
        Ok(()) => Some(connection),
        Err(end) => {
            leave(connection.wire, end).await;
            None
        }
    }
}

/// Serves a connection until one side ends it. What it does only at times is in boxes, so that the memory for it is there
/// only then.
pub(crate) async fn serve(mut connection: Box<Connection>) {
    let end = connection.run().await;
    Box::pin(leave(connection.wire, end)).await;
}

async fn leave(wire: Wire, end: End) {
    if let End::Close(close) = end {
        tracing::debug!(%close, "closing a connection");
        metrics::counter!("realtime_closes_total", "code" => close.code.name()).increment(1);
        wire.close(&close).await;
    }
}

impl Connection {
    fn new((gateway, seat): (Arc<Gateway>, Seat), wire: Wire, principal: Arc<Principal>, attempt: Attempt) -> Self {
        let now = Instant::now();
        let clock = Clock::new(Arc::clone(&gateway.timing), now, ends(&principal, now));
        Self {
            signal: Arc::new(Signal::of(Arc::clone(wire.line()))),
            wire,
            revoked: gateway.verifier.revocations().watch(principal.marks()),
            principal,
            attempt,
            streams: Vec::new(),
            dirty: Dirty::default(),
            clock,
            rate: Rate::new(MESSAGES_PER_SECOND, now),
            out: Vec::new(),
            resting: Resting::new(),
            leave_at: None,
            gateway,
            _seat: seat,
        }
    }

    async fn run(&mut self) -> End {
        // What was revoked between the look at the token and the start of the watch.
        if let Err(end) = self.lose().await {
            return end;
        }
        loop {
            self.rest();
            let news = self.news().await;
            self.rise();
            if let Err(end) = Box::pin(self.turn(news)).await {
                return end;
            }
        }
    }

    /// Lets others write the next frames, if there is nothing else to send.
    fn rest(&mut self) {
        if self.dirty.is_empty() {
            self.out = Vec::new();
            self.resting.clear();
            self.resting.reserve_exact(self.streams.len());
            self.resting.extend(self.streams.iter().map(|stream| stream.cursor.resting()));
            self.wire.line().rest(std::mem::take(&mut self.resting));
        }
    }

    /// Takes the line back, and learns what others have written.
    fn rise(&mut self) {
        if let Some(resting) = self.wire.line().claim() {
            for (stream, has) in self.streams.iter_mut().zip(&resting) {
                has.iter().for_each(|has| stream.cursor.handed(*has));
            }
            self.resting = resting;
        }
    }

    /// Waits until there is something to do. In this order, so that neither a busy feed nor a busy client can delay the
    /// times.
    async fn news(&mut self) -> News {
        let (next, idle) = (self.next(), self.dirty.is_empty());
        tokio::select! {
            biased;
            () = sleep_until(next.into()) => News::Time,
            () = self.revoked.news() => News::Revocation,
            () = self.gateway.shutdown.cancelled(), if self.leave_at.is_none() => News::Shutdown,
            message = self.wire.read() => News::Message(message),
            dirty = self.signal.wait() => News::Streams(dirty),
            () = ready(()), if !idle => News::Streams(Dirty::default()),
        }
    }

    async fn turn(&mut self, news: News) -> Result<(), End> {
        match news {
            News::Time => self.tick().await,
            News::Revocation => self.lose().await,
            News::Shutdown => self.drain().await,
            News::Message(message) => self.take(message?).await,
            News::Streams(dirty) => {
                self.dirty.merge(dirty);
                self.work().await
            }
        }
    }

    /// When it is time for something.
    fn next(&self) -> Instant {
        let next = self.clock.next();
        self.leave_at.map_or(next, |leave_at| next.min(leave_at))
    }

    /// The gateway leaves: each client gets its own time to come back, so that they do not fall on
    /// the other gateways all at once; kitchens first.
    async fn drain(&mut self) -> Result<(), End> {
        let kitchen = self.streams.iter().any(|stream| stream.cursor.name().is_kitchen());
        let in_ms = leave_in(self.gateway.timing.drain_window, kitchen, rand::random());
        self.leave_at = Some(Instant::now() + Duration::from_millis(in_ms));
        self.send(&ServerFrame::Drain(Drain { in_ms, why: "deploy".to_owned() })).await
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        self.out.push(frame.encode().into());
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), End> {
        let span = self.delivery();
        self.wire.send(&mut self.out).instrument(span).await
    }
}

impl Connection {
    /// The writing of what is handed out, in the trace of its first event.
    fn delivery(&mut self) -> Span {
        let traces: Vec<Arc<str>> = self.streams.iter_mut().flat_map(|stream| stream.cursor.take_traces()).collect();
        trace_context::join(traces.iter().map(|trace| Some(&**trace)), || {
            info_span!(
                target: trace_context::TARGET,
                parent: None,
                "deliver frames",
                otel.kind = "consumer",
                frames = self.out.len(),
            )
        })
    }
}

/// When the token ends, by our own clock.
fn ends(principal: &Principal, now: Instant) -> Instant {
    now + (principal.expires_at() - chrono::Utc::now()).to_std().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of the future that a function makes.
    fn future_bytes<A, F: Future>(_: impl FnOnce(A) -> F) -> usize {
        size_of::<F>()
    }

    /// Not how large they should be, but how large they are: whoever needs more for each of 20,000 connections knows it.
    #[test]
    fn an_idle_connection_is_small() {
        let (task, connection) = (future_bytes(serve), size_of::<Connection>());
        assert!(task <= 640, "the task of a connection has {task} bytes");
        assert!(connection <= 480, "a connection has {connection} bytes");
    }
}
