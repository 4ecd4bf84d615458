//! Which shards need a deep look: pure, but for the small box in which the engine tells of doubts.

use crate::verdict::Seen;
use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex, PoisonError},
};

/// What earlier comparisons have settled.
///
/// After the stream has lost everything, each feed is compared even if the stream has no message of
/// it. A shard leaves that state only when all its feeds were compared while it was held, and comes
/// back to it when it changes hands or when a refill was cut off.
#[derive(Debug, Default)]
pub(crate) struct Settled {
    stream: Option<Seen>,
    shards: BTreeSet<u8>,
}

impl Settled {
    /// Whether the stream has lost everything since the last comparison; then nothing is settled.
    pub(crate) fn look(&mut self, now: &Seen) -> bool {
        let lost = now.has_lost_everything(self.stream.as_ref());
        if lost {
            self.shards.clear();
        }
        lost
    }

    /// Shards that others hold may be in any state when they come back.
    pub(crate) fn keep(&mut self, held: &BTreeSet<u8>) {
        self.shards.retain(|shard| held.contains(shard));
    }

    /// These were not filled up to the end.
    pub(crate) fn doubt(&mut self, shards: &BTreeSet<u8>) {
        self.shards.retain(|shard| !shards.contains(shard));
    }

    /// Those of `held` that need a deep look.
    pub(crate) fn unsettled(&self, held: &BTreeSet<u8>) -> BTreeSet<u8> {
        held.difference(&self.shards).copied().collect()
    }

    /// The comparison with this stream has come to its end, in these shards for every feed.
    pub(crate) fn settle<'a>(&mut self, stream: Seen, shards: impl Iterator<Item = &'a u8>) {
        self.stream = Some(stream);
        self.shards.extend(shards);
    }
}

/// Shards that the engine filled up only in part: bounded by the number of shards.
#[derive(Debug, Clone, Default)]
pub(crate) struct Doubts(Arc<Mutex<BTreeSet<u8>>>);

impl Doubts {
    /// The engine had to stop filling these up.
    pub(crate) fn add(&self, shards: BTreeSet<u8>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(shards);
    }

    /// Empties the box.
    pub(crate) fn take(&self) -> BTreeSet<u8> {
        mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    const STREAM: Seen = Seen { created: 1, first: 10, last: 20, since: DateTime::UNIX_EPOCH };

    fn shards<const N: usize>(numbers: [u8; N]) -> BTreeSet<u8> {
        BTreeSet::from(numbers)
    }

    fn settled() -> Settled {
        let mut settled = Settled::default();
        assert!(settled.look(&STREAM));
        settled.settle(STREAM, shards([1, 2, 3]).iter());
        assert!(!settled.look(&STREAM));
        settled
    }

    #[test]
    fn a_shard_that_lapsed_during_the_comparison_stays_unsettled() {
        let mut settled = settled();
        let remade = Seen { created: 2, ..STREAM };
        assert!(settled.look(&remade));
        assert_eq!(settled.unsettled(&shards([1, 2, 3])), shards([1, 2, 3]));
        settled.settle(remade, shards([1, 2, 3]).difference(&shards([2])));
        assert!(!settled.look(&remade));
        assert_eq!(settled.unsettled(&shards([1, 2, 3])), shards([2]));
    }

    #[test]
    fn a_comparison_that_failed_is_made_again() {
        let mut settled = settled();
        let remade = Seen { created: 2, ..STREAM };
        assert!(settled.look(&remade));
        assert!(settled.look(&remade));
    }

    #[test]
    fn a_shard_that_changed_hands_or_is_in_doubt_is_looked_at_again() {
        let mut settled = settled();
        settled.keep(&shards([1, 3]));
        settled.doubt(&shards([3]));
        assert_eq!(settled.unsettled(&shards([1, 2, 3])), shards([2, 3]));
    }

    #[test]
    fn doubts_are_taken_once() {
        let doubts = Doubts::default();
        let engine = doubts.clone();
        engine.add(shards([4]));
        assert_eq!(doubts.take(), shards([4]));
        assert_eq!(doubts.take(), shards([]));
    }
}
