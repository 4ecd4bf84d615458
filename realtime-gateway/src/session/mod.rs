//! What happens on a connection, without any I/O: time comes in as an argument, frames go out as
//! values. So every order of events can be tried in a test.
//!
//! - [`stream`]: one stream, from its cursor over pages to live.
//! - [`credit`]: how much may be sent before the client acknowledges.
//! - [`clock`]: heartbeats, `pong`, the end of the token.
//! - `leave`: when each client of a gateway that leaves has to go.
//! - [`rate`]: how many messages a client may send.
//! - [`view`]: which view to read after a reset.

pub(crate) mod clock;
pub(crate) mod credit;
mod leave;
pub(crate) mod rate;
pub(crate) mod stream;
pub(crate) mod view;

pub(crate) use clock::{Clock, Tick};
pub(crate) use leave::leave_in;
pub(crate) use rate::Rate;
pub(crate) use stream::{Step, StreamCursor};

#[cfg(test)]
mod properties;
