//! The commands: everything that changes something comes in here.
//!
//! A request is authenticated, authorised and parsed; its rule is decided, purely, inside the
//! transaction that commits it; the answer is kept under its idempotency key. One file per use case
//! in `http/<context>/<verb>_<thing>.rs`: body, rule and handler.

mod access;
mod command;
mod config;
mod http;
mod people;
mod refusals;
mod service;
mod submit;
mod tables;
mod tries;

pub use config::{Config, SignUp};
pub use http::openapi;
pub use service::{Service, start};
