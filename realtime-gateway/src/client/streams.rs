//! The streams of a client: their checkers, and what is to be acknowledged.

use super::{StreamState, Verdict, api::ClientEvent};
use crate::frames::{Ack, ClientFrame, Heartbeat, Resume, ServerFrame, StreamName, StreamRequest};
use domain::envelope::Cursor;
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// While a stream catches up, an acknowledgement asks for the next page.
const ACK_CATCHING: Duration = Duration::from_millis(100);
/// A live stream is acknowledged this often, in milliseconds: each client has a rhythm of its own, so that a crowd that sees
/// the same events does not answer in step.
pub(super) const ACK_LIVE_MS: [u64; 2] = [1_000, 2_000];

struct Stream {
    state: StreamState,
    acked: Option<u64>,
    acked_at: Option<Instant>,
    /// Something is missing, and `rs` was not sent yet.
    resume_due: bool,
}

impl Stream {
    fn owes(&self) -> bool {
        self.resume_due || self.owes_ack()
    }

    fn owes_ack(&self) -> bool {
        self.state.cursor().is_some_and(|cursor| self.acked != Some(cursor.position))
    }
}

/// All streams of a client.
pub(super) struct Streams {
    all: BTreeMap<StreamName, Stream>,
    ack_live: Duration,
}

/// What follows from a frame.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) events: Vec<ClientEvent>,
}

impl Streams {
    /// Live ones are acknowledged after `ack_live`.
    pub(super) fn new(streams: Vec<(StreamName, Option<Cursor>)>, ack_live: Duration) -> Self {
        let stream = |after| Stream { state: StreamState::new(after), acked: None, acked_at: None, resume_due: false };
        Self { all: streams.into_iter().map(|(name, after)| (name, stream(after))).collect(), ack_live }
    }

    pub(super) fn cursors(&self) -> BTreeMap<StreamName, Option<Cursor>> {
        self.all.iter().map(|(name, stream)| (name.clone(), stream.state.cursor())).collect()
    }

    /// What `hello` asks for. A stream that was reset and not yet read anew stays with its old
    /// cursor: the server resets it again.
    pub(super) fn requests(&mut self) -> Vec<StreamRequest> {
        let request = |(name, stream): (&StreamName, &mut Stream)| {
            stream.state.reconnected();
            (stream.acked, stream.acked_at, stream.resume_due) = (None, None, false);
            StreamRequest { restaurant: name.restaurant, scope: name.scope.clone(), after: stream.state.cursor() }
        };
        self.all.iter_mut().map(request).collect()
    }

    /// Takes a frame that is about a stream.
    pub(super) fn take(&mut self, frame: ServerFrame) -> Outcome {
        let name = match &frame {
            ServerFrame::Catch(catch) => catch.name(),
            ServerFrame::Event(event) => event.name(),
            ServerFrame::Skip(skip) => skip.name(),
            ServerFrame::Live(live) => live.name(),
            ServerFrame::Reset(reset) => reset.name(),
            ServerFrame::Heartbeat(heartbeat) => return self.heartbeat(heartbeat),
            _ => return Outcome::default(),
        };
        let Some(stream) = self.all.get_mut(&name) else { return Outcome::default() };
        let verdict = stream.state.take(&frame);
        let mut outcome = Outcome::default();
        match verdict {
            Verdict::Drop => {}
            Verdict::Resync => stream.resume_due = true,
            Verdict::Apply | Verdict::Noted | Verdict::Reset => {
                outcome.events.extend(told(name, frame, stream.state.cursor()));
            }
        }
        outcome
    }

    /// The caller has read a view.
    pub(super) fn restart(&mut self, name: &StreamName, after: Option<Cursor>) -> Option<ClientFrame> {
        let stream = self.all.get_mut(name)?;
        stream.state.restart(after);
        stream.resume_due = false;
        Some(resume(name, &stream.state))
    }

    /// The one frame that is most due: `rs` where something is missing, then the acknowledgement of a
    /// stream that catches up, then of a live one. One at a time: the gateway bounds messages per
    /// connection, however many streams it has.
    pub(super) fn most_due(&mut self, now: Instant) -> Option<ClientFrame> {
        self.resume().or_else(|| self.ack(now))
    }

    fn resume(&mut self) -> Option<ClientFrame> {
        let (name, stream) = self.all.iter_mut().find(|(_, stream)| stream.resume_due)?;
        stream.resume_due = false;
        Some(resume(name, &stream.state))
    }

    fn ack(&mut self, now: Instant) -> Option<ClientFrame> {
        let ack_live = self.ack_live;
        let due = |stream: &Stream| {
            let every = if stream.state.is_live() { ack_live } else { ACK_CATCHING };
            stream.owes_ack() && stream.acked_at.is_none_or(|at| now.saturating_duration_since(at) >= every)
        };
        let (name, stream) =
            self.all.iter_mut().filter(|(_, stream)| due(stream)).min_by_key(|(_, stream)| stream.state.is_live())?;
        let position = stream.state.cursor()?.position;
        (stream.acked, stream.acked_at) = (Some(position), Some(now));
        let (restaurant, scope) = (name.restaurant, name.scope.clone());
        Some(ClientFrame::Ack(Ack { restaurant, scope, position, drawn: Vec::new() }))
    }

    /// Whether anything is to be sent by and by.
    pub(super) fn owe(&self) -> bool {
        self.all.values().any(Stream::owes)
    }

    fn heartbeat(&mut self, heartbeat: &Heartbeat) -> Outcome {
        for head in &heartbeat.heads {
            let Some(stream) = self.all.get_mut(&head.name()) else { continue };
            if stream.state.heartbeat(Cursor { epoch: head.epoch, position: head.position }) == Verdict::Resync {
                stream.resume_due = true;
            }
        }
        Outcome::default()
    }
}

#[cfg(test)]
mod tests;

fn resume(name: &StreamName, state: &StreamState) -> ClientFrame {
    let (restaurant, scope) = (name.restaurant, name.scope.clone());
    ClientFrame::Resume(Resume { restaurant, scope, after: state.cursor() })
}

/// What the caller hears of a frame that counts.
fn told(stream: StreamName, frame: ServerFrame, cursor: Option<Cursor>) -> Option<ClientEvent> {
    match (frame, cursor) {
        (ServerFrame::Catch(catch), _) => Some(ClientEvent::CatchingUp { stream, source: catch.source, to: catch.to }),
        (ServerFrame::Event(event), Some(cursor)) => Some(ClientEvent::Event { stream, cursor, event: event.event }),
        (ServerFrame::Skip(_), Some(cursor)) => Some(ClientEvent::Moved { stream, cursor }),
        (ServerFrame::Live(_), Some(cursor)) => Some(ClientEvent::Live { stream, cursor }),
        (ServerFrame::Reset(reset), _) => Some(ClientEvent::Reset { stream, why: reset.why, view: reset.view }),
        _ => None,
    }
}
