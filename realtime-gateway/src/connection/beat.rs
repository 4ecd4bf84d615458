//! What it is time for.

use super::{Connection, End};
use crate::{
    close::{Close, CloseCode},
    frames::{Due, Heartbeat, ScopeHead, ServerFrame, StreamName},
    session::{Step, Tick},
};
use chrono::Utc;
use domain::envelope::format_time;
use std::time::Instant;

impl Connection {
    /// Does all that is due.
    pub(super) async fn tick(&mut self) -> Result<(), End> {
        if self.leave_at.is_some_and(|leave_at| Instant::now() >= leave_at) {
            return Err(Close::new(CloseCode::Drained, "the gateway leaves").into());
        }
        while let Some(tick) = self.clock.tick(Instant::now()) {
            match tick {
                Tick::Close(close) => return Err(close.into()),
                Tick::Due { remaining } => {
                    let in_ms = u64::try_from(remaining.as_millis()).unwrap_or(u64::MAX);
                    self.send(&ServerFrame::Due(Due { in_ms })).await?;
                }
                Tick::Heartbeat { n } => self.heartbeat(n).await?,
            }
        }
        Ok(())
    }

    async fn heartbeat(&mut self, n: u64) -> Result<(), End> {
        let mut heads = Vec::with_capacity(self.streams.len());
        for index in 0..self.streams.len() {
            heads.extend(self.scope_head(index).await?);
        }
        self.send(&ServerFrame::Heartbeat(Heartbeat { n, now: format_time(Utc::now()), heads })).await
    }

    /// The scope's last position, after everything up to it was sent. It is taken from the shared log
    /// and not from what this connection believes to have sent: if the two ever differ, the client
    /// sees it and asks again. A feed whose head was not read just now is not vouched for.
    async fn scope_head(&mut self, index: usize) -> Result<Option<ScopeHead>, End> {
        let stream = &self.streams[index];
        let Some(place) = stream.place.as_ref().filter(|_| stream.cursor.is_live()) else { return Ok(None) };
        let (position, head) = (place.log.last(), place.ring.head());
        if head.verified.is_none_or(|asked| asked.elapsed() > self.gateway.timing.head_fresh) {
            return Ok(None);
        }
        loop {
            match self.step(index)? {
                Step::More => self.flush().await?,
                Step::Wait => break,
                Step::Store { .. } => {
                    self.dirty.add(index);
                    break;
                }
            }
        }
        let cursor = &self.streams[index].cursor;
        let StreamName { restaurant, scope } = cursor.name().clone();
        Ok(cursor.is_live().then_some(ScopeHead { restaurant, scope, epoch: cursor.epoch(), position }))
    }
}
