//! What the gateway measures, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter, describe_gauge};

/// Describes all of it. Call it after the recorder was installed.
pub(crate) fn describe() {
    describe_gauge!("active_socket_connections", Unit::Count, "Sockets that are open now");
    describe_gauge!("realtime_rings", Unit::Count, "Restaurants whose newest events are in memory");
    describe_counter!("realtime_ring_hits_total", Unit::Count, "Catch-ups answered from memory");
    describe_counter!("realtime_store_catch_ups_total", Unit::Count, "Catch-ups answered from MySQL");
    describe_counter!("realtime_shared_pages_total", Unit::Count, "Pages of the store that answered several clients");
    describe_gauge!("realtime_pages_being_read", Unit::Count, "Pages that are read from the store now");
    describe_gauge!("realtime_pages_being_read_most", Unit::Count, "Most pages that were ever read at the same time");
    describe_counter!("realtime_not_admitted_total", Unit::Count, "Clients sent away because too many came at once");
    describe_counter!("realtime_ring_evictions_total", Unit::Count, "Events that left memory for newer ones");
    describe_counter!("realtime_ingested_events_total", Unit::Count, "Events put into memory, by where they came from");
    describe_counter!("realtime_holes_total", Unit::Count, "Holes in what NATS delivered");
    describe_counter!("realtime_drawn_total", Unit::Count, "Events that screens said they have drawn");
    describe_counter!("realtime_resets_total", Unit::Count, "Streams that had to start anew");
    describe_counter!("realtime_closes_total", Unit::Count, "Sockets that the gateway closed, by code");
}
