//! A WebSocket: bounded messages in, bounded waits out, and an orderly end.

use super::End;
use crate::close::{Close, CloseCode};
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error, error::ProtocolError};

/// What a client sends is short, but for its `hello`, which may take some reads. axum's own 128 KiB per connection would be
/// most of a connection's memory.
const READ_BUFFER_BYTES: usize = 1_024;
/// How long we wait for the client's side of a close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Messages that we throw away while we wait for it.
const CLOSE_MESSAGES: usize = 1_024;

/// Bounds what a socket holds: its buffers, and messages up to so many bytes.
pub(crate) fn bounded<F>(upgrade: WebSocketUpgrade<F>, message_bytes_max: usize) -> WebSocketUpgrade<F> {
    upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(message_bytes_max)
        .max_frame_size(message_bytes_max)
}

/// One side of an open WebSocket.
pub(crate) struct Socket {
    socket: WebSocket,
    write: Duration,
}

impl Socket {
    /// `write` is how long a message may take to be written.
    pub(crate) fn new(socket: WebSocket, write: Duration) -> Self {
        Self { socket, write }
    }

    /// The subprotocol that was agreed on.
    pub(super) fn protocol(&self) -> Option<&str> {
        self.socket.protocol().and_then(|protocol| protocol.to_str().ok())
    }

    /// The next message, pings and pongs included. Can be cancelled: nothing is lost.
    pub(crate) async fn receive(&mut self) -> Result<Message, End> {
        match self.socket.recv().await {
            None => Err(End::Gone),
            Some(Ok(Message::Close(_))) => {
                // The answer to it is waiting; it goes out with the next look. Boxed: an idle connection
                // has no room for what happens once.
                let _ = Box::pin(timeout(CLOSE_WITHIN, self.socket.recv())).await;
                Err(End::Gone)
            }
            Some(Ok(message)) => Ok(message),
            Some(Err(error)) => Err(end_of(error)),
        }
    }

    /// Sends a message, unless the client does not read.
    pub(crate) async fn send(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.write, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(Close::new(CloseCode::Slow, "the client does not read").into()),
        }
    }

    /// Says why, and waits a little for the client to have read it: closing a socket with unread
    /// input would tear the reason away from the client.
    pub(crate) async fn close(mut self, close: &Close) {
        let frame = CloseFrame { code: close.code.number(), reason: close.reason().into() };
        let ending = async {
            if self.socket.send(Message::Close(Some(frame))).await.is_ok() {
                for _ in 0..CLOSE_MESSAGES {
                    match self.socket.recv().await {
                        Some(Ok(_)) => {}
                        Some(Err(_)) | None => return,
                    }
                }
            }
        };
        // Late or not, the socket goes.
        let _ = timeout(CLOSE_WITHIN, ending).await;
    }
}

pub(super) fn too_big() -> Close {
    Close::new(CloseCode::TooBig, "a message is at most 64 KiB")
}

/// What a client is told that breaks WebSocket itself; one that has only gone is told nothing.
fn end_of(error: axum::Error) -> End {
    let Ok(error) = error.into_inner().downcast::<Error>() else { return End::Gone };
    match *error {
        Error::Capacity(_) => too_big().into(),
        Error::Utf8(_) => Close::new(CloseCode::NotUtf8, "text is UTF-8").into(),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => End::Gone,
        Error::Protocol(error) => Close::new(CloseCode::Protocol, error.to_string()).into(),
        _ => End::Gone,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_breaks_the_protocol_is_told_and_who_has_gone_is_not() {
        let code = |error| match end_of(axum::Error::new(error)) {
            End::Close(close) => Some(close.code),
            End::Gone => None,
        };
        assert_eq!(code(Error::Protocol(ProtocolError::UnmaskedFrameFromClient)), Some(CloseCode::Protocol));
        assert_eq!(code(Error::Utf8("0xff".to_owned())), Some(CloseCode::NotUtf8));
        assert_eq!(code(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)), None);
        assert_eq!(code(Error::ConnectionClosed), None);
    }
}
