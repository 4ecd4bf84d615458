//! How events travel: subjects, messages and the connection to NATS.
//!
//! Everything here is a courtesy to those who want to know early. MySQL is the truth; a message may
//! be lost, doubled or late, and whoever listens checks positions and fills holes from the store.
//!
//! - [`Namespace`]: the names of stream and subjects, and how many [`Copies`] are kept.
//! - [`envelope`]: an event as a message (CloudEvents 1.0, binary mode) and back, equal.
//! - [`connect`]: a connection that comes back by itself. [`ensure_stream`]: the stream of all events.
//! - [`Bucket`]: small facts that every process should know within a second. [`Mirror`]: knows them.
//! - [`Waker`]: tells the relay that a shard has something new.
//! - [`gossip`](gossip()): what processes of one kind tell each other, and may get lost.

mod bucket;
mod connection;
mod copies;
pub mod envelope;
mod gossip;
pub mod measures;
mod mirror;
mod namespace;
mod percent;
mod stream;
mod waker;

pub use async_nats::connection::State;
pub use bucket::{Bucket, BucketError, BucketStanding};
pub use connection::{InvalidAddress, connect, is_connected, times_connected};
pub use copies::{Copies, InvalidCopies};
pub use gossip::gossip;
pub use mirror::Mirror;
pub use namespace::Namespace;
pub use stream::{StreamOptions, ensure_stream};
pub use waker::Waker;
