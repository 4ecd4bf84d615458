//! What is done every now and then: deletions, lost leases, reconnects, refills, metrics.

use super::{Deleted, Engine};
use crate::{
    book::{MARKS_MAX, REFILLS_MAX},
    reconciler::Order,
};
use failpoints::failpoint;
use futures::{FutureExt, future::BoxFuture};
use std::time::Duration;
use tokio::time::Instant;

/// How often. Rows that were acknowledged are deleted then and not at once: each deletion waits for
/// the disk, as commits of orders do. After a crash, rows that were not deleted are published once
/// more, and the server drops the copies.
pub(super) const EVERY: Duration = Duration::from_millis(100);

impl Engine {
    pub(super) fn keep_house(&mut self) {
        let held = self.held.borrow().clone();
        let cut_off = self.state.book.keep_shards(|shard| held.holds(shard));
        if !cut_off.is_empty() {
            self.doubts.add(cut_off);
            self.alarm.notify_one();
        }
        self.look_at_connection();
        self.start_deletion();
        self.state.book.sweep(self.state.polls_started, self.state.polls_finished);
        while self.state.book.refills() < REFILLS_MAX {
            match self.orders.try_recv() {
                Ok(Order::Refill(refill)) => {
                    if !self.state.book.refill(&refill) {
                        // It has something else to do now; afterwards it is compared again.
                        self.doubts.add([refill.feed.shard()].into());
                    }
                }
                Ok(Order::Resume) => self.state.book.rest_no_longer(),
                Err(_) => break,
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; no outbox has 2^52 rows")]
        metrics::gauge!("relay_unpublished_events").set(self.state.book.unacked() as f64);
        #[expect(clippy::cast_precision_loss, reason = "at most 64")]
        metrics::gauge!("relay_shards").set(if held.is_valid() { held.shards().len() as f64 } else { 0.0 });
    }

    /// After a reconnect no answer to what was in flight will come, and the server may have lost
    /// more than that.
    pub(super) fn look_at_connection(&mut self) {
        let connections = messaging::times_connected(&self.client);
        if connections == self.state.connections {
            return;
        }
        self.state.connections = connections;
        self.send_again();
        self.alarm.notify_one();
    }

    /// Everything that is in flight goes out again; the server drops what it has.
    fn send_again(&mut self) {
        self.publisher.forget();
        self.state.book.start_over();
    }

    /// Deletes what was acknowledged, if no deletion is under way. Only shards that are held: not
    /// because it would do harm, but because the new owner does it.
    fn start_deletion(&mut self) {
        let rests = self.state.not_before.is_some_and(|at| Instant::now() < at);
        let marks = self.state.book.marks();
        if marks.is_empty() || rests || self.state.deletion.is_busy() {
            return;
        }
        let store = self.store.clone();
        let deletion: BoxFuture<'static, Deleted> = async move {
            let result = match failpoint!("relay.acked") {
                Ok(()) => store.delete(&marks).await,
                Err(error) => Err(sqlx::Error::Io(error)),
            };
            let _ = failpoint!("relay.deleted");
            (marks, result)
        }
        .boxed();
        self.state.deletion.start(deletion);
    }

    pub(super) fn on_deleted(&mut self, (marks, result): Deleted) {
        match result {
            Ok(()) => self.state.book.deleted(&marks),
            Err(error) => self.on_store_error(&error),
        }
        if marks.len() == MARKS_MAX {
            self.start_deletion();
        }
    }
}
