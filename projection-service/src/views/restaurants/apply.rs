//! What events do to the restaurants view. Which session is open at a table is not stored with the
//! table: it is asked of the sessions, so that every row comes from one aggregate.

use crate::views::Fact;
use chrono::{DateTime, Utc};
use domain::{
    dining::{JoinRequested, SessionEvent, SessionJoined, SessionOpened},
    event::Event,
    ids::{DinerId, FeedId, ItemId, SessionId},
    menu::{ItemAdded, MenuEvent},
    restaurants::{RestaurantCreated, RestaurantEvent},
};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody at a table.
pub(super) type Guest = (FeedId, SessionId, DinerId);

/// A session that was opened in this batch.
#[derive(Debug, PartialEq)]
pub(super) struct NewSession {
    pub(super) feed: FeedId,
    pub(super) opened: SessionOpened,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) closed_at: Option<DateTime<Utc>>,
}

/// An item that was added in this batch.
#[derive(Debug, PartialEq)]
pub(super) struct NewItem {
    pub(super) feed: FeedId,
    pub(super) added: ItemAdded,
    pub(super) added_position: u64,
    pub(super) available: bool,
}

/// A guest who joined in this batch.
#[derive(Debug, PartialEq)]
pub(super) struct NewDiner {
    pub(super) feed: FeedId,
    pub(super) joined: SessionJoined,
    pub(super) left_at: Option<DateTime<Utc>>,
}

/// Somebody who asked to join in this batch, and still waits.
#[derive(Debug, PartialEq)]
pub(super) struct NewRequest {
    pub(super) feed: FeedId,
    pub(super) requested: JoinRequested,
    pub(super) requested_at: DateTime<Utc>,
}

/// What a batch of events changes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) created: Vec<(FeedId, RestaurantCreated)>,
    pub(super) items: Vec<NewItem>,
    /// Items of earlier batches and whether they can be ordered now.
    pub(super) availability: BTreeMap<(FeedId, ItemId), bool>,
    pub(super) sessions: Vec<NewSession>,
    /// Sessions of earlier batches that ended.
    pub(super) closed: BTreeMap<(FeedId, SessionId), DateTime<Utc>>,
    pub(super) diners: Vec<NewDiner>,
    /// Guests of earlier batches who left.
    pub(super) left: BTreeMap<Guest, DateTime<Utc>>,
    pub(super) requests: Vec<NewRequest>,
    /// Requests of earlier batches that were answered.
    pub(super) answered: BTreeSet<Guest>,
}

impl Changes {
    /// Folds the events of a batch together.
    pub(super) fn of(facts: &[Fact]) -> Self {
        let mut changes = Self::default();
        for fact in facts {
            match &fact.event {
                Event::Restaurant(RestaurantEvent::Created(created)) => {
                    changes.created.push((fact.feed, created.clone()));
                }
                // Who prints codes asks the events themselves.
                Event::Restaurant(RestaurantEvent::TableCodeReissued(_)) => {}
                Event::Menu(event) => changes.fold_menu(fact, event),
                Event::TableSession(event) => changes.fold_session(fact, event),
                Event::Order(_) | Event::Tenant(_) => {}
            }
        }
        changes
    }

    fn fold_menu(&mut self, fact: &Fact, event: &MenuEvent) {
        match event {
            MenuEvent::ItemAdded(added) => {
                let (feed, added, added_position) = (fact.feed, added.clone(), fact.position);
                self.items.push(NewItem { feed, added, added_position, available: true });
            }
            MenuEvent::ItemWithdrawn(it) => self.set_available((fact.feed, it.item_id), false),
            MenuEvent::ItemRestored(it) => self.set_available((fact.feed, it.item_id), true),
        }
    }

    fn set_available(&mut self, item: (FeedId, ItemId), available: bool) {
        match self.items.iter_mut().find(|new| (new.feed, new.added.item_id) == item) {
            Some(new) => new.available = available,
            None => {
                self.availability.insert(item, available);
            }
        }
    }

    fn fold_session(&mut self, fact: &Fact, event: &SessionEvent) {
        let feed = fact.feed;
        match event {
            SessionEvent::Opened(opened) => {
                self.sessions.push(NewSession { feed, opened: opened.clone(), opened_at: fact.at, closed_at: None });
            }
            SessionEvent::Joined(joined) => {
                self.answer((feed, joined.session_id, joined.diner_id));
                self.diners.push(NewDiner { feed, joined: joined.clone(), left_at: None });
            }
            SessionEvent::JoinRequested(requested) => {
                self.requests.push(NewRequest { feed, requested: requested.clone(), requested_at: fact.at });
            }
            SessionEvent::JoinDeclined(it) => self.answer((feed, it.session_id, it.diner_id)),
            SessionEvent::Left(it) => self.leave((feed, it.session_id, it.diner_id), fact.at),
            SessionEvent::CodeRotated(_) => {}
            SessionEvent::Closed(it) => self.close((feed, it.session_id), fact.at),
        }
    }

    /// Whoever joins with a signed token never asked, so that there may be nothing to take away.
    fn answer(&mut self, guest: Guest) {
        let of_batch = |it: &NewRequest| (it.feed, it.requested.session_id, it.requested.diner_id) == guest;
        match self.requests.iter().position(of_batch) {
            Some(index) => drop(self.requests.remove(index)),
            None => drop(self.answered.insert(guest)),
        }
    }

    fn leave(&mut self, guest: Guest, at: DateTime<Utc>) {
        let of_batch = |it: &&mut NewDiner| (it.feed, it.joined.session_id, it.joined.diner_id) == guest;
        match self.diners.iter_mut().find(of_batch) {
            Some(new) => new.left_at = Some(at),
            None => drop(self.left.insert(guest, at)),
        }
    }

    fn close(&mut self, session: (FeedId, SessionId), at: DateTime<Utc>) {
        // Those of earlier batches go with the session when it is written.
        self.requests.retain(|it| (it.feed, it.requested.session_id) != session);
        match self.sessions.iter_mut().find(|new| (new.feed, new.opened.session_id) == session) {
            Some(new) => new.closed_at = Some(at),
            None => {
                self.closed.insert(session, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Changes;
    use crate::{
        generation::{Generation, Projection},
        views::{
            self,
            restaurants::schema::VIEW,
            samples::{accepted, facts, fired, placed, served},
        },
    };

    #[test]
    fn orders_do_not_concern_the_view_and_change_no_row() {
        let view = views::of(Projection { view: VIEW, generation: Generation(1) });
        for fact in facts([placed(&[1]), accepted(), fired(1), served(1)]) {
            assert!(!view.concerns(fact.event.event_type()));
            assert_eq!(Changes::of(&[fact]), Changes::default());
        }
        assert!(view.concerns("menu-item.added"));
    }
}
