//! WebSocket (RFC 6455), the server's side of it, as the gateway needs it: no extensions, and as little memory as can be
//! for a connection that is idle.
//!
//! A library would keep a buffer for what comes in and one for what goes out with each connection, and copy each event
//! into each of them. Here what goes out was framed once and is shared by all who get it, and a connection has
//! a buffer only while a part of a frame has come.
//!
//! - [`handshake`]: the request that opens a socket, and its answer.
//! - [`frame`], [`inbox`]: from bytes to messages, without any I/O.
//! - [`packet`]: what goes out, in bytes.
//! - [`line`]: the connection, and how frames are written to one that is at rest.

mod frame;
pub(crate) mod handshake;
pub(crate) mod inbox;
pub(crate) mod line;
pub(crate) mod packet;

pub(crate) use handshake::Handshake;
pub(crate) use inbox::Inbox;
#[cfg(test)]
pub(crate) use line::Standing;
pub(crate) use line::{Handed, Line, Resting};
pub(crate) use packet::Packet;

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Message {
    Text(String),
    Binary(Vec<u8>),
    /// Is to be answered with a pong of the same bytes.
    Ping(Vec<u8>),
    Pong,
    /// The other side ends the connection, with this code if it gave one.
    Close(Option<u16>),
}

/// How a client breaks WebSocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Violation {
    /// What came is no WebSocket.
    #[error("{0}")]
    Protocol(&'static str),
    /// A text that is not UTF-8.
    #[error("text is UTF-8")]
    NotUtf8,
    /// More than is taken.
    #[error("the message is too big")]
    TooBig,
}
