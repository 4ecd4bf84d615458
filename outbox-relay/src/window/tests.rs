use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

const FEED_LENGTH: u64 = 12;

/// What can happen to a window.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A poll shows rows up to here.
    Poll(u64),
    /// At most so many are sent.
    Send(u64),
    /// The oldest, or a later, ticket in flight is answered.
    Answer { which: usize, stored: bool },
    /// The connection was lost.
    Reconnect,
    /// What may be deleted is deleted.
    Delete,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..=FEED_LENGTH).prop_map(Step::Poll),
        (1_u64..5).prop_map(Step::Send),
        (0_usize..4, any::<bool>()).prop_map(|(which, stored)| Step::Answer { which, stored }),
        Just(Step::Reconnect),
        Just(Step::Delete),
    ];
    prop::collection::vec(step, 1..200)
}

/// A window, and what the world around it knows for certain.
struct World {
    window: FeedWindow,
    generations: u64,
    in_flight: Vec<Ticket>,
    /// What the server has said it stored.
    stored: BTreeMap<u64, ()>,
    last_sent: u64,
    outbox_starts: u64,
}

impl World {
    fn new() -> Self {
        Self {
            window: FeedWindow::of_outbox(0, 1, &(1..=1), 0),
            generations: 0,
            in_flight: Vec::new(),
            stored: BTreeMap::new(),
            last_sent: 0,
            outbox_starts: 1,
        }
    }

    fn generation(&mut self) -> u64 {
        self.generations += 1;
        self.generations
    }

    fn contiguous(&self) -> u64 {
        (1..).find(|position| !self.stored.contains_key(position)).unwrap() - 1
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        match step {
            Step::Poll(end) if end >= self.outbox_starts => {
                let generation = self.generation();
                self.window.waiting(&(self.outbox_starts..=end), generation);
            }
            Step::Poll(_) => {}
            Step::Send(most) => self.send(most)?,
            Step::Answer { which, stored } => self.answer(which, stored),
            Step::Reconnect => {
                let generation = self.generation();
                self.window.start_over(generation);
                self.restart();
            }
            Step::Delete => self.delete()?,
        }
        Ok(())
    }

    fn send(&mut self, most: u64) -> Result<(), TestCaseError> {
        // Far in the future: no feed is resting.
        let now = Instant::now() + RETRY_CAP * 2;
        let Some(range) = self.window.next(most, now) else { return Ok(()) };
        for position in range {
            let ticket = self.window.send(position);
            prop_assert!(ticket.is_some());
            prop_assert_eq!(position, self.last_sent + 1, "sent out of order");
            self.last_sent = position;
            self.in_flight.extend(ticket);
        }
        Ok(())
    }

    fn answer(&mut self, which: usize, stored: bool) {
        if self.in_flight.is_empty() {
            return;
        }
        let ticket = self.in_flight.remove(which.min(self.in_flight.len() - 1));
        if stored {
            self.stored.insert(ticket.position, ());
            self.window.acked(ticket);
            return;
        }
        let generation = self.generation();
        if self.window.failed(ticket, generation, Instant::now()) {
            self.restart();
        }
    }

    /// Sending may go back, but only to just after what was acknowledged without a gap.
    fn restart(&mut self) {
        assert!(self.window.acked <= self.contiguous());
        self.last_sent = self.window.acked;
    }

    fn delete(&mut self) -> Result<(), TestCaseError> {
        let Some(up_to) = self.window.deletable() else { return Ok(()) };
        prop_assert!(up_to <= self.contiguous(), "deleted {} of {:?}", up_to, self.stored);
        self.window.deleted(up_to);
        self.outbox_starts = up_to + 1;
        Ok(())
    }
}

proptest! {
    #[test]
    fn in_order_and_never_deleted_before_it_is_stored(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step)?;
        }
    }

    #[test]
    fn with_a_server_that_answers_everything_gets_out(steps in steps()) {
        let mut world = World::new();
        for step in steps {
            world.step(step)?;
        }
        for step in [Step::Reconnect, Step::Poll(FEED_LENGTH), Step::Send(FEED_LENGTH)] {
            world.step(step)?;
        }
        while !world.in_flight.is_empty() {
            world.step(Step::Answer { which: 0, stored: true })?;
        }
        world.step(Step::Delete)?;
        prop_assert!(world.window.is_done() || world.outbox_starts > FEED_LENGTH);
        prop_assert_eq!(world.contiguous(), FEED_LENGTH);
    }
}

fn sent(window: &mut FeedWindow, positions: RangeInclusive<u64>) -> Vec<Ticket> {
    positions.filter_map(|position| window.send(position)).collect()
}

#[test]
fn after_a_failure_everything_behind_it_goes_out_again() {
    let mut window = FeedWindow::of_outbox(0, 1, &(1..=5), 0);
    let tickets = sent(&mut window, 1..=5);
    window.acked(tickets[0]);
    window.acked(tickets[3]);
    assert!(window.failed(tickets[1], 1, Instant::now()));
    window.acked(tickets[2]);
    assert_eq!(window.next(10, Instant::now() + RETRY_CAP), Some(2..=5));
    assert_eq!(window.deletable(), Some(1));
}

#[test]
fn a_feed_that_failed_rests() {
    let mut window = FeedWindow::of_outbox(0, 1, &(1..=5), 0);
    let now = Instant::now();
    for generation in 1..20 {
        let ticket = window.send(1).unwrap();
        window.failed(ticket, generation, now);
    }
    assert_eq!(window.next(1, now + RETRY_CAP), Some(1..=1));
}

#[test]
fn rows_that_another_relay_has_published_are_skipped() {
    let mut window = FeedWindow::of_outbox(0, 1, &(1..=2), 0);
    window.waiting(&(7..=8), 1);
    assert_eq!(window.next(10, Instant::now()), Some(7..=8));
}

#[test]
fn a_refill_goes_before_new_rows_and_deletes_none() {
    let mut window = FeedWindow::of_refill(0, 1, &(3..=4), 0);
    window.waiting(&(5..=5), 1);
    let tickets = sent(&mut window, 3..=5);
    assert_eq!(tickets.iter().map(|ticket| ticket.refill).collect::<Vec<_>>(), [true, true, false]);
    window.acked(tickets[0]);
    window.acked(tickets[1]);
    assert_eq!((window.deletable(), window.is_refill()), (None, false));
    window.acked(tickets[2]);
    assert_eq!(window.deletable(), Some(5));
}
