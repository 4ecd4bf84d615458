//! What the projections measure, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes all of it. Call it after the recorder was installed.
pub(crate) fn describe() {
    describe_histogram!("projection_lag_seconds", Unit::Seconds, "From an event's commit to its rows");
    describe_gauge!("projection_behind_events", Unit::Count, "Events that are not in the rows yet");
    describe_gauge!("projection_behind_seconds", Unit::Seconds, "Since when the slowest feed has not moved forward");
    describe_counter!("projection_events_total", Unit::Count, "Events that were applied or parked");
    describe_counter!("projection_batches_total", Unit::Count, "Transactions that applied events");
    describe_counter!(
        "projection_batched_feeds_total",
        Unit::Count,
        "Restaurants of the transactions that applied events"
    );
    describe_counter!("projection_groups_split_total", Unit::Count, "Groups of restaurants that were done one by one");
    describe_counter!("projection_holes_total", Unit::Count, "Holes in what NATS delivered");
    describe_counter!("projection_caught_up_events_total", Unit::Count, "Events read from MySQL instead of NATS");
    describe_counter!("projection_checkpoint_conflicts_total", Unit::Count, "Steps that another process had done");
    describe_counter!("projection_failed_steps_total", Unit::Count, "Steps that failed and are tried again");
    describe_gauge!("projection_shards", Unit::Count, "Shards that this process holds");
    describe_counter!("projection_parked_events_total", Unit::Count, "Events that were put aside");
    describe_gauge!("projection_parked_events", Unit::Count, "Events that are put aside now");
    describe_counter!("orphaned_keys_deleted_total", Unit::Count, "Keys that no event names, deleted");
    describe_gauge!("projection_parked_oldest_seconds", Unit::Seconds, "Since when the oldest of them is put aside");
}
