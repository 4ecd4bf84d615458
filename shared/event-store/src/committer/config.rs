//! Settings of the committers.

use domain::limits::{BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, COMMITTER_QUEUE_MAX};
use std::time::Duration;

/// Settings of the committers of one process.
#[derive(Debug, Clone)]
pub struct CommitterConfig {
    /// Address of the event schema, with the user that may append.
    pub url: String,
    /// How many committers work at once, each on its own connection. Feeds are spread over them.
    pub committers: usize,
    /// Commands that one committer may have, waiting or being committed; more are answered `QueueFull`.
    pub queue: usize,
    /// Most commands in one transaction.
    pub batch_commands: usize,
    /// Most bytes of events and answers in one transaction.
    pub batch_bytes: usize,
    /// Bytes of aggregates that one committer remembers.
    pub cache_bytes: usize,
    /// How long one try of a batch may take.
    pub batch_deadline: Duration,
    /// How long a command may be tried before its sender is told that it is not known or not done.
    pub command_deadline: Duration,
    /// The state of a long stream is kept when so many events were folded to reach it.
    pub snapshot_every: u64,
    /// One in so many uses of a kept state is compared with a fold from the first event.
    pub snapshot_audit_one_in: u64,
}

impl CommitterConfig {
    /// The defaults, for the event schema at this address.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            committers: twice_the_cores(),
            queue: COMMITTER_QUEUE_MAX,
            batch_commands: BATCH_COMMANDS_MAX,
            batch_bytes: BATCH_BYTES_MAX,
            cache_bytes: 64 * 1024 * 1024,
            batch_deadline: Duration::from_secs(10),
            command_deadline: Duration::from_secs(15),
            snapshot_every: 200,
            snapshot_audit_one_in: 50,
        }
    }
}

/// Two committers for each core: while one of them waits for the disk, another has MySQL insert, and the
/// server writes to the disk once for several that commit at the same time.
fn twice_the_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    (2 * cores).min(COMMITTERS_MAX)
}

/// Committers of one process by default, however many cores there are.
const COMMITTERS_MAX: usize = 16;
