//! The relay against real servers.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod leases;
mod outages;
mod owners;
mod publishing;
mod support;
