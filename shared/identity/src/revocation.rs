//! What was taken back before its end: a bounded set that every verification asks.
//!
//! The truth is elsewhere: an event (a member was deactivated, a session was closed) or a row (a
//! device was logged out). This is the fast copy of it, in memory, kept by whoever listens to the
//! bucket that the identity-service fills. An entry lives as long as a token that it hits could.

mod entry;
mod watch;

pub use entry::{Entry, Revoked};
pub use watch::Watch;

use crate::principal::Marks;
use chrono::{DateTime, Utc};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, PoisonError, RwLock},
};
use watch::Watchers;

/// Entries that are remembered; beyond it the one that ends first goes.
pub const ENTRIES_MAX: usize = 500_000;

/// What was revoked, as far as this process knows. Cheap to clone; clones share what they know.
#[derive(Clone, Default)]
pub struct Revocations {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    entries: RwLock<Entries>,
    watchers: Watchers,
}

#[derive(Default)]
struct Entries {
    by_key: HashMap<Revoked, Entry>,
    /// By their end, to find the one that goes first.
    by_end: BTreeSet<(i64, Revoked)>,
}

/// What a revocation means for the holder of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// This token counts no more, but its holder can have a newer one: their rights were changed.
    Outdated,
    /// The token, its device, its session or its key is gone for good.
    Gone,
}

impl Revocations {
    /// Takes an entry in, if it says more than what is known. Whoever watches what it hits is told.
    pub fn learn(&self, revoked: Revoked, entry: Entry) {
        if self.write(|entries| entries.insert(revoked, entry)) {
            self.inner.watchers.tell(revoked);
        }
    }

    /// The same from the bucket's text. What this build cannot read is left out, and told.
    ///
    /// # Errors
    /// `UnreadableEntry`.
    pub fn learn_text(&self, key: &str, value: &[u8]) -> Result<(), entry::UnreadableEntry> {
        let (revoked, entry) = (key.parse()?, Entry::from_json(value)?);
        self.learn(revoked, entry);
        Ok(())
    }

    /// What the holder of a token with these marks has lost, if anything.
    #[must_use]
    pub fn loss(&self, marks: &Marks) -> Option<Loss> {
        let entries = self.inner.entries.read().unwrap_or_else(PoisonError::into_inner);
        if entries.by_key.is_empty() {
            return None;
        }
        let mut loss = None;
        for revoked in marks.keys() {
            match (revoked, entries.by_key.get(&revoked)) {
                (_, None) => {}
                (Revoked::Member(_), Some(entry)) if marks.pv >= entry.below => {}
                (Revoked::Member(_), Some(_)) => loss = Some(Loss::Outdated),
                (_, Some(_)) => return Some(Loss::Gone),
            }
        }
        loss
    }

    /// Tells when something that may concern a token with these marks is learned. Subscribe first,
    /// then ask [`Self::loss`] once: nothing is missed in between.
    #[must_use]
    pub fn watch(&self, marks: &Marks) -> Watch {
        Watch::new(Arc::clone(&self.inner), marks.keys().collect())
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.inner.entries.read().unwrap_or_else(PoisonError::into_inner).by_key.len()
    }

    /// Whether nothing is revoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets what no token can be hit by any more.
    pub fn forget_ended(&self, now: DateTime<Utc>) {
        self.write(|entries| entries.forget_ended(now.timestamp()));
    }

    fn write<T>(&self, change: impl FnOnce(&mut Entries) -> T) -> T {
        change(&mut self.inner.entries.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl std::fmt::Debug for Revocations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Revocations").field("entries", &self.len()).finish_non_exhaustive()
    }
}

impl Entries {
    /// Whether the entry said something new.
    fn insert(&mut self, revoked: Revoked, entry: Entry) -> bool {
        let known = self.by_key.get(&revoked).copied();
        let merged = known.map_or(entry, |known| known.merge(entry));
        if known == Some(merged) {
            return false;
        }
        if let Some(known) = known {
            self.by_end.remove(&(known.until, revoked));
        } else if self.by_key.len() >= ENTRIES_MAX
            && let Some((_, first)) = self.by_end.pop_first()
        {
            self.by_key.remove(&first);
        }
        self.by_key.insert(revoked, merged);
        self.by_end.insert((merged.until, revoked));
        true
    }

    fn forget_ended(&mut self, now: i64) {
        while let Some(&(until, revoked)) = self.by_end.first().filter(|(until, _)| *until <= now) {
            self.by_end.remove(&(until, revoked));
            self.by_key.remove(&revoked);
        }
    }
}

#[cfg(test)]
mod tests;
