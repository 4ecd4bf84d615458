//! The command-service as clients meet it: real router, real MySQL, real NATS.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

mod actions;
mod bad_input;
mod document;
mod guessing;
mod guests;
mod house;
mod journey;
mod machines;
mod outage;
mod repeats;
mod revocations;
mod rights;
mod staff;
mod support;
