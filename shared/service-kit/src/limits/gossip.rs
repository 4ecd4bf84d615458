//! What instances tell each other about what was taken, as bytes.
//!
//! Numbers, and how long the teller has run; never times of day, for clocks of instances differ. Who is
//! meant is a hash, so that no address and no name travels.

use super::{
    budget::Budget,
    store::{Key, Spent},
};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use std::num::NonZeroU32;

/// Another number when the format or the order of the budgets changes: instances of two releases
/// then count apart for as long as both run.
const VERSION: u8 = 3;
/// Version, instance, and how long it has run.
const HEAD_BYTES: usize = 1 + 8 + 8;
/// Budget, subject, number, and the rate of the subject's own or 0.
const ENTRY_BYTES: usize = 1 + 16 + 4 + 4;
/// Entries in one message; about 51 kB.
pub(super) const ENTRIES_MAX: usize = 2_048;

/// Who tells, and when: in nanoseconds since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Teller {
    pub(super) instance: u64,
    pub(super) told_at: u64,
}

/// Messages with all of it.
pub(super) fn encode(teller: Teller, spent: &[Spent]) -> Vec<Bytes> {
    spent.chunks(ENTRIES_MAX).map(|entries| message(teller, entries)).collect()
}

fn message(teller: Teller, entries: &[Spent]) -> Bytes {
    let mut bytes = BytesMut::with_capacity(HEAD_BYTES + entries.len() * ENTRY_BYTES);
    bytes.put_u8(VERSION);
    bytes.put_u64(teller.instance);
    bytes.put_u64(teller.told_at);
    for spent in entries {
        bytes.put_u8(spent.key.budget.number());
        bytes.put_u128(spent.key.subject);
        bytes.put_u32(spent.taken);
        bytes.put_u32(spent.own.map_or(0, NonZeroU32::get));
    }
    bytes.freeze()
}

/// What another instance took. Nothing for what we said ourselves and for what cannot be read.
pub(super) fn decode(ourselves: u64, mut message: &[u8]) -> Option<(Teller, Vec<Spent>)> {
    let entries = message.len().saturating_sub(HEAD_BYTES) / ENTRY_BYTES;
    let is_whole = message.len() == HEAD_BYTES + entries * ENTRY_BYTES && entries <= ENTRIES_MAX;
    if !is_whole || message.get_u8() != VERSION {
        return None;
    }
    let teller = Teller { instance: message.get_u64(), told_at: message.get_u64() };
    if teller.instance == ourselves {
        return None;
    }
    let entry = |message: &mut &[u8]| (message.get_u8(), message.get_u128(), message.get_u32(), message.get_u32());
    let entries = (0..entries).map(|_| entry(&mut message));
    let spent = entries.filter_map(|(number, subject, taken, own)| {
        let key = Key { budget: Budget::from_number(number)?, subject };
        Some(Spent { key, taken, own: NonZeroU32::new(own) })
    });
    Some((teller, spent.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TELLER: Teller = Teller { instance: 7, told_at: 42 };

    fn spent(subject: u128) -> Spent {
        let own = NonZeroU32::new(u32::try_from(subject % 3).unwrap());
        Spent { key: Key { budget: Budget::GuestRead, subject }, taken: 3, own }
    }

    #[test]
    fn others_hear_what_was_told_and_we_do_not_hear_ourselves() {
        let all: Vec<Spent> = (0..5_000).map(spent).collect();
        let messages = encode(TELLER, &all);
        assert_eq!(messages.len(), 3);
        let heard = messages.iter().map(|message| decode(8, message).unwrap());
        let (tellers, heard): (Vec<Teller>, Vec<Vec<Spent>>) = heard.unzip();
        assert_eq!((tellers, heard.concat()), (vec![TELLER; 3], all));
        assert_eq!(decode(7, &messages[0]), None);
    }

    #[test]
    fn the_other_release_is_not_understood() {
        let mut message = encode(TELLER, &[spent(1)])[0].to_vec();
        message[0] = VERSION + 1;
        assert_eq!(decode(8, &message), None);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let heard = decode(8, &bytes).map_or(0, |(_, spent)| spent.len());
            prop_assert!(heard <= bytes.len() / ENTRY_BYTES);
        }
    }
}
