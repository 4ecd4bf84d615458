//! The protocol on a socket: frames in, joined frames out.

use super::{
    End,
    socket::{Socket, too_big},
};
use crate::{
    close::{Close, CloseCode},
    frames::ClientFrame,
    limits::FRAME_BYTES_MAX,
    websocket::{Line, Message, Packet},
};
use std::sync::Arc;

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

    /// The connection, for those who may write to it while it is at rest.
    pub(super) fn line(&self) -> &Arc<Line> {
        self.socket.line()
    }

    /// The next message, to be [taken](Self::take). Can be cancelled: nothing is lost.
    pub(super) async fn read(&mut self) -> Result<Message, End> {
        self.socket.read().await
    }

    /// What a message says; what WebSocket itself asks is answered.
    pub(super) async fn take(&mut self, message: Message) -> Result<Incoming, End> {
        match message {
            Message::Text(text) if text.len() > FRAME_BYTES_MAX => Err(too_big().into()),
            Message::Text(text) => read(&text).map(Incoming::Frame),
            Message::Binary(_) => Err(Close::new(CloseCode::BadFrame, "frames are text").into()),
            message @ (Message::Ping(_) | Message::Pong | Message::Close(_)) => {
                self.socket.answer(&message).await?;
                Ok(Incoming::Nothing)
            }
        }
    }

    /// Sends and empties `frames`, joined into messages.
    pub(super) async fn send(&self, frames: &mut Vec<Packet>) -> Result<(), End> {
        // What others began to write comes first, also when there is nothing to follow it.
        self.socket.written().await?;
        for message in joined(frames) {
            self.socket.send(&message).await?;
        }
        Ok(())
    }

    /// Says why, and ends the socket.
    pub(super) async fn close(self, close: &Close) {
        self.socket.close(close).await;
    }
}

fn read(text: &str) -> Result<ClientFrame, End> {
    let frame = match ClientFrame::parse(text) {
        Ok(frame) if !matches!(frame, ClientFrame::Hello(_)) => return Ok(frame),
        frame => frame,
    };
    // Another version may look different in every way, so it is told before what is wrong by our own.
    #[derive(serde::Deserialize)]
    struct Version {
        t: String,
        v: u32,
    }
    match serde_json::from_str::<Version>(text) {
        Ok(hello) if hello.t == "hello" && hello.v != crate::limits::PROTOCOL_VERSION => {
            Err(Close::new(CloseCode::Version, "this gateway speaks version 1").into())
        }
        _ => frame.map_err(|error| Close::new(CloseCode::BadFrame, error.to_string()).into()),
    }
}

/// Joins frames by line feeds, up to the bound. A frame that stands alone is not copied.
fn joined(frames: &mut Vec<Packet>) -> Vec<Packet> {
    let mut messages = Vec::new();
    let mut group: Vec<Packet> = Vec::new();
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

fn join(mut group: Vec<Packet>) -> Packet {
    match (group.pop(), group.is_empty()) {
        (Some(only), true) => only,
        (last, _) => {
            group.extend(last);
            group.iter().map(Packet::as_str).collect::<Vec<_>>().join("\n").into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_joined_up_to_the_bound() {
        let frame = |n: usize| Packet::from("x".repeat(n));
        let mut frames = vec![frame(10), frame(20), frame(FRAME_BYTES_MAX), frame(1), frame(FRAME_BYTES_MAX + 5)];
        let sizes: Vec<_> = joined(&mut frames).iter().map(|message| message.len()).collect();
        assert_eq!(sizes, [31, FRAME_BYTES_MAX, 1, FRAME_BYTES_MAX + 5]);
        assert!(frames.is_empty() && joined(&mut frames).is_empty());
    }

    #[test]
    fn a_frame_that_stands_alone_is_shared_not_copied() {
        let frame = Packet::from("shared".to_owned());
        let messages = joined(&mut vec![frame.clone()]);
        assert_eq!(messages[0].as_str().as_ptr(), frame.as_str().as_ptr());
    }

    #[test]
    fn another_version_is_told_before_anything_else_is_read() {
        let Err(End::Close(close)) = read(r#"{"t":"hello","v":2,"tok":""}"#) else { panic!("taken") };
        assert_eq!(close.code, CloseCode::Version);
    }
}
