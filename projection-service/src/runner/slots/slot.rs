//! What is known of one feed.

use crate::runner::checkpoint::Checkpoint;
use domain::envelope::{Cursor, RecordedEvent};
use std::collections::VecDeque;
use tokio::time::Instant;

/// How the next step of a feed is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Its next events are here, and nothing is special about it: in one transaction with other feeds.
    Together,
    /// Something must be looked up first, or care is needed: by itself.
    Alone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Nothing.
    Idle,
    /// Waits for a group, or for a free worker.
    Queued(Way),
    /// A worker has it.
    Running,
    /// Its head is ahead, and the messages of that may be on their way; until then it waits for them.
    Expecting(Instant),
    /// Failed; waits until then.
    Waiting(Instant),
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) doing: Doing,
    /// Where the projection stands, if that is known.
    pub(super) known: Option<Checkpoint>,
    /// The furthest place that anybody told of.
    pub(super) target: Cursor,
    /// What came in and waits, in the order in which it came.
    pub(super) live: VecDeque<RecordedEvent>,
    pub(super) failures: u32,
    /// Its last group was given up; the next step finds out whether that was its fault.
    pub(super) is_apart: bool,
    /// Since when it has something to do and has not moved forward.
    pub(super) behind_since: Option<Instant>,
}

impl Slot {
    pub(super) fn new(target: Cursor) -> Self {
        Self {
            doing: Doing::Idle,
            known: None,
            target,
            live: VecDeque::new(),
            failures: 0,
            is_apart: false,
            behind_since: None,
        }
    }

    pub(super) fn has_work(&self) -> bool {
        self.known.is_none_or(|known| self.target > known.cursor)
    }

    /// How the next step is taken. Feeds with parked events have to be asked about their aggregates, and
    /// renumbered ones are begun again: both by themselves.
    pub(super) fn way(&self) -> Way {
        let Some(known) = self.known.filter(|known| known.parked == 0 && !self.is_apart) else { return Way::Alone };
        let first = self.live.iter().map(|event| event.cursor).find(|cursor| *cursor > known.cursor);
        let is_next = first.is_some_and(|first| follows(known.cursor, first));
        if is_next && self.target.epoch == known.cursor.epoch { Way::Together } else { Way::Alone }
    }

    /// Whether it is behind, and nothing but the messages of its next events is missing for a group.
    pub(super) fn is_waiting_for_messages(&self) -> bool {
        let is_behind = self.known.is_some_and(|known| known.parked == 0 && follows_later(known.cursor, self.target));
        is_behind && !self.is_apart && self.live.is_empty()
    }

    /// Takes what came in, at most so many.
    pub(super) fn take(&mut self, most: usize) -> Vec<RecordedEvent> {
        let most = self.live.len().min(most);
        self.live.drain(..most).collect()
    }

    /// Takes the events that follow this place without a hole, at most so many; drops what is behind it.
    pub(super) fn take_following(&mut self, mut place: Cursor, most: usize) -> Vec<RecordedEvent> {
        let mut taken = Vec::new();
        while taken.len() < most
            && let Some(event) = self.live.pop_front_if(|event| event.cursor <= place || follows(place, event.cursor))
        {
            if event.cursor > place {
                place = event.cursor;
                taken.push(event);
            }
        }
        taken
    }
}

fn follows_later(place: Cursor, later: Cursor) -> bool {
    later.epoch == place.epoch && later.position > place.position
}

fn follows(place: Cursor, next: Cursor) -> bool {
    next.epoch == place.epoch && next.position == place.position + 1
}
