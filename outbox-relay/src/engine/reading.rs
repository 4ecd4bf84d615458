//! Reading what waits, and sending it.

use super::{Engine, Found};
use crate::{
    publisher::IN_FLIGHT_MAX,
    store::{PENDING_MAX, Pending, Range},
};
use chrono::Utc;
use domain::envelope::RecordedEvent;
use failpoints::failpoint;
use futures::FutureExt;
use std::collections::BTreeSet;
use tokio::time::Instant;

impl Engine {
    /// Starts a read if there is anything to read: events of feeds that are known to wait and polls
    /// of shards take turns, so that neither keeps the other waiting.
    pub(super) fn start_read(&mut self) {
        let now = Instant::now();
        let rests = self.state.not_before.is_some_and(|at| now < at);
        if self.state.read.is_busy() || rests {
            return;
        }
        if self.state.last_was_events && self.start_poll() {
            return;
        }
        if !self.start_events() {
            self.start_poll();
        }
    }

    fn start_events(&mut self) -> bool {
        if !messaging::is_connected(&self.client) {
            return false;
        }
        let room = self.publisher.room();
        let refill_room = room.saturating_sub(IN_FLIGHT_MAX / 2);
        let ranges = self.state.book.plan(room as u64, refill_room as u64, std::time::Instant::now());
        if ranges.is_empty() {
            return false;
        }
        let store = self.store.clone();
        self.state.last_was_events = true;
        let read = async move {
            let events = store.events(&ranges).await;
            let events = failpoint!("relay.read").map_err(sqlx::Error::Io).and(events);
            Found::Events { asked: ranges, events }
        };
        self.state.read.start(read.boxed());
        true
    }

    /// One statement for all shards that may have something new and are held.
    fn start_poll(&mut self) -> bool {
        let held = self.held.borrow().clone();
        let asked: BTreeSet<u8> =
            std::mem::take(&mut self.state.dirty).into_iter().filter(|s| held.holds(*s)).collect();
        if asked.is_empty() {
            return false;
        }
        let store = self.store.clone();
        self.state.last_was_events = false;
        self.state.polls_started += 1;
        let poll = async move {
            let pending = store.pending(&asked).await;
            Found::Pending { asked, pending }
        };
        self.state.read.start(poll.boxed());
        true
    }

    pub(super) async fn on_found(&mut self, found: Found) {
        match found {
            Found::Pending { asked, pending } => {
                self.state.polls_finished = self.state.polls_started;
                match pending {
                    Ok(pending) => self.on_pending(asked, &pending),
                    Err(error) => self.on_store_error(&error),
                }
            }
            Found::Events { asked, events: Ok(events) } => {
                self.publish(&asked, &events).await;
                let _ = failpoint!("relay.published");
            }
            Found::Events { events: Err(error), .. } => self.on_store_error(&error),
        }
    }

    fn on_pending(&mut self, asked: BTreeSet<u8>, pending: &[Pending]) {
        self.state.store_failures = 0;
        pending.iter().for_each(|pending| self.state.book.waiting(pending));
        if pending.len() >= PENDING_MAX {
            // Cut off: the shards from the last one on were not seen to their end.
            let last = pending.last().map_or(0, |pending| pending.shard);
            self.state.dirty.extend(asked.into_iter().filter(|shard| *shard >= last));
        }
    }

    /// Sends events whose turn it is. Lease and connection are asked for each: either may end in
    /// between, and after a reconnect what is in flight has to go first.
    async fn publish(&mut self, asked: &[Range], events: &[RecordedEvent]) {
        self.state.store_failures = 0;
        for event in events {
            let lost = messaging::times_connected(&self.client) != self.state.connections;
            if lost || !messaging::is_connected(&self.client) {
                self.look_at_connection();
                return;
            }
            if self.held.borrow().holds(event.feed.shard()) {
                self.publish_one(event).await;
            }
        }
        for Range { feed, positions } in asked {
            // Without the lease nothing was sent, which says nothing about the event.
            let held = self.held.borrow().holds(feed.shard());
            if held && self.state.book.is_stuck(*feed, *positions.start(), std::time::Instant::now()) {
                tracing::error!(%feed, position = positions.start(), "an event that is waiting cannot be read");
            }
        }
    }

    async fn publish_one(&mut self, event: &RecordedEvent) {
        let (feed, cursor) = (event.feed, event.cursor);
        let Some(ticket) = self.state.book.send(feed, cursor.epoch, cursor.position) else { return };
        self.publisher.send(event, ticket).await;
        if !ticket.refill {
            let delay = (Utc::now() - event.recorded_at).to_std().unwrap_or_default();
            metrics::histogram!("relay_commit_to_publish_seconds").record(delay);
        }
    }
}
