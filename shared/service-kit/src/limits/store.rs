//! Buckets in memory: many, bounded, and never behind one lock.

use super::{
    budget::Budget,
    rate::{Bucket, Empty, Rate, Standing},
};
use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Parts with a lock each; requests of different callers meet in one of them rarely and briefly.
const SHARDS: usize = 64;
/// How many buckets are compared when one has to go.
const COMPARED: usize = 8;

/// Whose bucket: a budget, and the hash of who it is counted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) budget: Budget,
    pub(super) subject: u128,
}

/// What was taken from a bucket here and not yet told elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) key: Key,
    pub(super) taken: u32,
    /// Requests in a minute, where the caller has a rate of its own: whoever hears of it may not know it.
    pub(super) own: Option<NonZeroU32>,
}

#[derive(Debug, Default)]
struct Slot {
    bucket: Bucket,
    untold: u32,
    own: Option<NonZeroU32>,
}

#[derive(Debug, Default)]
struct Shard {
    slots: HashMap<Key, Slot>,
    /// Those of `slots` with something untold.
    news: Vec<Key>,
}

/// Buckets of some kind. Times are nanoseconds since the process started.
#[derive(Debug)]
pub(super) struct Store {
    shards: Vec<Mutex<Shard>>,
    /// Most buckets in one shard.
    room: usize,
}

impl Store {
    /// Room for about so many buckets.
    pub(super) fn new(buckets_max: usize) -> Self {
        let shards = std::iter::repeat_with(Mutex::default).take(SHARDS).collect();
        Self { shards, room: buckets_max.div_ceil(SHARDS).max(1) }
    }

    /// Takes one from this bucket. `own` is told with it.
    pub(super) fn take(&self, key: Key, rate: Rate, own: Option<NonZeroU32>, now: u64) -> Result<Standing, Empty> {
        let mut shard = self.shard_of(key);
        let slot = shard.slot(key, now, self.room);
        slot.own = own;
        let standing = slot.bucket.take(rate, now)?;
        shard.spend(key);
        Ok(standing)
    }

    /// Others took so many from this bucket.
    pub(super) fn owe(&self, spent: Spent, rate: Rate, now: u64) {
        let mut shard = self.shard_of(spent.key);
        shard.slot(spent.key, now, self.room).bucket.owe(rate, now, spent.taken);
    }

    /// What was taken here since the last time, at most about `most` buckets of it.
    pub(super) fn untold(&self, most: usize) -> Vec<Spent> {
        let mut all = Vec::new();
        for shard in &self.shards {
            if all.len() >= most {
                break;
            }
            lock(shard).tell(&mut all);
        }
        all
    }

    /// Forgets the buckets that are full: in one shard, another each time.
    pub(super) fn forget_idle(&self, turn: usize, now: u64) {
        lock(&self.shards[turn % SHARDS]).forget_idle(now);
    }

    /// How many buckets there are.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).slots.len()).sum()
    }

    fn shard_of(&self, key: Key) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::try_from(key.subject % SHARDS as u128).unwrap_or_default()])
    }
}

impl Shard {
    fn slot(&mut self, key: Key, now: u64, room: usize) -> &mut Slot {
        if self.slots.len() >= room && !self.slots.contains_key(&key) {
            self.make_room(now, room);
        }
        self.slots.entry(key).or_default()
    }

    fn spend(&mut self, key: Key) {
        if let Some(slot) = self.slots.get_mut(&key) {
            if slot.untold == 0 {
                self.news.push(key);
            }
            slot.untold = slot.untold.saturating_add(1);
        }
    }

    fn tell(&mut self, all: &mut Vec<Spent>) {
        for key in self.news.drain(..) {
            if let Some(slot) = self.slots.get_mut(&key) {
                all.push(Spent { key, taken: std::mem::take(&mut slot.untold), own: slot.own });
            }
        }
    }

    fn forget_idle(&mut self, now: u64) {
        self.slots.retain(|_, slot| slot.untold > 0 || !slot.bucket.is_full(now));
        self.slots.shrink_to(self.slots.len() * 2);
    }

    /// Where all are in use, one that owes little goes: its caller gains least by being forgotten.
    fn make_room(&mut self, now: u64, room: usize) {
        self.slots.retain(|_, slot| !slot.bucket.is_full(now));
        if self.slots.len() >= room {
            let few = self.slots.iter().take(COMPARED);
            if let Some(least) = few.min_by_key(|(_, slot)| slot.bucket.full_at()).map(|(key, _)| *key) {
                self.slots.remove(&least);
            }
        }
        let slots = &self.slots;
        self.news.retain(|key| slots.contains_key(key));
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const MINUTE: u64 = 60_000_000_000;

    fn rate() -> Rate {
        Rate::new(10, 10, Duration::from_secs(60)).unwrap()
    }

    fn key(subject: u128) -> Key {
        Key { budget: Budget::AddressUnknown, subject }
    }

    #[test]
    fn callers_have_buckets_of_their_own() {
        let store = Store::new(1_000);
        assert!((0..10).all(|_| store.take(key(1), rate(), None, 0).is_ok()));
        assert!(store.take(key(1), rate(), None, 0).is_err());
        assert!(store.take(key(2), rate(), None, 0).is_ok());
        assert!(store.take(Key { budget: Budget::AddressOpen, subject: 1 }, rate(), None, 0).is_ok());
    }

    #[test]
    fn what_was_taken_is_told_once_and_only_what_was_given() {
        let store = Store::new(1_000);
        for _ in 0..12 {
            let _ = store.take(key(1), rate(), None, 0);
        }
        let _ = store.take(key(2), rate(), None, 0);
        let mut told = store.untold(100);
        told.sort_by_key(|spent| spent.taken);
        assert_eq!(told, [Spent { key: key(2), taken: 1, own: None }, Spent { key: key(1), taken: 10, own: None }]);
        assert_eq!(store.untold(100), []);
        store.owe(Spent { key: key(3), taken: 4, own: None }, rate(), 0);
        assert_eq!(store.untold(100), [], "what others took is theirs to tell");
    }

    #[test]
    fn idle_buckets_are_forgotten() {
        let store = Store::new(100_000);
        for subject in 0..5_000 {
            let _ = store.take(key(subject), rate(), None, 0);
        }
        assert_eq!(store.len(), 5_000);
        store.untold(usize::MAX);
        (0..SHARDS).for_each(|turn| store.forget_idle(turn, MINUTE));
        assert_eq!(store.len(), 0);
    }

    #[test]
    fn there_are_never_more_than_there_is_room_and_who_owes_much_is_kept() {
        let store = Store::new(64 * 4);
        let greedy = key(0);
        assert!((0..10).all(|_| store.take(greedy, rate(), None, 0).is_ok()));
        for subject in 1..10_000 {
            assert!(store.take(key(subject), rate(), None, 0).is_ok());
        }
        assert!(store.len() <= 64 * 4);
        assert!(store.take(greedy, rate(), None, 0).is_err(), "a flood of new callers frees nobody");
        assert!(store.untold(usize::MAX).len() <= 64 * 4);
    }
}
