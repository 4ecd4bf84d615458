//! From event to event: each is judged by what stands before it.

use super::{Finding, claims::Claims};
use crate::hash::{GENESIS, Hash, Link};
use chrono::{DateTime, Utc};
use domain::{event::Event, ids::FeedId};
use sqlx::{Row, mysql::MySqlRow};
use std::collections::HashMap;
use uuid::Uuid;

/// Where the walk is, and what it has met.
pub(super) struct Walk {
    pub(super) position: u64,
    pub(super) recorded_at: Option<DateTime<Utc>>,
    pub(super) findings: Vec<Finding>,
    pub(super) claims: Claims,
    before: Before,
    versions: HashMap<Uuid, u64>,
}

/// What the next hash stands on.
enum Before {
    /// The hash that is stored with the event before, which is its true one.
    Proven(Hash),
    /// The event before has another hash than the one stored with it: if the next event stands on
    /// `computed`, only the stored hash was changed; the finding at `index` says so then.
    Doubtful { stored: Hash, computed: Hash, index: usize },
    /// The event before is missing: the next cannot be judged by it.
    Unknown,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            position: 0,
            recorded_at: None,
            findings: Vec::new(),
            claims: Claims::default(),
            before: Before::Proven(GENESIS),
            versions: HashMap::new(),
        }
    }

    /// Judges the next event.
    pub(super) fn check(&mut self, feed: FeedId, row: &MySqlRow) -> Result<(), sqlx::Error> {
        let link = Link {
            feed,
            position: row.try_get("position")?,
            event_id: row.try_get("event_id")?,
            aggregate_id: row.try_get("aggregate_id")?,
            version: row.try_get("version")?,
            event_type: row.try_get("type")?,
            schema_version: row.try_get("schema_version")?,
            recorded_at: row.try_get("recorded_at")?,
            metadata: row.try_get("metadata")?,
            payload: row.try_get("payload")?,
        };
        let position = link.position;
        if position != self.position + 1 {
            self.findings.push(Finding::Position { expected: self.position + 1, found: position });
            self.before = Before::Unknown;
        }
        self.check_version(&link);
        let stored: Hash = row.try_get::<&[u8], _>("hash")?.try_into().unwrap_or(GENESIS);
        let changed = self.check_hash(&link, stored);
        self.check_content(&link, row.try_get("aggregate_type")?, changed);
        (self.position, self.recorded_at) = (position, Some(link.recorded_at));
        Ok(())
    }

    fn check_version(&mut self, link: &Link<'_>) {
        let last = self.versions.entry(link.aggregate_id).or_insert(0);
        let expected = *last + 1;
        *last = link.version;
        if link.version != expected {
            let (position, aggregate, found) = (link.position, link.aggregate_id, link.version);
            self.findings.push(Finding::Version { position, aggregate, expected, found });
        }
    }

    /// Whether the event is not what was written.
    fn check_hash(&mut self, link: &Link<'_>, stored: Hash) -> bool {
        let computed = match self.before {
            Before::Unknown => stored,
            Before::Proven(before) => link.hash(&before),
            Before::Doubtful { stored: before, computed, index } => {
                let on_computed = link.hash(&computed);
                if on_computed == stored {
                    self.only_the_hash_was_changed(index);
                    on_computed
                } else {
                    link.hash(&before)
                }
            }
        };
        if computed == stored {
            self.before = Before::Proven(stored);
            return false;
        }
        self.before = Before::Doubtful { stored, computed, index: self.findings.len() };
        self.findings.push(Finding::Hash { position: link.position });
        true
    }

    /// What the hash does not cover, and what the event does to the claims.
    fn check_content(&mut self, link: &Link<'_>, kind: &str, changed: bool) {
        let position = link.position;
        match Event::decode(link.event_type, link.schema_version, link.payload) {
            Ok(event) => {
                let expected = event.kind().as_str();
                if expected != kind {
                    let (event_type, found) = (link.event_type.to_owned(), kind.to_owned());
                    self.findings.push(Finding::Kind { position, event_type, expected, found });
                }
                self.claims.fold(link.aggregate_id, &event);
            }
            // Told already, and by the better reason.
            Err(_) if changed => self.claims.give_up(),
            Err(why) => {
                self.claims.give_up();
                self.findings.push(Finding::Unreadable { position, why: why.to_string() });
            }
        }
    }

    /// Whether the last event has this hash.
    pub(super) fn ends_with(&mut self, head: &[u8]) -> bool {
        match self.before {
            Before::Unknown => false,
            Before::Proven(last) => last == head,
            Before::Doubtful { stored, computed, index } => {
                if computed == head {
                    self.only_the_hash_was_changed(index);
                }
                computed == head || stored == head
            }
        }
    }

    fn only_the_hash_was_changed(&mut self, index: usize) {
        if let Some(finding) = self.findings.get_mut(index)
            && let Finding::Hash { position } = *finding
        {
            *finding = Finding::StoredHash { position };
        }
    }
}
