//! Publishing with many messages in flight.

use crate::window::Ticket;
use async_nats::jetstream::{
    Context,
    context::{PublishAckFuture, PublishErrorKind},
};
use domain::{envelope::RecordedEvent, ids::FeedId};
use futures::{FutureExt, StreamExt, future::BoxFuture, stream::FuturesUnordered};
use messaging::{Namespace, envelope};
use std::future::IntoFuture;
use tracing::{Instrument, Span, info_span};

/// Messages in flight, of all feeds together.
pub(crate) const IN_FLIGHT_MAX: usize = 512;

/// What became of one message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) feed: FeedId,
    pub(crate) ticket: Ticket,
    pub(crate) result: Result<(), PublishErrorKind>,
}

/// Sends messages and collects the answers.
pub(crate) struct Publisher {
    jetstream: Context,
    namespace: Namespace,
    in_flight: FuturesUnordered<BoxFuture<'static, Answer>>,
}

impl Publisher {
    pub(crate) fn new(jetstream: Context, namespace: Namespace) -> Self {
        Self { jetstream, namespace, in_flight: FuturesUnordered::new() }
    }

    /// How many messages may be sent now.
    pub(crate) fn room(&self) -> usize {
        IN_FLIGHT_MAX.saturating_sub(self.in_flight.len())
    }

    /// Whether nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.in_flight.is_empty()
    }

    /// Sends an event. Messages go over one connection, in the order of these calls.
    pub(crate) async fn send(&mut self, event: &RecordedEvent, ticket: Ticket) {
        let feed = event.feed;
        let (subject, mut headers, payload) = envelope::to_message(event, &self.namespace);
        if !ticket.refill {
            envelope::set_message_id(&mut headers, feed, event.cursor);
        }
        let answer = match self.jetstream.publish_with_headers(subject, headers, payload).await {
            Ok(ack) => wait(feed, ticket, ack).instrument(span(event, ticket)).boxed(),
            Err(error) => std::future::ready(Answer { feed, ticket, result: Err(error.kind()) }).boxed(),
        };
        self.in_flight.push(answer);
    }

    /// The next answer; waits for ever while nothing is in flight.
    pub(crate) async fn answer(&mut self) -> Answer {
        match self.in_flight.next().await {
            Some(answer) => answer,
            None => std::future::pending().await,
        }
    }

    /// The next answer that is already there.
    pub(crate) fn answer_now(&mut self) -> Option<Answer> {
        self.in_flight.next().now_or_never().flatten()
    }

    /// Stops waiting for what was sent: its connection is gone, and no answer will come.
    pub(crate) fn forget(&mut self) {
        self.in_flight.clear();
    }
}

/// From the way out to the acknowledgement, in the trace of the command. What is filled up again has
/// been published long ago.
fn span(event: &RecordedEvent, ticket: Ticket) -> Span {
    let trace = event.metadata.traceparent.as_deref().filter(|_| !ticket.refill);
    trace_context::join([trace], || {
        info_span!(
            target: trace_context::TARGET,
            parent: None,
            "publish event",
            otel.kind = "producer",
            event_type = event.event_type,
            position = event.cursor.position,
        )
    })
}

async fn wait(feed: FeedId, ticket: Ticket, ack: PublishAckFuture) -> Answer {
    let result = ack.into_future().await.map(drop).map_err(|error| error.kind());
    Answer { feed, ticket, result }
}
