//! A connection that goes on in another protocol: taken out of HTTP, with nothing left of what HTTP needed for it.

use super::{places::Place, wire::Wire};
use bytes::Bytes;
use http::request::Parts;
use hyper::upgrade::{OnUpgrade, Parts as Connection};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The connection of a request that asks for an upgrade.
#[derive(Debug)]
pub struct Takeover(OnUpgrade);

/// A connection that HTTP has left.
#[derive(Debug)]
pub struct Taken {
    /// The connection.
    pub stream: TcpStream,
    /// What the client sent after its request and has been read already.
    pub read: Bytes,
    /// The connection's place among those of its address. Keep it as long as the connection.
    pub place: Place,
}

impl Takeover {
    /// The connection of this request, if it asks for an upgrade. Only the first who asks gets it.
    #[must_use]
    pub fn of(parts: &mut Parts) -> Option<Self> {
        parts.extensions.remove().map(Self)
    }

    /// The connection, once the answer has been written; `None` if it broke before.
    pub async fn taken(self) -> Option<Taken> {
        let upgraded = self.0.await.inspect_err(|error| tracing::trace!(%error, "a connection broke")).ok()?;
        let Ok(Connection { io, read_buf: read, .. }) = upgraded.downcast::<TokioIo<Wire>>() else {
            tracing::error!("a connection of another server cannot be taken over");
            return None;
        };
        let (stream, place) = io.into_inner().into_parts();
        Some(Taken { stream, read, place })
    }
}
