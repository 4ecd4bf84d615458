//! What the relay measures, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes all of it. Call it after the recorder was installed.
pub(crate) fn describe() {
    describe_gauge!("outbox_events", Unit::Count, "Rows in the outbox, of the shards that this relay holds");
    describe_gauge!("outbox_oldest_seconds", Unit::Seconds, "Age of the oldest of them; 0 when there is none");
    describe_histogram!("relay_commit_to_publish_seconds", Unit::Seconds, "From the commit to the way out to NATS");
    describe_counter!("relay_published_total", Unit::Count, "Events that NATS acknowledged");
    describe_counter!("relay_publish_failures_total", Unit::Count, "Events that NATS did not acknowledge in time");
    describe_counter!("relay_store_failures_total", Unit::Count, "Statements that MySQL did not answer");
    describe_gauge!("relay_unpublished_events", Unit::Count, "Events seen in the outbox and not acknowledged");
    describe_gauge!("relay_shards", Unit::Count, "Shards that this relay holds");
}
