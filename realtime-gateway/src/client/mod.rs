//! The other end of the protocol: what a client keeps and checks.
//!
//! - [`StreamState`]: the checker, pure: apply, drop, ask again or start anew.
//! - [`RealtimeClient`]: a connection that comes back by itself and goes on where it was.

mod api;
mod backoff;
mod driver;
mod state;
mod streams;

pub use api::{ClientConfig, ClientEvent, RealtimeClient, TokenSource};
pub use state::{StreamState, Verdict};
