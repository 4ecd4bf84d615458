//! What the generator speaks: HTTP and sockets, with as little work as possible, the same towards everyone.

mod http;
mod socket;

pub(crate) use http::Connection;
pub(crate) use socket::{Socket, dial};
