//! One stream of a connection: a cursor that goes over pages to live.

use super::{credit::Credit, view::view_of};
use crate::{
    feed::{Entry, Read, ScopeLog},
    frames::{Catch, Live, Reset, ServerFrame, Skip, Source, StreamName, Why},
    limits::{FAR_EVENTS, FRAME_BYTES_MAX, PAGE_EVENTS},
    websocket::Packet,
};
use domain::{
    envelope::{Cursor, RecordedEvent},
    scope::Scope,
};
use identity::ScopeFilter;
use std::sync::Arc;

/// A stream as the server sees it.
#[derive(Debug)]
pub(crate) struct StreamCursor {
    name: StreamName,
    epoch: u32,
    /// What the client's own cursor is, once it has read all that was sent.
    told: u64,
    /// Everything of the scope up to here was sent; never below `told`.
    seen: u64,
    phase: Phase,
    page: Credit,
    /// Traces of frames that were handed out and not yet written.
    traces: Vec<Arc<str>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Catching(Credit),
    Live,
    /// Waits for the client's `rs`.
    Parked,
}

/// What a stream needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// More can be sent at once.
    More,
    /// Nothing, until its log has something new or the client acknowledges.
    Wait,
    /// The events after this position from the store, for [`StreamCursor::page`].
    Store { after: u64 },
}

/// A page that is not what follows; never seen unless the store lost something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the store has no event at position {missing}")]
pub(crate) struct Inconsistent {
    pub(crate) missing: u64,
}

impl StreamCursor {
    /// A stream that has not started.
    pub(crate) fn new(name: StreamName) -> Self {
        Self { name, epoch: 0, told: 0, seen: 0, phase: Phase::Parked, page: Credit::PAGE, traces: Vec::new() }
    }

    /// Sets how much is sent before an acknowledgement; before the start.
    pub(crate) fn set_page(&mut self, page: Credit) {
        self.page = page;
    }

    #[cfg(test)]
    pub(crate) fn with_page(mut self, page: Credit) -> Self {
        self.set_page(page);
        self
    }

    pub(crate) fn name(&self) -> &StreamName {
        &self.name
    }

    pub(crate) fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What the client has, once it has read all that was sent.
    pub(crate) fn told(&self) -> Cursor {
        Cursor { epoch: self.epoch, position: self.told }
    }

    /// Starts, or starts again, after the client's cursor; without one, live at the head. `head` is
    /// the head of the feed, not below any cursor that a client can honestly have.
    pub(crate) fn start(&mut self, after: Option<Cursor>, head: Cursor, log: &ScopeLog, out: &mut Vec<Packet>) {
        self.epoch = head.epoch;
        let Some(after) = after else {
            (self.told, self.seen) = (head.position, head.position);
            return self.go_live(out);
        };
        (self.told, self.seen) = (after.position, after.position);
        if after.epoch != head.epoch {
            self.reset(Why::Epoch, head, out);
        } else if after.position > head.position {
            self.reset(Why::Ahead, head, out);
        } else {
            self.catch(head, log, out);
        }
    }

    /// What the client has, if it is live: what comes right after that may be sent by anybody.
    pub(crate) fn resting(&self) -> Option<Cursor> {
        self.is_live().then(|| self.told())
    }

    /// Meanwhile everything up to here was sent.
    pub(crate) fn handed(&mut self, has: Cursor) {
        if has.epoch == self.epoch && has.position > self.told {
            self.told = has.position;
            self.seen = self.seen.max(has.position);
        }
    }

    /// Sends what can be sent now.
    pub(crate) fn step(&mut self, head: Cursor, log: &ScopeLog, out: &mut Vec<Packet>) -> Step {
        let (events, bytes) = match self.phase {
            Phase::Parked => return Step::Wait,
            Phase::Catching(credit) if !credit.open() => return Step::Wait,
            Phase::Catching(credit) => (credit.events(), credit.bytes()),
            Phase::Live => (PAGE_EVENTS, FRAME_BYTES_MAX),
        };
        match log.read(Cursor { epoch: self.epoch, position: self.seen }, events, bytes) {
            Read::OtherEpoch => {
                self.reset(Why::Epoch, head, out);
                Step::Wait
            }
            Read::Behind => self.fall_back(head, log, out),
            Read::Frames { frames, drained } => {
                for frame in frames {
                    self.trace(frame.trace);
                    self.sent(frame.position, frame.text, out);
                }
                self.after_frames(drained, head, out)
            }
        }
    }

    /// Sends a page of the feed that [`Step::Store`] asked for, as far as the credit goes.
    ///
    /// # Errors
    /// When it does not go on where the stream stands.
    pub(crate) fn page(
        &mut self,
        events: &[RecordedEvent],
        head: Cursor,
        filter: &ScopeFilter,
        out: &mut Vec<Packet>,
    ) -> Result<(), Inconsistent> {
        if events.is_empty() {
            return Err(Inconsistent { missing: self.seen + 1 });
        }
        for event in events {
            if !matches!(self.phase, Phase::Catching(credit) if credit.open()) {
                break;
            }
            if event.cursor.epoch != self.epoch {
                self.reset(Why::Epoch, head, out);
                return Ok(());
            }
            if event.cursor.position != self.seen + 1 {
                return Err(Inconsistent { missing: self.seen + 1 });
            }
            self.seen = event.cursor.position;
            let entry = Entry::new(event);
            if entry.shown_by(filter) {
                self.trace(entry.trace.clone());
                self.sent(entry.position, entry.frame(&self.name, self.told), out);
            }
        }
        self.skip(out);
        Ok(())
    }

    /// The client has applied everything up to here. Says whether that opens the next page.
    pub(crate) fn ack(&mut self, position: u64) -> bool {
        match self.phase {
            Phase::Catching(_) if position >= self.told => {
                self.phase = Phase::Catching(self.page);
                true
            }
            _ => false,
        }
    }

    /// Ends the stream until the client asks for it anew.
    pub(crate) fn reset(&mut self, why: Why, head: Cursor, out: &mut Vec<Packet>) {
        metrics::counter!("realtime_resets_total", "why" => why.as_str()).increment(1);
        self.phase = Phase::Parked;
        let StreamName { restaurant, scope } = self.name.clone();
        let Cursor { epoch, position } = head;
        let view = view_of(&self.name);
        push(out, &ServerFrame::Reset(Reset { restaurant, scope, epoch, position, why, view }));
    }

    fn catch(&mut self, head: Cursor, log: &ScopeLog, out: &mut Vec<Packet>) {
        let scope = &self.name.scope;
        if head.position.saturating_sub(self.seen) > FAR_EVENTS && *scope != Scope::Audit {
            return self.reset(Why::Far, head, out);
        }
        let source = if self.seen < log.complete_from() { Source::Store } else { Source::Ring };
        count(source);
        self.phase = Phase::Catching(self.page);
        let StreamName { restaurant, scope } = self.name.clone();
        push(out, &ServerFrame::Catch(Catch { restaurant, scope, from: self.told, to: head.position, source }));
    }

    /// What comes next has left the ring. A live stream that is so slow starts again.
    fn fall_back(&mut self, head: Cursor, log: &ScopeLog, out: &mut Vec<Packet>) -> Step {
        if self.is_live() {
            self.catch(head, log, out);
        }
        match self.phase {
            Phase::Catching(_) => Step::Store { after: self.seen },
            Phase::Live | Phase::Parked => Step::Wait,
        }
    }

    fn after_frames(&mut self, drained: bool, head: Cursor, out: &mut Vec<Packet>) -> Step {
        if !drained {
            return Step::More;
        }
        // The head was read before the log, so the log had all of the scope up to it.
        self.seen = self.seen.max(head.position);
        if matches!(self.phase, Phase::Catching(_)) {
            self.skip(out);
            self.go_live(out);
        }
        Step::Wait
    }

    fn go_live(&mut self, out: &mut Vec<Packet>) {
        self.phase = Phase::Live;
        let StreamName { restaurant, scope } = self.name.clone();
        push(out, &ServerFrame::Live(Live { restaurant, scope, epoch: self.epoch, position: self.told }));
    }

    /// Brings the client's cursor to where everything is known to be sent.
    fn skip(&mut self, out: &mut Vec<Packet>) {
        if self.told < self.seen {
            let StreamName { restaurant, scope } = self.name.clone();
            push(out, &ServerFrame::Skip(Skip { restaurant, scope, position: self.seen, prev: self.told }));
            self.told = self.seen;
        }
    }

    /// The traces of what was handed out since it was last asked.
    pub(crate) fn take_traces(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.traces)
    }

    fn trace(&mut self, trace: Option<Arc<str>>) {
        if self.traces.len() <= trace_context::LINKS_MAX {
            self.traces.extend(trace);
        }
    }

    fn sent(&mut self, position: u64, text: Packet, out: &mut Vec<Packet>) {
        if let Phase::Catching(credit) = &mut self.phase {
            credit.take(text.len());
        }
        self.told = position;
        self.seen = self.seen.max(position);
        out.push(text);
    }
}

fn push(out: &mut Vec<Packet>, frame: &ServerFrame) {
    out.push(frame.encode().into());
}

fn count(source: Source) {
    match source {
        Source::Ring => metrics::counter!("realtime_ring_hits_total").increment(1),
        Source::Store => metrics::counter!("realtime_store_catch_ups_total").increment(1),
    }
}
