//! What is promised to everyone who reads events: their JSON Schemas and an example of each.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, and so do its helpers")]

mod golden;
#[cfg(feature = "schema")]
mod schemas;
