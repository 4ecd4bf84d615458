//! The projection-service on real servers.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod actions;
mod audit;
mod follow;
mod groups;
mod guests;
mod history;
mod journey;
mod orphans;
mod outage;
mod pages;
mod parked;
mod poison;
mod rebuild;
mod rights;
mod sql_rules;
mod support;
mod tenants;
mod waiting;
