//! What this crate measures, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter};

/// Describes the metrics of the connection to NATS. Call it after the recorder was installed.
pub fn describe() {
    describe_counter!("nats_connects_total", Unit::Count, "Connections to NATS that were made");
    describe_counter!("nats_disconnects_total", Unit::Count, "Connections to NATS that were lost");
    describe_counter!("nats_messages_dropped_total", Unit::Count, "Times a buffer of messages was full");
}
