//! The tables, who sits at them, and when they leave.

use super::locked;
use crate::local::DemoTable;
use domain::ids::{SessionId, TableId};
use rand::{rngs::StdRng, seq::IteratorRandom};
use std::{
    ops::RangeInclusive,
    sync::{Arc, Mutex},
};
use tokio::sync::mpsc;

/// How often a party orders before it leaves.
const ORDERS_OF_A_PARTY: RangeInclusive<u32> = 2..=8;
/// Of this many tables, one may be leaving at a time: guests who come must find a seat.
const TABLES_PER_LEAVING: usize = 4;

/// Guests at one table.
#[derive(Debug, Clone)]
pub(super) struct Party {
    pub(super) session: SessionId,
    /// The tokens of the diners who joined.
    pub(super) diners: Vec<Arc<str>>,
}

enum State {
    Empty,
    Seated(Party),
    /// They order no more and go when everything is served.
    Leaving(Party),
}

struct Table {
    id: TableId,
    label: String,
    state: State,
    open_orders: usize,
    orders_left: u32,
}

/// All tables.
pub(super) struct Floor {
    tables: Mutex<Vec<Table>>,
    /// Tables that are to be cleared; holds each table at most once.
    leaving: mpsc::Sender<usize>,
}

/// A diner who orders.
pub(super) struct Guest {
    pub(super) session: SessionId,
    pub(super) token: Arc<str>,
    pub(super) seat: Seat,
}

/// An order that is open at a table; the party stays until all of theirs are dropped.
pub(super) struct Seat {
    floor: Arc<Floor>,
    table: usize,
}

impl Floor {
    /// Empty tables, and where those that are to be cleared are told.
    pub(super) fn new(tables: &[DemoTable]) -> (Arc<Self>, mpsc::Receiver<usize>) {
        let (leaving, to_clear) = mpsc::channel(tables.len().max(1));
        let table = |table: &DemoTable| Table {
            id: table.table_id,
            label: table.label.clone(),
            state: State::Empty,
            open_orders: 0,
            orders_left: 0,
        };
        (Arc::new(Self { tables: Mutex::new(tables.iter().map(table).collect()), leaving }), to_clear)
    }

    /// Id and label of a table.
    pub(super) fn table(&self, number: usize) -> (TableId, String) {
        let tables = locked(&self.tables);
        (tables[number].id, tables[number].label.clone())
    }

    pub(super) fn len(&self) -> usize {
        locked(&self.tables).len()
    }

    /// A party sits down.
    pub(super) fn seat(&self, number: usize, party: Party) {
        let table = &mut locked(&self.tables)[number];
        table.orders_left = rand::random_range(ORDERS_OF_A_PARTY);
        table.state = State::Seated(party);
    }

    /// Takes the party off the table; nobody orders there until the next one sits down.
    pub(super) fn unseat(&self, number: usize) -> Option<Party> {
        match std::mem::replace(&mut locked(&self.tables)[number].state, State::Empty) {
            State::Seated(party) | State::Leaving(party) => Some(party),
            State::Empty => None,
        }
    }

    /// Somebody who wants to order now; `None` when every table is empty or leaving.
    pub(super) fn guest(self: &Arc<Self>, random: &mut StdRng) -> Option<Guest> {
        let mut tables = locked(&self.tables);
        let seated = |table: &Table| matches!(table.state, State::Seated(_));
        let number = (0..tables.len()).filter(|number| seated(&tables[*number])).choose(random)?;
        let State::Seated(party) = &tables[number].state else { return None };
        let (session, token) = (party.session, Arc::clone(party.diners.iter().choose(random)?));
        tables[number].open_orders += 1;
        tables[number].orders_left = tables[number].orders_left.saturating_sub(1);
        Some(Guest { session, token, seat: Seat { floor: Arc::clone(self), table: number } })
    }

    /// The session of this table was closed by somebody else.
    pub(super) fn closed_elsewhere(&self, seat: &Seat) {
        locked(&self.tables)[seat.table].orders_left = 0;
    }

    fn order_ended(&self, number: usize) {
        let mut tables = locked(&self.tables);
        let leaving = tables.iter().filter(|table| !matches!(table.state, State::Seated(_))).count();
        let may_leave = leaving < (tables.len() / TABLES_PER_LEAVING).max(1);
        let table = &mut tables[number];
        table.open_orders = table.open_orders.saturating_sub(1);
        table.state = match std::mem::replace(&mut table.state, State::Empty) {
            State::Seated(party) if table.orders_left == 0 && may_leave => State::Leaving(party),
            state => state,
        };
        if table.open_orders == 0 && matches!(table.state, State::Leaving(_)) {
            // There is room for every table; after the end nobody clears them any more.
            let _ = self.leaving.try_send(number);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.floor.order_ended(self.table);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use uuid::Uuid;

    fn floor(count: u128) -> (Arc<Floor>, mpsc::Receiver<usize>) {
        let table = |n| DemoTable { table_id: Uuid::from_u128(n).into(), label: n.to_string() };
        let (floor, to_clear) = Floor::new(&(0..count).map(table).collect::<Vec<_>>());
        for number in 0..floor.len() {
            floor.seat(number, Party { session: Uuid::from_u128(number as u128).into(), diners: vec!["t".into()] });
        }
        (floor, to_clear)
    }

    #[test]
    fn a_party_leaves_when_it_has_ordered_enough_and_everything_is_served() {
        let (floor, mut to_clear) = floor(1);
        let mut random = StdRng::seed_from_u64(1);
        let mut guests: Vec<Guest> = (0..8).map(|_| floor.guest(&mut random).unwrap()).collect();
        let last = guests.pop();
        drop(guests);
        assert!(to_clear.try_recv().is_err(), "one order is still open");
        assert!(floor.guest(&mut random).is_none(), "who leaves orders no more");
        drop(last);
        assert_eq!(to_clear.try_recv(), Ok(0));
        assert!(floor.unseat(0).is_some() && floor.unseat(0).is_none());
    }

    #[test]
    fn most_tables_stay_for_those_who_come() {
        let (floor, mut to_clear) = floor(8);
        let mut random = StdRng::seed_from_u64(1);
        for _ in 0..1_000 {
            drop(floor.guest(&mut random));
        }
        let leaving = std::iter::from_fn(|| to_clear.try_recv().ok()).count();
        assert_eq!(leaving, 2);
    }
}
