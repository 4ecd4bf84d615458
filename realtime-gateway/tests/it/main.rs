//! The gateway against real MySQL and NATS, through real sockets.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "clippy takes the helpers of a test for other code")]
#![expect(clippy::needless_pass_by_value, reason = "a json! literal reads better without a borrow")]

mod actions;
mod events;
mod feeds;
mod journey;
mod limits;
mod raw;
mod reconnect;
mod resets;
mod revocations;
mod rights;
mod shutdown;
mod world;
