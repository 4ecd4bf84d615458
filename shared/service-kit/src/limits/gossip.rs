//! What instances tell each other about what was taken, as bytes.
//!
//! Numbers, never times: clocks of instances differ. Who is meant is a hash, so that no address and
//! no name travels.

use super::{
    budget::Budget,
    store::{Key, Spent},
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::num::NonZeroU32;

/// Another number when the format or the order of the budgets changes: instances of two releases
/// then count apart for as long as both run.
const VERSION: u8 = 2;
/// Version and instance.
const HEAD_BYTES: usize = 1 + 8;
/// Budget, subject, number, and the rate of the subject's own or 0.
const ENTRY_BYTES: usize = 1 + 16 + 4 + 4;
/// Entries in one message; about 51 kB.
pub(super) const ENTRIES_MAX: usize = 2_048;

/// Messages with all of it.
pub(super) fn encode(instance: u64, spent: &[Spent]) -> Vec<Bytes> {
    spent.chunks(ENTRIES_MAX).map(|entries| message(instance, entries)).collect()
}

fn message(instance: u64, entries: &[Spent]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + entries.len() * ENTRY_BYTES);
    bytes.put_u8(VERSION);
    bytes.put_u64(instance);
    for spent in entries {
        bytes.put_u8(spent.key.budget.number());
        bytes.put_u128(spent.key.subject);
        bytes.put_u32(spent.taken);
        bytes.put_u32(spent.own.map_or(0, NonZeroU32::get));
    }
    bytes.freeze()
}

/// What another instance took. Empty for what we said ourselves and for what cannot be read.
pub(super) fn decode(instance: u64, mut message: &[u8]) -> Vec<Spent> {
    let entries = message.len().saturating_sub(HEAD_BYTES) / ENTRY_BYTES;
    let is_whole = message.len() == HEAD_BYTES + entries * ENTRY_BYTES && entries <= ENTRIES_MAX;
    if !is_whole || message.get_u8() != VERSION || message.get_u64() == instance {
        return Vec::new();
    }
    let entry = |message: &mut &[u8]| (message.get_u8(), message.get_u128(), message.get_u32(), message.get_u32());
    let entries = (0..entries).map(|_| entry(&mut message));
    entries
        .filter_map(|(number, subject, taken, own)| {
            let key = Key { budget: Budget::from_number(number)?, subject };
            Some(Spent { key, taken, own: NonZeroU32::new(own) })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spent(subject: u128) -> Spent {
        let own = NonZeroU32::new(u32::try_from(subject % 3).unwrap());
        Spent { key: Key { budget: Budget::GuestRead, subject }, taken: 3, own }
    }

    #[test]
    fn others_hear_what_was_told_and_we_do_not_hear_ourselves() {
        let all: Vec<Spent> = (0..5_000).map(spent).collect();
        let messages = encode(7, &all);
        assert_eq!(messages.len(), 3);
        assert_eq!(messages.iter().flat_map(|message| decode(8, message)).collect::<Vec<_>>(), all);
        assert!(decode(7, &messages[0]).is_empty());
    }

    #[test]
    fn the_other_release_is_not_understood() {
        let mut message = encode(7, &[spent(1)])[0].to_vec();
        message[0] = VERSION + 1;
        assert!(decode(8, &message).is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(decode(8, &bytes).len() <= bytes.len() / ENTRY_BYTES);
        }
    }
}
