//! What the kitchens must still hear of: every line of an accepted order, until it is served.

use super::{floor::Seat, locked};
use domain::ids::LineId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::sync::OwnedSemaphorePermit;

/// An order that is being cooked. It keeps its place at the table and in the bound of open orders until
/// the last of its lines is dropped.
pub(super) struct OpenOrder {
    pub(super) path: String,
    _seat: Seat,
    _permit: OwnedSemaphorePermit,
}

struct Entry {
    order: Arc<OpenOrder>,
    quantity: u32,
    /// When the waiter sent the acceptance.
    sent: Instant,
    accepted: bool,
    shown: bool,
}

/// A line that appeared on a console.
pub(super) struct Shown {
    pub(super) order: Arc<OpenOrder>,
    pub(super) quantity: u32,
    pub(super) after: Duration,
    /// It was there before.
    pub(super) again: bool,
}

/// The lines of open orders.
#[derive(Default)]
pub(super) struct Book {
    lines: Mutex<HashMap<LineId, Entry>>,
}

impl OpenOrder {
    pub(super) fn new(path: String, seat: Seat, permit: OwnedSemaphorePermit) -> Arc<Self> {
        Arc::new(Self { path, _seat: seat, _permit: permit })
    }
}

impl Book {
    /// The order is about to be accepted: a console may show its lines before the answer is here.
    pub(super) fn accepting(&self, order: &Arc<OpenOrder>, lines: &[(LineId, u32)]) {
        let sent = Instant::now();
        let mut book = locked(&self.lines);
        for &(line, quantity) in lines {
            let order = Arc::clone(order);
            book.insert(line, Entry { order, quantity, sent, accepted: false, shown: false });
        }
    }

    /// The order is accepted: from now on each line must appear.
    pub(super) fn accepted(&self, lines: &[(LineId, u32)]) {
        let mut book = locked(&self.lines);
        for (line, _) in lines {
            // A fast kitchen may be done with it.
            if let Some(entry) = book.get_mut(line) {
                entry.accepted = true;
            }
        }
    }

    /// A console shows the line; `None` where it is nobody's of ours.
    pub(super) fn shown(&self, line: LineId) -> Option<Shown> {
        let mut book = locked(&self.lines);
        let entry = book.get_mut(&line)?;
        let again = std::mem::replace(&mut entry.shown, true);
        let (order, quantity) = (Arc::clone(&entry.order), entry.quantity);
        Some(Shown { order, quantity, after: entry.sent.elapsed(), again })
    }

    /// Whether a console shows the line already, or it is nobody's of ours.
    pub(super) fn is_shown(&self, line: LineId) -> bool {
        locked(&self.lines).get(&line).is_none_or(|entry| entry.shown)
    }

    /// The line needs no more attention: it is served, or was refused.
    pub(super) fn done(&self, line: LineId) {
        // Dropped outside the lock: with its last line the order frees its seat.
        let entry = locked(&self.lines).remove(&line);
        drop(entry);
    }

    /// Accepted lines that no console has shown, though they were accepted that long ago.
    pub(super) fn missing(&self, since: Duration) -> usize {
        let missing = |entry: &&Entry| entry.accepted && !entry.shown && entry.sent.elapsed() >= since;
        locked(&self.lines).values().filter(missing).count()
    }
}

#[cfg(test)]
mod tests {
    use super::super::floor::{Floor, Party};
    use super::*;
    use crate::local::DemoTable;
    use rand::{SeedableRng, rngs::StdRng};
    use tokio::sync::Semaphore;
    use uuid::Uuid;

    fn lines() -> [(LineId, u32); 2] {
        [1, 2].map(|n| (Uuid::from_u128(n).into(), 3))
    }

    fn order(permits: &Arc<Semaphore>) -> Arc<OpenOrder> {
        let (floor, _) = Floor::new(&[DemoTable { table_id: Uuid::nil().into(), label: "1".to_owned() }]);
        floor.seat(0, Party { session: Uuid::nil().into(), diners: vec!["token".into()] });
        let guest = floor.guest(&mut StdRng::seed_from_u64(1)).unwrap();
        OpenOrder::new(String::new(), guest.seat, Arc::clone(permits).try_acquire_owned().unwrap())
    }

    #[test]
    fn an_accepted_line_is_missing_until_a_console_shows_it() {
        let (book, permits) = (Book::default(), Arc::new(Semaphore::new(1)));
        book.accepting(&order(&permits), &lines());
        assert_eq!(book.missing(Duration::ZERO), 0);
        book.accepted(&lines());
        assert_eq!(book.missing(Duration::ZERO), 2);
        assert_eq!(book.missing(Duration::from_secs(60)), 0, "not for long enough");
        assert!(book.shown(lines()[0].0).is_some_and(|shown| !shown.again && shown.quantity == 3));
        assert!(book.shown(lines()[0].0).is_some_and(|shown| shown.again));
        assert_eq!(book.missing(Duration::ZERO), 1);
        assert!(book.shown(Uuid::from_u128(9).into()).is_none());
    }

    #[test]
    fn an_order_ends_with_its_last_line() {
        let (book, permits) = (Book::default(), Arc::new(Semaphore::new(1)));
        book.accepting(&order(&permits), &lines());
        book.done(lines()[0].0);
        assert_eq!(permits.available_permits(), 0);
        book.done(lines()[1].0);
        assert_eq!(permits.available_permits(), 1);
    }
}
