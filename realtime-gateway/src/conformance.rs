//! An echo over the very sockets that clients get, for suites that try WebSocket itself.
//!
//! What differs from `/v1/realtime`: messages may be as large as the suites send them, and each comes
//! back as it was. Framing, fragments, UTF-8, pings, closes and their codes are those of the product.

use crate::connection::{
    End,
    socket::{Socket, bounded},
};
use axum::{
    Router,
    extract::ws::{Message, WebSocket, WebSocketUpgrade},
    routing::any,
};
use std::time::Duration;

/// The suites send up to 16 MiB.
const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A message of that size may take its time.
const WRITE_WITHIN: Duration = Duration::from_secs(60);

/// An echo on every path.
pub fn echo() -> Router {
    let open = |upgrade: WebSocketUpgrade| async { bounded(upgrade, MESSAGE_BYTES_MAX).on_upgrade(serve) };
    Router::new().fallback(any(open))
}

async fn serve(socket: WebSocket) {
    let mut socket = Socket::new(socket, WRITE_WITHIN);
    loop {
        let turn = match socket.receive().await {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.send(message).await,
            Ok(_) => Ok(()),
            Err(end) => Err(end),
        };
        match turn {
            Ok(()) => {}
            Err(End::Close(close)) => return socket.close(&close).await,
            Err(End::Gone) => return,
        }
    }
}
