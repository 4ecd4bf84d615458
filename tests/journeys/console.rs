//! A client of the gateway that checks every frame, and consoles that come and go.

use crate::{
    installation::{Installation, Service},
    restaurant::Restaurant,
};
use domain::{envelope::Cursor, ids::RestaurantId};
use event_store::follow::FeedFollower;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

/// How long a frame may take.
const FRAME_WITHIN: Duration = Duration::from_secs(20);

/// One socket with one stream. It fails on a hole, a repeat or a wrong order.
pub(crate) struct Socket {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    frames: VecDeque<Value>,
    stream: Value,
    /// Position of the last frame of the stream; `None` before the first.
    pub(crate) last: Option<u64>,
}

impl Socket {
    /// Connects and says hello; `after` is a position, `None` starts live.
    pub(crate) async fn open(
        url: &str,
        token: &str,
        restaurant: RestaurantId,
        scope: &str,
        after: Option<u64>,
    ) -> Self {
        Self::try_open(url, token, restaurant, scope, after).await.unwrap()
    }

    pub(crate) async fn try_open(
        url: &str,
        token: &str,
        restaurant: RestaurantId,
        scope: &str,
        after: Option<u64>,
    ) -> Result<Self, String> {
        let mut request = url.into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "aris.v1.json".parse().unwrap());
        let connected =
            tokio::time::timeout(FRAME_WITHIN, connect_async(request)).await.map_err(|it| it.to_string())?;
        let (mut socket, _) = connected.map_err(|error| error.to_string())?;
        let mut stream = json!({"restaurant": restaurant, "scope": scope});
        if let Some(position) = after {
            stream["after"] = json!({"epoch": 1, "position": position});
        }
        let hello = json!({"t": "hello", "v": 1, "token": token, "device": "test", "streams": [stream]});
        socket.send(Message::text(hello.to_string())).await.map_err(|error| error.to_string())?;
        Ok(Self { socket, frames: VecDeque::new(), stream, last: after })
    }

    /// The next frame, or why there is none.
    pub(crate) async fn frame(&mut self) -> Result<Value, String> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                if frame["t"] == "hb" {
                    let pong = json!({"t": "pong", "n": frame["n"]});
                    self.send(&pong).await?;
                }
                return Ok(frame);
            }
            let message = tokio::time::timeout(FRAME_WITHIN, self.socket.next()).await.map_err(|it| it.to_string())?;
            match message {
                Some(Ok(Message::Text(text))) => {
                    self.frames.extend(text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
                }
                Some(Ok(Message::Close(frame))) => return Err(format!("closed: {frame:?}")),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("ended".to_owned()),
            }
        }
    }

    async fn send(&mut self, frame: &Value) -> Result<(), String> {
        self.socket.send(Message::text(frame.to_string())).await.map_err(|error| error.to_string())
    }

    /// The next event of the stream, checked against the one before; `None` for the frame `live`.
    pub(crate) async fn step(&mut self) -> Result<Option<Value>, String> {
        loop {
            let frame = self.frame().await?;
            let position = frame["position"].as_u64();
            match frame["t"].as_str().unwrap() {
                "ev" => {
                    let (position, prev) = (position.unwrap(), frame["prev"].as_u64().unwrap());
                    if let Some(last) = self.last {
                        assert!(prev <= last, "a hole between {last} and {position}: {frame}");
                        assert!(position > last, "{position} came after {last}: {frame}");
                    }
                    self.last = Some(position);
                    self.acknowledge(position).await?;
                    return Ok(Some(frame["event"].clone()));
                }
                "skip" => {
                    assert!(frame["prev"].as_u64().unwrap() <= self.last.unwrap_or(u64::MAX), "{frame}");
                    self.last = position;
                }
                "live" => {
                    assert!(self.last.is_none_or(|last| last <= position.unwrap()), "{frame}");
                    self.last = position;
                    return Ok(None);
                }
                "reset" => panic!("the stream cannot go on: {frame}"),
                "welcome" | "catch" | "hb" => {}
                other => panic!("what is {other}? {frame}"),
            }
        }
    }

    /// Grants the next page. Here once per 50 events, well below what is allowed.
    async fn acknowledge(&mut self, position: u64) -> Result<(), String> {
        if !position.is_multiple_of(50) {
            return Ok(());
        }
        let (restaurant, scope) = (&self.stream["restaurant"], &self.stream["scope"]);
        let ack = json!({"t": "ack", "restaurant": restaurant, "scope": scope, "position": position});
        self.send(&ack).await
    }

    /// What is missed, up to the frame `live`.
    pub(crate) async fn until_live(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Some(event) = self.step().await.unwrap() {
            events.push(event);
        }
        events
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            if let Some(event) = self.step().await.unwrap() {
                return event;
            }
        }
    }
}

/// A console that applies what it is sent and keeps its cursor, over any number of connections.
pub(crate) struct Console {
    token: String,
    restaurant: RestaurantId,
    scope: String,
    pub(crate) position: u64,
    pub(crate) applied: Vec<u64>,
}

impl Console {
    pub(crate) fn new(token: String, restaurant: RestaurantId, scope: &str) -> Self {
        Self { token, restaurant, scope: scope.to_owned(), position: 0, applied: Vec::new() }
    }

    /// Connects where it was and applies until it has `events` more, or the connection breaks. Gives
    /// whether it got all of them.
    pub(crate) async fn follow(&mut self, url: &str, events: usize) -> bool {
        let opened = Socket::try_open(url, &self.token, self.restaurant, &self.scope, Some(self.position)).await;
        let Ok(mut socket) = opened else { return false };
        let end = self.applied.len() + events;
        while self.applied.len() < end {
            match socket.step().await {
                Ok(Some(event)) => self.applied.push(event["position"].as_u64().unwrap()),
                Ok(None) => {}
                Err(_) => break,
            }
            self.position = socket.last.unwrap_or(self.position);
        }
        self.applied.len() >= end
    }

    /// Fails unless it applied just what the store holds for its station.
    pub(crate) async fn assert_complete(&self, installation: &Installation, station: &str) {
        assert_eq!(self.applied, visible_positions(installation, self.restaurant, station).await);
    }
}

/// The positions that a station's console must have seen, read from the store itself.
pub(crate) async fn visible_positions(installation: &Installation, feed: RestaurantId, station: &str) -> Vec<u64> {
    let reader = installation.env.reader().await;
    let scope = format!("kitchen:{station}").parse().unwrap();
    let mut follower = FeedFollower::new(feed.into(), Cursor { epoch: 1, position: 0 });
    let mut positions = Vec::new();
    loop {
        let page = follower.catch_up(&reader, 256).await.unwrap();
        if page.is_empty() {
            return positions;
        }
        let visible = page.iter().filter(|event| {
            domain::scope::visible(&scope, &event.event_type, &domain::scope::Tags::of(&event.payload))
        });
        positions.extend(visible.map(|event| event.cursor.position));
    }
}

/// Fires orders until it is told to stop; gives how many.
pub(crate) async fn fire_orders(place: &Restaurant, bases: &[String], orders: usize, name: &str) {
    for number in 0..orders {
        place.fire(bases, &format!("{name}-{number}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_console_that_drops_two_hundred_times_over_two_gateways_misses_nothing() {
    let installation = Installation::new().await;
    let command = installation.serve("command").await;
    let relay = installation.serve("relay").await;
    let gateways: [Service; 2] = [installation.serve("gateway").await, installation.serve("gateway").await];
    let place = Restaurant::open(&installation, &command, "Casa").await;
    let mut console = Console::new(installation.staff("kitchen"), place.id, "kitchen:grill");
    const DROPS: usize = 200;
    // Each connection takes 0 to 3 events, so it drops in the middle of pages, live and catching up.
    let wanted: usize = (0..DROPS).map(|drop| drop % 4).sum();

    let bases = [command.url()];
    let kitchen = async {
        for drop in 0..DROPS {
            console.follow(&gateways[drop % 2].realtime(), drop % 4).await;
        }
        while console.applied.len() < wanted {
            console.follow(&gateways[0].realtime(), wanted - console.applied.len()).await;
        }
    };
    tokio::join!(kitchen, fire_orders(&place, &bases, wanted, "order"));
    console.assert_complete(&installation, "grill").await;
    drop(relay);
}
