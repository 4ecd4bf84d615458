//! An echo over the very sockets that clients get, for suites that try WebSocket itself.
//!
//! What differs from `/v1/realtime`: messages may be as large as the suites send them, and each comes
//! back as it was. Framing, fragments, UTF-8, pings, closes and their codes are those of the product.

use crate::{
    connection::{End, socket::Socket},
    websocket::{Handshake, Message, Packet, handshake::NoSocket},
};
use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::any,
};
use service_kit::http::Takeover;
use std::time::Duration;

/// The suites send up to 16 MiB.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A message of that size may take its time.
const WRITE_WITHIN: Duration = Duration::from_secs(60);

/// An echo on every path.
pub fn echo() -> Router {
    let open =
        |handshake: Result<Handshake, NoSocket>| async { handshake.map_or_else(NoSocket::into_response, accept) };
    Router::new().fallback(any(open))
}

fn accept(handshake: Handshake) -> Response {
    let (answer, takeover, _) = handshake.accept();
    tokio::spawn(serve(takeover));
    answer
}

async fn serve(takeover: Takeover) {
    let Some(taken) = takeover.taken().await else { return };
    let mut socket = Socket::new(taken, MESSAGE_BYTES_MAX, WRITE_WITHIN);
    loop {
        match turn(&mut socket).await {
            Ok(()) => {}
            Err(End::Close(close)) => return socket.close(&close).await,
            Err(End::Gone) => return,
        }
    }
}

async fn turn(socket: &mut Socket) -> Result<(), End> {
    match socket.read().await? {
        Message::Text(text) => socket.send(&Packet::text(&text)).await,
        Message::Binary(bytes) => socket.send(&Packet::binary(&bytes)).await,
        message => socket.answer(&message).await,
    }
}
