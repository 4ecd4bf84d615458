//! The streams of a connection: starting them, and sending what they have.

use super::{Connection, End, rights::right_still};
use crate::{
    close::{Close, CloseCode},
    feed::{HubError, Subscription},
    frames::{Limits, ServerFrame, StreamName, StreamRequest, Welcome, Why},
    limits,
    session::{Step, StreamCursor},
};
use chrono::Utc;
use domain::envelope::{Cursor, format_time};
use failpoints::failpoint;
use identity::ScopeFilter;

/// A stream and its place at the ring.
pub(super) struct Stream {
    pub(super) cursor: StreamCursor,
    /// `None` until it was started, and after the right to it was lost.
    pub(super) place: Option<Subscription>,
}

impl Stream {
    fn new(name: StreamName) -> Self {
        Self { cursor: StreamCursor::new(name), place: None }
    }
}

impl Connection {
    /// Welcomes the client and starts its streams.
    pub(super) async fn begin(&mut self, streams: Vec<(StreamRequest, ScopeFilter)>) -> Result<(), End> {
        let welcome = self.welcome();
        self.send(&ServerFrame::Welcome(welcome)).await?;
        self.streams.reserve_exact(streams.len());
        for (index, (request, filter)) in streams.into_iter().enumerate() {
            self.streams.push(Stream::new(request.name()));
            self.join(index, &filter).await?;
            self.start(index, request.after).await?;
        }
        self.work().await
    }

    /// Starts a stream again, after a hole or a reset.
    pub(super) async fn restart(&mut self, index: usize, after: Option<Cursor>) -> Result<(), End> {
        if self.streams[index].place.is_none() {
            let name = self.streams[index].cursor.name();
            match right_still(&self.gateway, &self.principal, name).await? {
                Some(filter) => self.join(index, &filter).await?,
                None => {
                    self.revoke(index);
                    return self.flush().await;
                }
            }
        }
        self.start(index, after).await
    }

    /// Ends a stream whose right was lost.
    pub(super) fn revoke(&mut self, index: usize) {
        let Stream { cursor, place } = &mut self.streams[index];
        *place = None;
        let at = cursor.told();
        cursor.reset(Why::Rights, at, &mut self.out);
    }

    async fn join(&mut self, index: usize, filter: &ScopeFilter) -> Result<(), End> {
        let feed = self.streams[index].cursor.name().restaurant.into();
        let place = Box::pin(self.gateway.hub.join(feed, filter, &self.signal, index)).await?;
        self.streams[index].place = Some(place);
        Ok(())
    }

    async fn start(&mut self, index: usize, after: Option<Cursor>) -> Result<(), End> {
        let Stream { cursor, place: Some(place) } = &mut self.streams[index] else { return Ok(()) };
        let mut head = place.ring.head().cursor;
        // The client may know more than the ring: a view was read that had it from the store.
        if let Some(after) = after.filter(|after| after.epoch != head.epoch || after.position > head.position) {
            head = Box::pin(self.gateway.hub.reach(&place.ring, after)).await?;
        }
        cursor.start(after, head, &place.log, &mut self.out);
        self.dirty.add(index);
        Ok(())
    }

    /// Sends what the streams have, about one message of it.
    pub(super) async fn work(&mut self) -> Result<(), End> {
        while let Some(index) = self.dirty.first() {
            match self.step(index)? {
                Step::Wait => self.dirty.remove(index),
                Step::More => {}
                // One page a turn: time, pongs and the client's close must get theirs in between, however
                // long the way back is and however many come back at once.
                Step::Store { after } => {
                    self.page(index, after).await?;
                    failpoint!("gateway.caught-up").map_err(|_| HubError::StoreAway)?;
                    break;
                }
            }
            if self.out.iter().map(|frame| frame.len()).sum::<usize>() >= limits::FRAME_BYTES_MAX {
                break;
            }
        }
        self.flush().await
    }

    pub(super) fn step(&mut self, index: usize) -> Result<Step, Close> {
        let Stream { cursor, place: Some(place) } = &mut self.streams[index] else { return Ok(Step::Wait) };
        // Before the log is read, see `Ring::push`.
        let head = place.ring.head();
        if head.closed {
            return Err(Close::new(CloseCode::Error, "the feed is no longer followed"));
        }
        Ok(cursor.step(head.cursor, &place.log, &mut self.out))
    }

    async fn page(&mut self, index: usize, after: u64) -> Result<(), End> {
        let Stream { cursor, place: Some(place) } = &mut self.streams[index] else { return Ok(()) };
        let events = Box::pin(self.gateway.store_page(place.ring.feed, after)).await?;
        let head = place.ring.head().cursor;
        cursor.page(&events, head, &place.log.filter, &mut self.out).map_err(|error| {
            tracing::error!(feed = %place.ring.feed, %error, "the store has a hole");
            Close::new(CloseCode::StoreAway, "the event store is not complete")
        })?;
        Ok(())
    }

    fn welcome(&self) -> Welcome {
        let timing = &self.gateway.timing;
        let millis = |time: std::time::Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Welcome {
            node: self.gateway.node.clone(),
            now: format_time(Utc::now()),
            hb_ms: millis(timing.heartbeat),
            idle_ms: millis(timing.idle),
            token_expires_at: format_time(self.principal.expires_at()),
            retry: self.gateway.retry,
            limits: Limits {
                frame_bytes: limits::FRAME_BYTES_MAX,
                messages_per_s: limits::MESSAGES_PER_SECOND,
                streams: limits::STREAMS_MAX,
                page_events: limits::PAGE_EVENTS,
                page_bytes: limits::PAGE_BYTES,
            },
        }
    }
}
