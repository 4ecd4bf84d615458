//! What can be wrong with a feed, in words.

use uuid::Uuid;

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// A position is missing (or was met twice).
    #[error("position {expected} is missing: {found} stands there")]
    Position {
        /// What should follow.
        expected: u64,
        /// What follows.
        found: u64,
    },
    /// A version of an aggregate is missing.
    #[error("aggregate {aggregate} has version {found} at position {position}, not {expected}")]
    Version {
        /// Where.
        position: u64,
        /// Whose.
        aggregate: Uuid,
        /// What should follow.
        expected: u64,
        /// What follows.
        found: u64,
    },
    /// The stored hash is not the hash of the event and what stands before it.
    #[error(
        "the event at position {position} is not what was written there \
         (or the one before it was exchanged together with its hash)"
    )]
    Hash {
        /// Where.
        position: u64,
    },
    /// The event is what was written, but the hash beside it is not.
    #[error("the hash stored at position {position} is not what was written there; the event itself is")]
    StoredHash {
        /// Where.
        position: u64,
    },
    /// The kind of the aggregate, the one column that no hash covers, does not fit the event.
    #[error("position {position} is stored as an event of `{found}`, but `{event_type}` is one of `{expected}`")]
    Kind {
        /// Where.
        position: u64,
        /// The event's type.
        event_type: String,
        /// Whose events have this type.
        expected: &'static str,
        /// What is stored.
        found: String,
    },
    /// The event is what was written, but this build cannot read it.
    #[error("position {position} cannot be read by this version of the product: {why}")]
    Unreadable {
        /// Where.
        position: u64,
        /// Why.
        why: String,
    },
    /// An event stands where nothing was ever committed.
    #[error("an event stands at position {position}, outside of 1 to {head}: it was never committed")]
    Outside {
        /// Where.
        position: u64,
        /// The head's position.
        head: u64,
    },
    /// The head says something else than the events.
    #[error("the head stands at {head}, the events end at {last}")]
    Head {
        /// The head's position.
        head: u64,
        /// The last event's position.
        last: u64,
    },
    /// The head's hash is not that of the last event.
    #[error("the head's hash is not that of the last event")]
    HeadHash,
    /// The head's time is not that of the last event.
    #[error("the head's time is not that of the last event")]
    HeadTime,
    /// A claim is not what the events say.
    #[error("claim {kind} `{key}` belongs to {found}, and after the events to {expected}")]
    Claim {
        /// Its kind.
        kind: String,
        /// Its key.
        key: String,
        /// Who holds it by the events; `nobody` for none.
        expected: String,
        /// Who holds it in the table.
        found: String,
    },
    /// The outbox does not hold just the events that were not published.
    #[error(
        "{waiting} of the {expected} events after position {published} wait in the outbox: \
         the others are neither published nor will they be"
    )]
    Outbox {
        /// How far the feed was published.
        published: u64,
        /// How many should wait.
        expected: u64,
        /// How many do.
        waiting: u64,
    },
    /// There is no such feed.
    #[error("there is no such feed, or its head is gone")]
    NoFeed,
}
