//! Live feeds over WebSocket: every client sees its scope of a restaurant's feed, in order, without
//! gap or repeat, over any number of reconnects to any gateway.
//!
//! The protocol is written down for users in `docs/realtime.md`.
//!
//! - [`frames`]: every object on the wire, with JSON Schemas in `schemas/`. [`close`]: how a
//!   connection ends. [`limits`]: every bound and time.
//! - `events`: the same cursor over plain HTTP, as pages and as server-sent events.
//! - `feed`: the newest events of a restaurant, encoded once and shared by all its connections.
//! - `websocket`: from bytes to messages and back, and the connection that they go over.
//! - `session`: what happens on a connection, pure. `connection`: the task that does it.
//! - [`client`]: the other end: the checker that says apply, drop, ask again or start anew, and a
//!   connection that comes back by itself.

pub mod client;
pub mod close;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connection;
mod events;
mod feed;
pub mod frames;
mod gateway;
mod http;
pub mod limits;
mod measures;
mod pages;
mod service;
mod session;
#[cfg(test)]
mod testing;
mod websocket;

pub use config::Config;
pub use service::{Service, openapi, start};
