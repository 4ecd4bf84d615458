//! Real servers: obtained, started, killed, started again, and left behind by their owner.
#![expect(clippy::unwrap_used, reason = "a test may panic, also in what its functions share")]

mod obtaining;
mod owner;
mod running_mysql;
mod running_nats;
mod support;
