//! What this crate measures, in words for `/metrics`; docs/operations.md says what to do about it.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes the metrics of committers and pools. Call it after the recorder was installed.
pub fn describe() {
    describe_histogram!("committer_batch_commands", Unit::Count, "Commands in one transaction");
    describe_histogram!("committer_transaction_seconds", Unit::Seconds, "One batch, from loading to the commit");
    describe_histogram!("committer_commit_seconds", Unit::Seconds, "The COMMIT statement alone");
    describe_gauge!("committer_waiting_commands", Unit::Count, "Commands that wait behind the batch under way");
    describe_counter!("committer_retries_total", Unit::Count, "Tries of a batch that had to be repeated");
    describe_counter!("committer_queue_full_total", Unit::Count, "Commands refused because too many waited");
    // From the start, because an alert watches it: of a counter that appears, no increase is seen.
    metrics::counter!("committer_queue_full_total").increment(0);
    describe_counter!("snapshots_written_total", Unit::Count, "States that were kept");
    describe_counter!("snapshots_used_total", Unit::Count, "States that were used instead of a fold");
    describe_counter!("snapshots_skipped_total", Unit::Count, "States that were not kept: too many waited");
    describe_counter!("snapshots_audited_total", Unit::Count, "States that were compared with a fold");
    describe_gauge!("mysql_pool_connections", Unit::Count, "Open connections of a pool");
    describe_gauge!("mysql_pool_connections_max", Unit::Count, "Connections that a pool may open");
    describe_gauge!("mysql_pool_idle_connections", Unit::Count, "Open connections of a pool that nobody uses");
    describe_histogram!("mysql_pool_acquire_seconds", Unit::Seconds, "Wait for a connection, asked every 5 s");
    describe_counter!("mysql_pool_acquire_failures_total", Unit::Count, "Waits for a connection that ended in vain");
    describe_gauge!("mysql_primary", Unit::Count, "1 for the server of a group that is used as its primary");
    describe_counter!("mysql_primary_changes_total", Unit::Count, "How often a primary became known");
}
