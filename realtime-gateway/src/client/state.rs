//! What a client does with each frame of a stream.

use crate::frames::{Event, Live, Reset, ServerFrame, Skip};
use domain::envelope::Cursor;

/// What to do with a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An event that comes next: apply it.
    Apply,
    /// Seen before: drop it.
    Drop,
    /// Nothing to apply; the cursor may have moved.
    Noted,
    /// Something is missing: send `rs` with [`StreamState::cursor`].
    Resync,
    /// What was built is void: read the view, then [`StreamState::restart`] with its cursor and send
    /// `rs`.
    Reset,
}

/// The client's side of one stream: a cursor and the rule `prev ≤ last < position`.
///
/// Promise: the events for which it says [`Verdict::Apply`] are, from the first cursor on, exactly
/// those of the scope, in order and once, over any number of connections, as long as the server keeps
/// to the protocol. Where it does not, the answer is `Resync` or `Reset`, never a silent gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamState {
    last: Option<Cursor>,
    live: bool,
    /// `rs` was sent and its `catch` has not come: what still comes of the old run may have holes.
    resyncing: bool,
    reset: bool,
}

impl StreamState {
    /// A stream that has everything up to `after`; without it, the stream starts live at the head.
    #[must_use]
    pub fn new(after: Option<Cursor>) -> Self {
        Self { last: after, live: false, resyncing: false, reset: false }
    }

    /// Everything of the scope up to here was applied. `None` before a stream without a cursor is live.
    #[must_use]
    pub fn cursor(&self) -> Option<Cursor> {
        self.last
    }

    /// Whether the stream has caught up.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Whether it waits for [`StreamState::restart`].
    #[must_use]
    pub fn is_reset(&self) -> bool {
        self.reset
    }

    /// A new connection was made and the cursor told in `hello`.
    pub fn reconnected(&mut self) {
        self.live = false;
        self.resyncing = false;
    }

    /// The state was read anew from a view that stands at this cursor, and `rs` is sent with it.
    pub fn restart(&mut self, after: Option<Cursor>) {
        *self = Self { last: after, live: false, resyncing: true, reset: false };
    }

    /// Takes a frame of this stream; one that is about no stream, or another one, is not for here.
    pub fn take(&mut self, frame: &ServerFrame) -> Verdict {
        match frame {
            ServerFrame::Event(event) => self.event(event),
            ServerFrame::Skip(skip) => self.skip(skip),
            ServerFrame::Live(live) => self.goes_live(live),
            ServerFrame::Reset(reset) => self.goes_away(reset),
            ServerFrame::Catch(_) => {
                self.live = false;
                self.resyncing = false;
                Verdict::Noted
            }
            _ => Verdict::Noted,
        }
    }

    /// A heartbeat says that the scope's last event stands here.
    pub fn heartbeat(&mut self, head: Cursor) -> Verdict {
        match self.last {
            Some(last) if self.live && !self.reset && (head.epoch != last.epoch || head.position > last.position) => {
                self.hole()
            }
            _ => Verdict::Noted,
        }
    }

    fn event(&mut self, event: &Event) -> Verdict {
        self.advance(event.prev, event.position, Verdict::Apply)
    }

    fn skip(&mut self, skip: &Skip) -> Verdict {
        self.advance(skip.prev, skip.position, Verdict::Noted)
    }

    fn advance(&mut self, prev: u64, position: u64, verdict: Verdict) -> Verdict {
        match &mut self.last {
            _ if self.reset => Verdict::Drop,
            Some(last) if position <= last.position => Verdict::Drop,
            Some(last) if prev <= last.position => {
                last.position = position;
                verdict
            }
            // Without a cursor nothing can come before `live`.
            Some(_) | None => self.hole(),
        }
    }

    fn goes_live(&mut self, live: &Live) -> Verdict {
        let at = Cursor { epoch: live.epoch, position: live.position };
        match self.last {
            _ if self.reset => return Verdict::Drop,
            // A skip stands before `live` where it is needed, so `live` never has to jump.
            Some(last) if last.epoch != at.epoch || last.position < at.position => return self.hole(),
            Some(_) => {}
            None => self.last = Some(at),
        }
        self.live = true;
        self.resyncing = false;
        Verdict::Noted
    }

    fn goes_away(&mut self, _: &Reset) -> Verdict {
        self.live = false;
        self.reset = true;
        Verdict::Reset
    }

    /// Asks once; what is on its way until the server answers is dropped.
    fn hole(&mut self) -> Verdict {
        self.live = false;
        if std::mem::replace(&mut self.resyncing, true) { Verdict::Drop } else { Verdict::Resync }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const R: &str = "0192d3a4-0000-7000-8000-000000000001";

    fn frame(t: &str, members: &str) -> ServerFrame {
        ServerFrame::parse(&format!(r#"{{"t":"{t}","restaurant":"{R}","scope":"floor",{members}}}"#)).unwrap()
    }

    fn ev(prev: u64, position: u64) -> ServerFrame {
        frame("ev", &format!(r#""position":{position},"prev":{prev},"event":{{}}"#))
    }

    fn live(position: u64) -> ServerFrame {
        frame("live", &format!(r#""epoch":1,"position":{position}"#))
    }

    fn at(position: u64) -> Cursor {
        Cursor { epoch: 1, position }
    }

    #[test]
    fn the_next_one_is_applied_the_old_one_dropped_and_a_hole_asked_for_once() {
        let mut stream = StreamState::new(Some(at(10)));
        assert_eq!(stream.take(&ev(8, 12)), Verdict::Apply);
        assert_eq!(stream.take(&ev(8, 12)), Verdict::Drop);
        assert_eq!(stream.take(&ev(13, 14)), Verdict::Resync);
        assert_eq!(stream.take(&ev(14, 15)), Verdict::Drop);
        assert_eq!(stream.cursor(), Some(at(12)));
        assert_eq!(stream.take(&frame("catch", r#""from":12,"to":15,"source":"ring""#)), Verdict::Noted);
        assert_eq!(stream.take(&ev(12, 13)), Verdict::Apply);
        assert_eq!(stream.take(&ev(14, 15)), Verdict::Resync);
    }

    #[test]
    fn live_never_jumps_over_events() {
        let mut stream = StreamState::new(Some(at(10)));
        assert_eq!(stream.take(&live(11)), Verdict::Resync);
        let mut stream = StreamState::new(Some(at(10)));
        assert_eq!(stream.take(&frame("skip", r#""position":11,"prev":10"#)), Verdict::Noted);
        assert_eq!(stream.take(&live(11)), Verdict::Noted);
        assert!(stream.is_live());
    }

    #[test]
    fn without_a_cursor_the_stream_starts_where_live_says() {
        let mut stream = StreamState::new(None);
        assert_eq!(stream.take(&live(11)), Verdict::Noted);
        assert_eq!(stream.take(&ev(7, 12)), Verdict::Apply);
        assert_eq!(stream.cursor(), Some(at(12)));
    }

    #[test]
    fn a_heartbeat_shows_a_lost_tail() {
        let mut stream = StreamState::new(None);
        assert_eq!(stream.heartbeat(at(99)), Verdict::Noted);
        stream.take(&live(11));
        assert_eq!(stream.heartbeat(at(11)), Verdict::Noted);
        assert_eq!(stream.heartbeat(at(12)), Verdict::Resync);
    }

    #[test]
    fn after_a_reset_nothing_counts_until_the_view_was_read() {
        let mut stream = StreamState::new(Some(at(10)));
        let reset = frame("reset", r#""epoch":2,"position":5,"why":"epoch","view":"/v1""#);
        assert_eq!(stream.take(&reset), Verdict::Reset);
        assert_eq!(stream.take(&ev(10, 11)), Verdict::Drop);
        stream.restart(Some(Cursor { epoch: 2, position: 5 }));
        assert_eq!(stream.take(&ev(5, 6)), Verdict::Apply);
    }
}
