//! The protocol on a socket: frames in, joined frames out.

use super::{
    End,
    socket::{Socket, too_big},
};
use crate::{
    close::{Close, CloseCode},
    frames::ClientFrame,
    limits::FRAME_BYTES_MAX,
};
use axum::extract::ws::{Message, Utf8Bytes};

/// What came in.
pub(super) enum Incoming {
    /// A frame of the protocol.
    Frame(ClientFrame),
    /// Something of WebSocket itself.
    Nothing,
}

pub(super) struct Wire {
    socket: Socket,
}

impl Wire {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket }
    }

    /// The subprotocol that was agreed on.
    pub(super) fn protocol(&self) -> Option<&str> {
        self.socket.protocol()
    }

    /// The next message. Can be cancelled: nothing is lost.
    pub(super) async fn receive(&mut self) -> Result<Incoming, End> {
        match self.socket.receive().await? {
            Message::Text(text) if text.len() > FRAME_BYTES_MAX => Err(too_big().into()),
            Message::Text(text) => read(text.as_str()).map(Incoming::Frame),
            Message::Binary(_) => Err(Close::new(CloseCode::BadFrame, "frames are text").into()),
            _ => Ok(Incoming::Nothing),
        }
    }

    /// Sends and empties `frames`, joined into messages.
    pub(super) async fn send(&mut self, frames: &mut Vec<Utf8Bytes>) -> Result<(), End> {
        for message in joined(frames) {
            self.socket.send(Message::Text(message)).await?;
        }
        Ok(())
    }

    /// Says why, and ends the socket.
    pub(super) async fn close(self, close: &Close) {
        self.socket.close(close).await;
    }
}

fn read(text: &str) -> Result<ClientFrame, End> {
    // Another version may look different in every way, so it is told before anything else is read.
    #[derive(serde::Deserialize)]
    struct Version {
        t: String,
        v: u32,
    }
    match serde_json::from_str::<Version>(text) {
        Ok(hello) if hello.t == "hello" && hello.v != crate::limits::PROTOCOL_VERSION => {
            Err(Close::new(CloseCode::Version, "this gateway speaks version 1").into())
        }
        _ => ClientFrame::parse(text).map_err(|error| Close::new(CloseCode::BadFrame, error.to_string()).into()),
    }
}

/// Joins frames by line feeds, up to the bound. A frame that stands alone is not copied.
fn joined(frames: &mut Vec<Utf8Bytes>) -> Vec<Utf8Bytes> {
    let mut messages = Vec::new();
    let mut group: Vec<Utf8Bytes> = Vec::new();
    let mut bytes = 0;
    for frame in frames.drain(..) {
        if bytes + frame.len() > FRAME_BYTES_MAX && !group.is_empty() {
            messages.push(join(std::mem::take(&mut group)));
            bytes = 0;
        }
        bytes += frame.len() + 1;
        group.push(frame);
    }
    if !group.is_empty() {
        messages.push(join(group));
    }
    messages
}

fn join(mut group: Vec<Utf8Bytes>) -> Utf8Bytes {
    match (group.pop(), group.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            group.extend(last);
            group.iter().map(Utf8Bytes::as_str).collect::<Vec<_>>().join("\n").into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_up_to_the_bound() {
        let frame = |n: usize| Utf8Bytes::from("x".repeat(n));
        let mut frames = vec![frame(10), frame(20), frame(FRAME_BYTES_MAX), frame(1), frame(FRAME_BYTES_MAX + 5)];
        let sizes: Vec<_> = joined(&mut frames).iter().map(|message| message.len()).collect();
        assert_eq!(sizes, [31, FRAME_BYTES_MAX, 1, FRAME_BYTES_MAX + 5]);
        assert!(frames.is_empty() && joined(&mut frames).is_empty());
    }

    #[test]
    fn a_frame_that_stands_alone_is_shared_not_copied() {
        let frame = Utf8Bytes::from("shared".to_owned());
        let messages = joined(&mut vec![frame.clone()]);
        assert_eq!(messages[0].as_str().as_ptr(), frame.as_str().as_ptr());
    }

    #[test]
    fn another_version_is_told_before_anything_else_is_read() {
        let Err(End::Close(close)) = read(r#"{"t":"hello","v":2,"tok":""}"#) else { panic!("taken") };
        assert_eq!(close.code, CloseCode::Version);
    }
}
