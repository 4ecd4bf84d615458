//! What events do to the restaurants view. Which session is open at a table is not stored with the
//! table: it is asked of the sessions, so that every row comes from one aggregate.

use crate::views::Fact;
use chrono::{DateTime, Utc};
use domain::{
    dining::{SessionEvent, SessionJoined, SessionOpened},
    event::Event,
    ids::{ItemId, SessionId},
    menu::{ItemAdded, MenuEvent},
    restaurants::{RestaurantCreated, RestaurantEvent},
};
use std::collections::BTreeMap;

/// A session that was opened in this batch.
#[derive(Debug, PartialEq)]
pub(super) struct NewSession {
    pub(super) opened: SessionOpened,
    pub(super) opened_at: DateTime<Utc>,
    pub(super) closed_at: Option<DateTime<Utc>>,
}

/// An item that was added in this batch.
#[derive(Debug, PartialEq)]
pub(super) struct NewItem {
    pub(super) added: ItemAdded,
    pub(super) added_position: u64,
    pub(super) available: bool,
}

/// What a batch of events changes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Changes {
    pub(super) created: Vec<RestaurantCreated>,
    pub(super) items: Vec<NewItem>,
    /// Items of earlier batches and whether they can be ordered now.
    pub(super) availability: BTreeMap<ItemId, bool>,
    pub(super) sessions: Vec<NewSession>,
    /// Sessions of earlier batches that ended.
    pub(super) closed: BTreeMap<SessionId, DateTime<Utc>>,
    pub(super) diners: Vec<SessionJoined>,
}

impl Changes {
    /// Folds the events of a batch together.
    pub(super) fn of(facts: &[Fact]) -> Self {
        let mut changes = Self::default();
        for fact in facts {
            match &fact.event {
                Event::Restaurant(RestaurantEvent::Created(created)) => changes.created.push(created.clone()),
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
                self.items.push(NewItem { added: added.clone(), added_position: fact.position, available: true });
            }
            MenuEvent::ItemWithdrawn(it) => self.set_available(it.item_id, false),
            MenuEvent::ItemRestored(it) => self.set_available(it.item_id, true),
        }
    }

    fn set_available(&mut self, item: ItemId, available: bool) {
        match self.items.iter_mut().find(|new| new.added.item_id == item) {
            Some(new) => new.available = available,
            None => {
                self.availability.insert(item, available);
            }
        }
    }

    fn fold_session(&mut self, fact: &Fact, event: &SessionEvent) {
        match event {
            SessionEvent::Opened(opened) => {
                self.sessions.push(NewSession { opened: opened.clone(), opened_at: fact.at, closed_at: None });
            }
            SessionEvent::Joined(joined) => self.diners.push(joined.clone()),
            SessionEvent::Closed(it) => self.close(it.session_id, fact.at),
        }
    }

    fn close(&mut self, session: SessionId, at: DateTime<Utc>) {
        match self.sessions.iter_mut().find(|new| new.opened.session_id == session) {
            Some(new) => new.closed_at = Some(at),
            None => {
                self.closed.insert(session, at);
            }
        }
    }
}
