//! Whether a stream has lost the tail of a feed: pure.

use chrono::{DateTime, Utc};
use domain::envelope::Cursor;
use event_store::reader::Head;
use std::ops::RangeInclusive;

/// A feed that was quiet for longer than this is not looked at: everyone has had the time to read
/// it, and a stream that is full of what is newer has rightly discarded it.
const LOOK_BACK: chrono::Duration = chrono::Duration::hours(24);

/// A stream as it was seen once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    /// When it was made, in nanoseconds.
    pub(crate) created: i128,
    /// Sequence number of its oldest message.
    pub(crate) first: u64,
    /// Sequence number of its newest message.
    pub(crate) last: u64,
    /// When its oldest message was stored.
    pub(crate) since: DateTime<Utc>,
}

impl Seen {
    /// Whether all that was there when it looked like `before` may be gone: made anew, restored from
    /// a backup, or purged. Ordinary discarding never takes everything between two looks.
    pub(crate) fn has_lost_everything(&self, before: Option<&Self>) -> bool {
        before.is_none_or(|before| {
            self.created != before.created || self.last < before.last || self.first > before.last.max(1)
        })
    }
}

/// The positions to put back, at most the last `most` of the feed; `None` if there is nothing to do.
///
/// `last` is where the feed's newest message in the stream stands. `deep` asks for feeds without any
/// message too; otherwise they count as discarded if the stream's oldest message is newer.
pub(crate) fn missing(
    head: &Head,
    last: Option<Cursor>,
    stream: &Seen,
    deep: bool,
    most: u64,
    now: DateTime<Utc>,
) -> Option<RangeInclusive<u64>> {
    let there = match last {
        Some(last) if last.epoch == head.cursor.epoch => last.position,
        Some(_) => 0,
        None if deep || head.recorded_at >= stream.since => 0,
        None => return None,
    };
    let from = (there + 1).max((head.cursor.position + 1).saturating_sub(most));
    let positions = from..=head.cursor.position;
    (is_recent(head, now) && !positions.is_empty()).then_some(positions)
}

/// Whether this feed is worth a look.
pub(crate) fn is_recent(head: &Head, now: DateTime<Utc>) -> bool {
    now - head.recorded_at <= LOOK_BACK
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{FeedId, TenantId};

    const SEEN: Seen = Seen { created: 1, first: 10, last: 20, since: DateTime::UNIX_EPOCH };

    fn head(position: u64) -> Head {
        let (feed, tenant) = (FeedId::default(), TenantId::default());
        Head { feed, tenant, cursor: Cursor { epoch: 2, position }, recorded_at: DateTime::UNIX_EPOCH }
    }

    fn look(head: &Head, last: Option<(u32, u64)>, deep: bool) -> Option<RangeInclusive<u64>> {
        let last = last.map(|(epoch, position)| Cursor { epoch, position });
        missing(head, last, &SEEN, deep, 100, DateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_tail_that_is_lost_is_put_back() {
        assert_eq!(look(&head(9), Some((2, 5)), false), Some(6..=9));
        assert_eq!(look(&head(9), Some((2, 9)), true), None);
        assert_eq!(look(&head(9), Some((2, 11)), true), None);
    }

    #[test]
    fn at_most_the_last_positions_are_put_back() {
        assert_eq!(look(&head(1_000), None, true), Some(901..=1_000));
        assert_eq!(look(&head(1_000), Some((2, 1)), true), Some(901..=1_000));
    }

    #[test]
    fn another_epoch_in_the_stream_does_not_count() {
        assert_eq!(look(&head(9), Some((1, 500)), false), Some(1..=9));
    }

    #[test]
    fn what_was_discarded_stays_so() {
        let stream = Seen { since: DateTime::UNIX_EPOCH + chrono::Duration::seconds(1), ..SEEN };
        let missing = |deep| missing(&head(9), None, &stream, deep, 100, DateTime::UNIX_EPOCH);
        assert_eq!((missing(false), missing(true)), (None, Some(1..=9)));
    }

    #[test]
    fn feeds_that_were_quiet_for_long_are_left_alone() {
        let later = DateTime::UNIX_EPOCH + LOOK_BACK + chrono::Duration::seconds(1);
        assert_eq!(super::missing(&head(9), None, &SEEN, true, 100, later), None);
    }

    #[test]
    fn a_stream_that_lost_everything_is_recognised() {
        let after = |seen: Seen| seen.has_lost_everything(Some(&SEEN));
        assert!(SEEN.has_lost_everything(None));
        assert!(!after(Seen { first: 15, last: 30, ..SEEN }));
        assert!(after(Seen { created: 2, ..SEEN }));
        assert!(after(Seen { last: 12, ..SEEN }));
        assert!(after(Seen { first: 21, ..SEEN }));
    }
}
