//! The newest events of a restaurant in memory, shared by all its connections.
//!
//! A connection has no queue of its own: it is a cursor. An event is encoded once; the frame around
//! it, which names scope and `prev`, is made once per scope, when the first connection wants it, and
//! shared from then on, with the head of its WebSocket frame. A connection that falls behind the oldest event here goes to
//! the store.
//!
//! - [`ring`]: the events of one restaurant, contiguous and bounded.
//! - [`scope_log`]: which of them one scope sees, chained by `prev`.
//! - [`hand_out`]: how a frame reaches the connections that wait for it.
//! - [`signal`]: how a connection learns that one of its streams has something new.
//! - [`hub`], [`ingest`]: which rings there are, and what fills them.

pub(crate) mod entry;
pub(crate) mod hand_out;
pub(crate) mod hub;
pub(crate) mod ingest;
pub(crate) mod ring;
pub(crate) mod scope_log;
pub(crate) mod signal;

pub(crate) use entry::{Entry, ScopeKey, scope_key};
pub(crate) use hand_out::HandOut;
pub(crate) use hub::{Hub, HubError};
pub(crate) use ring::{Ring, RingLimits, Subscription};
pub(crate) use scope_log::{Read, ScopeLog};
pub(crate) use signal::Signal;
