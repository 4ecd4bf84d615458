//! The product as a whole, driven from outside: real processes, real servers, HTTP and sockets.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod architecture;
mod audit;
mod console;
mod crashes;
mod dinner;
mod doctor;
mod documents;
mod events;
#[path = "../faults/mod.rs"]
mod faults;
mod forget;
mod guests;
mod installation;
mod limits;
mod machines;
mod metrics;
mod migrate;
mod observability;
mod open_loop;
mod operator;
mod rebuild;
mod restaurant;
mod rights;
mod sources;
mod traces;
mod writers;
