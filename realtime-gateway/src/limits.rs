//! Every bound of the gateway that a client can meet, in one place.

use std::time::Duration;

/// Version of the protocol that `hello` must name.
pub const PROTOCOL_VERSION: u32 = 1;
/// The WebSocket subprotocol that a client must offer.
pub const SUBPROTOCOL: &str = "aris.v1.json";
/// Largest message of a client, and largest message in which the server joins objects, in bytes.
pub const FRAME_BYTES_MAX: usize = 64 * 1024;
/// Messages that a client may send in a second.
pub const MESSAGES_PER_SECOND: u32 = 20;
/// Most streams of one connection.
pub const STREAMS_MAX: usize = 64;
/// Most events of one page of a catch-up.
pub const PAGE_EVENTS: usize = domain::limits::PAGE_EVENTS_MAX;
/// Largest page of a catch-up in bytes.
pub const PAGE_BYTES: usize = domain::limits::PAGE_BYTES_MAX;
/// Longest way that a client is caught up event by event; beyond it a view is cheaper.
pub const FAR_EVENTS: u64 = 5_000;
/// Most positions in `drawn` of one `ack`.
pub const DRAWN_MAX: usize = PAGE_EVENTS;
/// Longest name of a device in bytes.
pub const DEVICE_BYTES_MAX: usize = 64;
/// Longest token in bytes.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// Most scopes of one restaurant that are followed at a time through one gateway.
pub const SCOPES_PER_RING_MAX: usize = 8_192;
/// Longest reason of a close in bytes, as WebSocket has it.
pub const CLOSE_REASON_BYTES_MAX: usize = 123;

/// Every time that a client can meet. Tests make them short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// `hello` must come within this time.
    pub hello: Duration,
    /// A heartbeat goes out this often.
    pub heartbeat: Duration,
    /// A client that sends no `pong` for this long is closed.
    pub idle: Duration,
    /// `due` is sent this long before the token ends.
    pub due_before: Duration,
    /// A connection lives on for this long after its token ended.
    pub grace: Duration,
    /// One message must be written within this time.
    pub write: Duration,
    /// How often the heads of all followed feeds are read.
    pub head_look: Duration,
    /// A heartbeat vouches only for feeds whose head was read within this time.
    pub head_fresh: Duration,
    /// A draining gateway spreads its clients over this time.
    pub drain_window: Duration,
    /// A restaurant's ring is kept for this long after its last client left.
    pub ring_idle: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            hello: Duration::from_secs(5),
            heartbeat: Duration::from_secs(15),
            idle: Duration::from_secs(35),
            due_before: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            write: Duration::from_secs(5),
            // Below a second, so that with the query's own time a heartbeat's head is never older.
            head_look: Duration::from_millis(800),
            head_fresh: Duration::from_secs(1),
            drain_window: Duration::from_secs(5),
            ring_idle: Duration::from_secs(60),
        }
    }
}
