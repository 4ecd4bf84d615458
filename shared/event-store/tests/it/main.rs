//! The event store on a real MySQL.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod commits;
mod faults;
mod group;
mod plans;
mod pools;
mod reading;
mod snapshots;
mod support;
mod verification;
