//! A socket whose every frame, both ways, is checked against its JSON Schema.

use crate::world::{Gateway, PATIENCE, World};
use futures::{SinkExt, StreamExt};
use realtime_gateway::{close::CloseCode, frames};
use serde_json::{Value, json};
use std::{collections::VecDeque, sync::LazyLock, time::Duration};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Error, Message, client::IntoClientRequest, handshake::client::Request},
};

static SERVER: LazyLock<jsonschema::Validator> = LazyLock::new(|| validator(&frames::server_schema()));
static CLIENT: LazyLock<jsonschema::Validator> = LazyLock::new(|| validator(&frames::client_schema()));

fn validator(schema: &schemars::Schema) -> jsonschema::Validator {
    jsonschema::validator_for(schema.as_value()).unwrap()
}

fn check(validator: &jsonschema::Validator, frame: &Value) {
    if let Err(error) = validator.validate(frame) {
        panic!("not of the schema: {frame}: {error}");
    }
}

pub(crate) struct Raw {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: VecDeque<Value>,
}

pub(crate) fn request(gateway: &Gateway) -> Request {
    let mut request = gateway.url().into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "aris.v1.json".parse().unwrap());
    request
}

impl Raw {
    pub(crate) async fn open(gateway: &Gateway) -> Self {
        Self::with(request(gateway)).await.unwrap()
    }

    pub(crate) async fn with(request: Request) -> Result<Self, Error> {
        connect_async(request).await.map(|(socket, _)| Self::over(socket))
    }

    pub(crate) fn over(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { socket, frames: VecDeque::new() }
    }

    /// Opens, says hello and is welcomed.
    pub(crate) async fn hello(gateway: &Gateway, token: &str, streams: Value) -> Self {
        let mut raw = Self::open(gateway).await;
        raw.send(hello(token, streams)).await;
        let welcome = raw.next().await;
        assert_eq!(welcome["t"], "welcome", "{welcome}");
        raw
    }

    pub(crate) async fn send(&mut self, frame: Value) {
        check(&CLIENT, &frame);
        self.send_text(&frame.to_string()).await;
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    pub(crate) async fn send_message(&mut self, message: Message) {
        // The other side may have closed meanwhile; what it said is read next.
        let _ = self.socket.send(message).await;
    }

    /// The next frame. Panics when the connection ends.
    pub(crate) async fn next(&mut self) -> Value {
        match self.read().await {
            Ok(frame) => frame,
            Err(close) => panic!("closed: {close:?}"),
        }
    }

    /// The next frame that is no heartbeat.
    pub(crate) async fn next_of_stream(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            if frame["t"] != "hb" {
                return frame;
            }
        }
    }

    /// Reads on until a frame of this kind comes; gives all of them.
    pub(crate) async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut frames = Vec::new();
        loop {
            frames.push(self.next().await);
            if frames.last().is_some_and(|frame| frame["t"] == kind) {
                return frames;
            }
        }
    }

    /// Whether nothing comes for this long.
    pub(crate) async fn silent(&mut self, time: Duration) -> bool {
        self.frames.is_empty() && timeout(time, self.socket.next()).await.is_err()
    }

    /// Reads to the end and asserts its code.
    pub(crate) async fn closes(self, code: CloseCode) {
        self.ends_with(code.number()).await;
    }

    /// The same for any code of WebSocket.
    pub(crate) async fn ends_with(mut self, code: u16) {
        loop {
            match self.read().await {
                Ok(_) => {}
                Err(close) => return assert_eq!(close, Some(code)),
            }
        }
    }

    async fn read(&mut self) -> Result<Value, Option<u16>> {
        while self.frames.is_empty() {
            let message = timeout(PATIENCE, self.socket.next()).await.expect("nothing came");
            match message {
                Some(Ok(Message::Text(text))) => {
                    assert!(text.len() <= 64 * 1024, "a message of {} bytes", text.len());
                    self.frames.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
                }
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
        let frame = self.frames.pop_front().expect("not empty");
        check(&SERVER, &frame);
        Ok(frame)
    }
}

pub(crate) fn hello(token: &str, streams: Value) -> Value {
    json!({"t": "hello", "v": 1, "token": token, "device": "kds-3", "streams": streams})
}

pub(crate) fn stream(world: &World, scope: &str, after: Option<u64>) -> Value {
    let mut stream = json!({"restaurant": world.place.restaurant, "scope": scope});
    if let Some(position) = after {
        stream["after"] = json!({"epoch": 1, "position": position});
    }
    stream
}

/// A frame of the client about a stream.
pub(crate) fn about(world: &World, kind: &str, scope: &str, members: Value) -> Value {
    let mut frame = json!({"t": kind, "restaurant": world.place.restaurant, "scope": scope});
    for (name, value) in members.as_object().unwrap() {
        frame[name] = value.clone();
    }
    frame
}
