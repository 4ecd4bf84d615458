//! Who should hold what: pure.

use std::collections::BTreeSet;

/// A row of `leases` of one kind.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) number: u8,
    pub(super) owner: String,
    pub(super) alive: bool,
}

/// What one keeper does next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// Rows to renew or to take, the seat included.
    pub(super) keep: BTreeSet<u8>,
    /// Own shards to give up.
    pub(super) leave: BTreeSet<u8>,
    /// Whether this keeper has what it should have.
    pub(super) settled: bool,
}

/// Rows with numbers below `shards` are shards, the others are seats.
pub(super) fn plan(rows: &[Row], me: &str, shards: u8) -> Plan {
    let (work, seats): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| row.number < shards);
    let Some(seat) = my_seat(&seats, me) else {
        return Plan { keep: BTreeSet::new(), leave: numbers(&work, |row| row.owner == me), settled: false };
    };
    let share = share(&seats, me, shards);
    let mine = numbers(&work, |row| row.owner == me);
    let free = numbers(&work, |row| row.owner != me && !row.alive);
    let mut keep: BTreeSet<u8> = mine.iter().copied().take(share).collect();
    let leave: BTreeSet<u8> = mine.difference(&keep).copied().collect();
    keep.extend(free.iter().copied().take(share.saturating_sub(keep.len())));
    let settled = keep == mine && rows.iter().any(|row| row.number == seat && row.owner == me && row.alive);
    keep.insert(seat);
    Plan { keep, leave, settled }
}

/// The own seat, or else a free one. Which one depends on the name, so that newcomers seldom want
/// the same.
fn my_seat(seats: &[&Row], me: &str) -> Option<u8> {
    let own = seats.iter().find(|row| row.owner == me);
    let free: Vec<&&Row> = seats.iter().filter(|row| !row.alive).collect();
    let start = me.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    own.or_else(|| (!free.is_empty()).then(|| free[start % free.len()])).map(|row| row.number)
}

/// The first few holders, in the order of their seats, take one more where it does not come out even:
/// otherwise "rounded up for everyone" would let one hold nothing.
fn share(seats: &[&Row], me: &str, shards: u8) -> usize {
    let mut holders: Vec<&str> = seats.iter().filter(|row| row.alive).map(|row| row.owner.as_str()).collect();
    if !holders.contains(&me) {
        holders.push(me);
    }
    let place = holders.iter().position(|owner| *owner == me).unwrap_or_default();
    let (even, more) = (usize::from(shards) / holders.len(), usize::from(shards) % holders.len());
    even + usize::from(place < more)
}

fn numbers(rows: &[&Row], which: impl Fn(&Row) -> bool) -> BTreeSet<u8> {
    rows.iter().filter(|row| which(row)).map(|row| row.number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARDS: u8 = 64;

    /// A table, and a step of one keeper on it as the statements would do it.
    struct Table(Vec<Row>);

    impl Table {
        fn new() -> Self {
            Self((0..=127).map(|number| Row { number, owner: String::new(), alive: false }).collect())
        }

        fn step(&mut self, me: &str) -> Plan {
            let plan = plan(&self.0, me, SHARDS);
            for row in &mut self.0 {
                if plan.keep.contains(&row.number) && (row.owner == me || !row.alive) {
                    *row = Row { number: row.number, owner: me.to_owned(), alive: true };
                } else if plan.leave.contains(&row.number) {
                    *row = Row { number: row.number, owner: String::new(), alive: false };
                }
            }
            plan
        }

        fn held(&self, me: &str) -> usize {
            self.0.iter().filter(|row| row.number < SHARDS && row.alive && row.owner == me).count()
        }

        fn dies(&mut self, me: &str) {
            self.0.iter_mut().filter(|row| row.owner == me).for_each(|row| row.alive = false);
        }
    }

    #[test]
    fn one_alone_holds_everything() {
        let mut table = Table::new();
        table.step("a");
        assert_eq!(table.held("a"), 64);
        assert!(table.step("a").settled);
    }

    #[test]
    fn several_share_and_settle() {
        let mut table = Table::new();
        for _ in 0..4 {
            for me in ["a", "b", "c"] {
                table.step(me);
            }
        }
        let mut held = ["a", "b", "c"].map(|me| table.held(me));
        held.sort_unstable();
        assert_eq!(held, [21, 21, 22]);
        assert!(["a", "b", "c"].iter().all(|me| table.step(me).settled));
    }

    #[test]
    fn what_a_dead_one_held_goes_to_the_others() {
        let mut table = Table::new();
        for _ in 0..4 {
            for me in ["a", "b"] {
                table.step(me);
            }
        }
        table.dies("a");
        table.step("b");
        assert_eq!(table.held("b"), 64);
    }

    #[test]
    fn without_a_seat_nothing_is_held() {
        let mut table = Table::new();
        for row in table.0.iter_mut().filter(|row| row.number >= SHARDS) {
            *row = Row { number: row.number, owner: "x".to_owned(), alive: true };
        }
        assert_eq!(table.step("a").keep, BTreeSet::new());
    }
}
