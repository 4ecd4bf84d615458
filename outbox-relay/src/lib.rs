//! Publishes committed events to NATS: each feed in order and without holes, within milliseconds.
//!
//! A commit leaves pointers in `outbox` and wakes the relay that holds the lease of the shard. The
//! relay reads, publishes with many messages in flight, and deletes pointers after their
//! acknowledgement. Nothing here is the truth: a message may be doubled when an owner changes, and
//! whoever follows a feed checks positions. What NATS has lost (a wiped disk, a restored backup) the
//! reconciler finds and puts back.
//!
//! - `window` and `book`: what is waiting, sent, acknowledged: pure.
//! - `store`: the statements. `engine`: the loop that joins both with NATS.
//! - `reconciler`: compares the stream with the heads of the feeds.

mod backoff;
mod book;
mod config;
mod depth;
mod engine;
mod leases;
mod measures;
mod publisher;
mod reconciler;
mod service;
mod settled;
mod store;
mod verdict;
mod window;

pub use config::Config;
pub use service::{Service, openapi, start};
