//! The event store: one transaction for events, outbox, receipt and claims; and the one way to
//! follow a feed.
//!
//! - [`committer`]: takes commands, decides them one after another against the newest state, and
//!   commits whole batches.
//! - [`reader`] and [`follow`]: pages of a feed, and a contiguous, resumable follower over them.
//! - [`receipts`]: how long answers are kept. [`verify`]: proof that nothing was changed.
//! - [`delivery`]: what became of an event after its commit.
//! - [`pool`]: the only place that opens connections, in a group of servers to its primary. [`pool_watch`]: how
//!   full they are.
//! - [`tenants`]: tenants as they are now. [`feeds`]: whose feed is whose.
//! - [`lease`]: who works on which shard.

pub mod committer;
pub mod delivery;
pub mod feeds;
pub mod follow;
mod group;
mod hash;
pub mod lease;
pub mod measures;
#[cfg(test)]
mod plan;
pub mod pool;
pub mod pool_watch;
pub mod reader;
pub mod receipts;
pub mod rows;
mod snapshots;
pub mod tenants;
pub mod verify;
