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
    frames::{Drain, ServerFrame, StreamName},
    gateway::Gateway,
    limits::MESSAGES_PER_SECOND,
    session::{Clock, Rate, leave_in},
};
use axum::extract::ws::{Utf8Bytes, WebSocket};
use identity::{Principal, revocation};
use service_kit::{audit::Attempt, limits::Limits};
use socket::Socket;
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use streams::Stream;
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
struct Connection {
    gateway: Arc<Gateway>,
    wire: Wire,
    principal: Principal,
    /// The request that the socket came with.
    attempt: Attempt,
    /// Tells when the token may have been revoked.
    revoked: revocation::Watch,
    streams: Vec<Stream>,
    names: HashMap<StreamName, usize>,
    signal: Arc<Signal>,
    /// Streams that can go on.
    dirty: Dirty,
    clock: Clock,
    rate: Rate,
    /// Frames of this turn, not yet sent.
    out: Vec<Utf8Bytes>,
    leave_at: Option<Instant>,
}

/// Serves a socket until one side ends it; it is counted for the holder of its token.
///
/// A connection is idle for nearly all of its life. What it does only at times is in boxes, so that the memory for it is
/// there only then.
pub(crate) async fn serve(socket: WebSocket, gateway: Arc<Gateway>, limits: Option<Limits>, attempt: Attempt) {
    let mut wire = Wire::new(Socket::new(socket, gateway.timing.write));
    let end = match Box::pin(greeting::greet(&mut wire, &gateway, limits.as_ref(), &attempt)).await {
        Ok(greeted) => {
            let mut connection = Connection::new(gateway, wire, greeted.principal, attempt);
            let end = match Box::pin(connection.begin(greeted.streams)).await {
                Ok(()) => connection.run().await,
                Err(end) => end,
            };
            wire = connection.wire;
            end
        }
        Err(end) => end,
    };
    if let End::Close(close) = end {
        tracing::debug!(%close, "closing a connection");
        metrics::counter!("realtime_closes_total", "code" => close.code.name()).increment(1);
        Box::pin(wire.close(&close)).await;
    }
}

impl Connection {
    fn new(gateway: Arc<Gateway>, wire: Wire, principal: Principal, attempt: Attempt) -> Self {
        let now = Instant::now();
        let clock = Clock::new(gateway.timing, now, ends(&principal, now));
        Self {
            wire,
            revoked: gateway.verifier.revocations().watch(principal.marks()),
            principal,
            attempt,
            streams: Vec::new(),
            names: HashMap::new(),
            signal: Arc::default(),
            dirty: Dirty::default(),
            clock,
            rate: Rate::new(MESSAGES_PER_SECOND, now),
            out: Vec::new(),
            leave_at: None,
            gateway,
        }
    }

    async fn run(&mut self) -> End {
        // What was revoked between the look at the token and the start of the watch.
        if let Err(end) = self.lose().await {
            return end;
        }
        loop {
            let (next, leave_at, idle) = (self.clock.next(), self.leave_at, self.dirty.is_empty());
            // In this order, so that neither a busy feed nor a busy client can delay the times.
            let turn = tokio::select! {
                biased;
                () = tokio::time::sleep_until(next.into()) => Box::pin(self.tick()).await,
                () = self.revoked.news() => Box::pin(self.lose()).await,
                () = until(leave_at) => Err(Close::new(CloseCode::Drained, "the gateway leaves").into()),
                () = self.gateway.shutdown.cancelled(), if leave_at.is_none() => Box::pin(self.drain()).await,
                message = self.wire.receive() => Box::pin(self.take(message)).await,
                dirty = self.signal.wait() => {
                    self.dirty.merge(dirty);
                    self.work().await
                }
                () = std::future::ready(()), if !idle => self.work().await,
            };
            if let Err(end) = turn {
                return end;
            }
        }
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

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// When the token ends, by our own clock.
fn ends(principal: &Principal, now: Instant) -> Instant {
    now + (principal.expires_at() - chrono::Utc::now()).to_std().unwrap_or_default()
}
