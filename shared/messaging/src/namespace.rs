//! The names of stream and subjects.

use crate::Copies;
use domain::ids::{FeedId, TenantId};

/// The stream of all events, in production.
const STREAM: &str = "ARIS_EVENTS";

/// The bucket of what was revoked, in production.
const REVOCATIONS: &str = "ARIS_REVOCATIONS";

/// A space of names on a NATS server. Production has no prefix; each test has one of its own, so
/// that many can share a server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Namespace {
    /// Empty, or one token of `[A-Za-z0-9_-]`.
    prefix: String,
    copies: Copies,
}

impl Namespace {
    /// The space with this prefix; empty means production. Characters that cannot stand in the
    /// name of a stream become `_`.
    #[must_use]
    pub fn new(prefix: &str) -> Self {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let prefix = prefix.chars().map(|c| if allowed(c) { c } else { '_' }).collect();
        Self { prefix, copies: Copies::default() }
    }

    /// The same, with so many copies of what is stored in it from now on.
    #[must_use]
    pub fn with_copies(self, copies: Copies) -> Self {
        Self { copies, ..self }
    }

    /// How many copies are made of what is stored in it.
    #[must_use]
    pub fn copies(&self) -> Copies {
        self.copies
    }

    /// The space without a prefix.
    #[must_use]
    pub fn production() -> Self {
        Self::default()
    }

    /// Whether this is the space without a prefix.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.prefix.is_empty()
    }

    /// The stream that keeps all events of this space.
    #[must_use]
    pub fn stream_name(&self) -> String {
        if self.is_production() { STREAM.to_owned() } else { format!("{STREAM}_{}", self.prefix) }
    }

    /// The bucket of what was revoked in this space.
    #[must_use]
    pub fn revocations_bucket(&self) -> String {
        if self.is_production() { REVOCATIONS.to_owned() } else { format!("{REVOCATIONS}_{}", self.prefix) }
    }

    /// Where one event is published: `evt.<shard>.<tenant>.<feed>.<type>`.
    #[must_use]
    pub fn event_subject(&self, shard: u8, tenant: TenantId, feed: FeedId, event_type: &str) -> String {
        self.name(format_args!("evt.{shard:02}.{tenant}.{feed}.{event_type}"))
    }

    /// All events of one feed.
    #[must_use]
    pub fn feed_subjects(&self, feed: FeedId) -> String {
        self.name(format_args!("evt.{:02}.*.{feed}.>", feed.shard()))
    }

    /// All events of one shard.
    #[must_use]
    pub fn shard_subjects(&self, shard: u8) -> String {
        self.name(format_args!("evt.{shard:02}.>"))
    }

    /// All events of one type, of every feed.
    #[must_use]
    pub fn events_of_type(&self, event_type: &str) -> String {
        self.name(format_args!("evt.*.*.*.{event_type}"))
    }

    /// All events.
    #[must_use]
    pub fn all_events(&self) -> String {
        self.name(format_args!("evt.>"))
    }

    /// Where "this shard has something new" is told. Not kept by any stream.
    #[must_use]
    pub fn wake_subject(&self, shard: u8) -> String {
        self.name(format_args!("wake.{shard:02}"))
    }

    /// The wake-ups of all shards.
    #[must_use]
    pub fn all_wakes(&self) -> String {
        self.name(format_args!("wake.*"))
    }

    /// Where instances tell each other about limits. Not kept by any stream.
    #[must_use]
    pub fn limits_subject(&self) -> String {
        self.name(format_args!("limits"))
    }

    /// The shard that a wake-up is about; `None` where the subject is no wake-up.
    #[must_use]
    pub fn woken_shard(subject: &str) -> Option<u8> {
        let mut tokens = subject.rsplit('.');
        let shard = tokens.next()?.parse().ok()?;
        (tokens.next()? == "wake" && shard < domain::limits::SHARDS).then_some(shard)
    }

    fn name(&self, rest: std::fmt::Arguments<'_>) -> String {
        if self.is_production() { rest.to_string() } else { format!("{}.{rest}", self.prefix) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn production_has_no_prefix() {
        let feed = FeedId::from(Uuid::nil());
        let space = Namespace::production();
        assert_eq!(space.stream_name(), "ARIS_EVENTS");
        assert_eq!(space.wake_subject(7), "wake.07");
        assert_eq!(
            space.event_subject(7, TenantId::from(Uuid::nil()), feed, "order.placed"),
            "evt.07.00000000-0000-0000-0000-000000000000.00000000-0000-0000-0000-000000000000.order.placed"
        );
    }

    #[test]
    fn a_prefix_stands_before_every_name() {
        let space = Namespace::new("t.1");
        assert_eq!(space.stream_name(), "ARIS_EVENTS_t_1");
        assert_eq!(space.revocations_bucket(), "ARIS_REVOCATIONS_t_1");
        assert_eq!(space.all_events(), "t_1.evt.>");
        assert_eq!(space.shard_subjects(3), "t_1.evt.03.>");
    }

    #[test]
    fn a_wake_up_names_its_shard() {
        for space in [Namespace::production(), Namespace::new("t1")] {
            assert_eq!(Namespace::woken_shard(&space.wake_subject(63)), Some(63));
        }
        assert_eq!(Namespace::woken_shard("wake.64"), None);
        assert_eq!(Namespace::woken_shard("evt.07"), None);
    }
}
