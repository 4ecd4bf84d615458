//! What this crate measures, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter, describe_gauge};

/// Describes the metrics of the connection to NATS and of what is followed over it. Call it after the recorder was installed.
pub fn describe() {
    describe_counter!("nats_connects_total", Unit::Count, "Connections to NATS that were made");
    describe_counter!("nats_disconnects_total", Unit::Count, "Connections to NATS that were lost");
    // From the start, because an alert watches it: of a counter that appears, no increase is seen.
    metrics::counter!("nats_disconnects_total").increment(0);
    describe_counter!("nats_messages_dropped_total", Unit::Count, "Times a buffer of messages was full");
    describe_gauge!(
        "revocations_unread_seconds",
        Unit::Seconds,
        "Since when the bucket of revocations could not be read in full; 0 when it could"
    );
    describe_counter!("revocations_received_total", Unit::Count, "Entries of the bucket of revocations that came in");
}
