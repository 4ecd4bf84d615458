//! One stream that is followed without a socket. Its frames are those of a socket, and who reads them
//! acknowledges by coming back for more.

use crate::{
    close::{Close, CloseCode},
    feed::{Signal, Subscription},
    frames::{Reset, ServerFrame, StreamName},
    gateway::Gateway,
    session::{Step, StreamCursor, credit::Credit},
    websocket::Packet,
};
use domain::envelope::Cursor;
use identity::ScopeFilter;
use std::sync::Arc;

/// A stream and its place at the ring.
pub(super) struct Follower {
    pub(super) gateway: Arc<Gateway>,
    pub(super) place: Subscription,
    pub(super) cursor: StreamCursor,
    pub(super) signal: Arc<Signal>,
    /// Frames that were not taken yet.
    pub(super) out: Vec<Packet>,
}

/// Whether there may be more at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    Waiting,
}

impl Follower {
    /// Takes a place at the feed's ring; nothing is read yet.
    pub(super) async fn new(gateway: Arc<Gateway>, name: StreamName, filter: &ScopeFilter) -> Result<Self, Close> {
        let signal = Arc::<Signal>::default();
        let place = gateway.hub.join(name.restaurant.into(), filter, &signal, 0).await?;
        Ok(Self { gateway, place, cursor: StreamCursor::new(name), signal, out: Vec::new() })
    }

    /// Starts after this cursor, or at the head without one; sends at most `page` before it is asked to
    /// [go on](Self::grant). Gives why it cannot start there.
    pub(super) async fn start(&mut self, after: Option<Cursor>, page: Credit) -> Result<Option<Reset>, Close> {
        let mut head = self.place.ring.head().cursor;
        // The client may know more than the ring: a view was read that had it from the store.
        if let Some(after) = after.filter(|after| after.epoch != head.epoch || after.position > head.position) {
            head = self.gateway.hub.reach(&self.place.ring, after).await?;
        }
        self.cursor.set_page(page);
        self.cursor.start(after, head, &self.place.log, &mut self.out);
        Ok(self.reset())
    }

    /// Adds to `out` what can be sent now.
    pub(super) async fn go_on(&mut self) -> Result<Progress, Close> {
        // Before the log is read, see `Ring::push`.
        let head = self.place.ring.head();
        if head.closed {
            return Err(Close::new(CloseCode::Error, "the feed is no longer followed"));
        }
        match self.cursor.step(head.cursor, &self.place.log, &mut self.out) {
            Step::More => Ok(Progress::More),
            Step::Wait => Ok(Progress::Waiting),
            Step::Store { after } => {
                let events = self.gateway.store_page(self.place.ring.feed, after).await?;
                let head = self.place.ring.head().cursor;
                self.cursor.page(&events, head, &self.place.log.filter, &mut self.out).map_err(|error| {
                    tracing::error!(feed = %self.place.ring.feed, %error, "the store has a hole");
                    Close::new(CloseCode::StoreAway, "the event store is not complete")
                })?;
                Ok(Progress::More)
            }
        }
    }

    /// The reader has taken all that was sent; says whether that lets more be sent.
    pub(super) fn grant(&mut self) -> bool {
        let told = self.cursor.told().position;
        self.cursor.ack(told)
    }

    /// Why the stream has ended, if the last frame says so.
    pub(super) fn reset(&self) -> Option<Reset> {
        match ServerFrame::parse(self.out.last()?.as_str()) {
            Ok(ServerFrame::Reset(reset)) => Some(reset),
            _ => None,
        }
    }
}
