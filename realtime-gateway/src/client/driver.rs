//! A connection that comes back by itself.

use super::{
    api::{ClientConfig, ClientEvent, Order},
    backoff::Backoff,
    streams::Streams,
};
use crate::{
    frames::{Auth, ClientFrame, Hello, Pong, ServerFrame, StreamName},
    limits::{PROTOCOL_VERSION, SUBPROTOCOL},
};
use domain::envelope::Cursor;
use futures::{SinkExt, StreamExt};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    time::{sleep, sleep_until, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::RETRY_AFTER},
    },
};

/// How long a connection may take to be made, and its welcome to come.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// Without a word for this long the connection is dead, until `welcome` says otherwise.
const IDLE: Duration = Duration::from_secs(35);
/// How often is looked at what is due; one frame goes out at a time, half of what the server allows.
const DUE_LOOK: Duration = Duration::from_millis(100);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

struct Broken {
    code: Option<u16>,
    reason: String,
    /// How long the gateway asked to stay away (`Retry-After`), if it did.
    asked: Option<Duration>,
}

impl Broken {
    fn new(reason: impl std::fmt::Display) -> Self {
        Self { code: None, reason: reason.to_string(), asked: None }
    }

    fn closed(code: u16, reason: impl Into<String>) -> Self {
        Self { code: Some(code), reason: reason.into(), asked: None }
    }

    /// No connection came about. A gateway that has no room says when to come back.
    fn refused(error: tungstenite::Error) -> Self {
        let asked = match &error {
            tungstenite::Error::Http(answer) => answer.headers().get(RETRY_AFTER),
            _ => None,
        };
        let seconds = asked.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Self { asked: seconds.map(Duration::from_secs), ..Self::new(error) }
    }
}

/// Makes one connection after another.
pub(super) struct Driver {
    pub(super) config: ClientConfig,
    pub(super) streams: Streams,
    pub(super) backoff: Backoff,
    pub(super) events: mpsc::Sender<ClientEvent>,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) cursors: Arc<Mutex<BTreeMap<StreamName, Option<Cursor>>>>,
    /// The gateway has said that it leaves: when its close comes, it is time to come back.
    pub(super) drained: bool,
}

impl Driver {
    /// Until the gateway says stop, or the caller has gone.
    pub(super) async fn run(mut self) {
        // By the place of a gateway: until when it asked not to be tried. The others may be, meanwhile.
        let mut asked_until = HashMap::new();
        let gateways = self.config.urls.len().max(1);
        for attempt in 0_usize.. {
            let Broken { code, reason, asked } = self.attempt(attempt).await;
            if let Some(asked) = asked {
                asked_until.insert(attempt % gateways, Instant::now() + self.backoff.asked(asked));
            }
            let Some(pause) = self.backoff.pause(code) else {
                self.tell(ClientEvent::Stopped { code: code.unwrap_or_default(), reason }).await;
                return;
            };
            let pause = if std::mem::take(&mut self.drained) { Duration::ZERO } else { pause };
            let until = asked_until.remove(&((attempt + 1) % gateways));
            let retry_in = until.map_or(pause, |until| pause.max(until.saturating_duration_since(Instant::now())));
            self.tell(ClientEvent::Disconnected { reason, code, retry_in }).await;
            if self.events.is_closed() {
                return;
            }
            sleep(retry_in).await;
        }
    }

    /// One connection, from the call to its end.
    async fn attempt(&mut self, attempt: usize) -> Broken {
        let Some(url) = self.config.urls.get(attempt % self.config.urls.len().max(1)).cloned() else {
            return Broken::closed(4004, "no gateway was named");
        };
        let hello = async {
            let token = (self.config.token)().await.map_err(Broken::new)?;
            let streams = self.streams.requests();
            let hello = Hello { v: PROTOCOL_VERSION, token, device: self.config.device.clone(), streams };
            let mut socket = dial(&url).await?;
            send(&mut socket, &ClientFrame::Hello(hello)).await?;
            Ok(socket)
        };
        match timeout(CONNECT_WITHIN, hello).await {
            Ok(Ok(socket)) => self.follow(socket).await.err().unwrap_or_else(|| Broken::new("closed")),
            Ok(Err(broken)) => broken,
            Err(_) => Broken::new("the gateway does not answer"),
        }
    }

    async fn follow(&mut self, mut socket: Socket) -> Result<(), Broken> {
        let mut idle = IDLE;
        let (mut heard, mut looked) = (Instant::now(), Instant::now());
        loop {
            let look = looked + if self.streams.owe() { DUE_LOOK } else { idle };
            tokio::select! {
                message = socket.next() => {
                    heard = Instant::now();
                    let text = text_of(message)?;
                    for line in text.split('\n').filter(|line| !line.is_empty()) {
                        let frame = ServerFrame::parse(line).map_err(Broken::new)?;
                        if let ServerFrame::Welcome(welcome) = &frame {
                            idle = Duration::from_millis(welcome.idle_ms);
                        }
                        self.take(&mut socket, frame).await?;
                    }
                }
                order = self.orders.recv() => match order {
                    Some(Order::Restart(stream, after)) => {
                        if let Some(frame) = self.streams.restart(&stream, after) {
                            send(&mut socket, &frame).await?;
                        }
                    }
                    Some(Order::Break) | None => return Err(Broken::new("broken by the caller")),
                },
                () = sleep_until(look.into()) => {
                    looked = Instant::now();
                    if let Some(frame) = self.streams.most_due(Instant::now()) {
                        send(&mut socket, &frame).await?;
                    }
                    if heard.elapsed() > idle {
                        return Err(Broken::new("nothing was heard for too long"));
                    }
                }
            }
        }
    }

    async fn take(&mut self, socket: &mut Socket, frame: ServerFrame) -> Result<(), Broken> {
        match frame {
            ServerFrame::Welcome(welcome) => {
                self.backoff.learn(welcome.retry);
                self.tell(ClientEvent::Connected { node: welcome.node }).await;
            }
            ServerFrame::Due(_) => {
                let token = (self.config.token)().await.map_err(Broken::new)?;
                send(socket, &ClientFrame::Auth(Auth { id: 1, token })).await?;
            }
            ServerFrame::Drain(_) => self.drained = true,
            frame => {
                if let ServerFrame::Heartbeat(heartbeat) = &frame {
                    send(socket, &ClientFrame::Pong(Pong { n: heartbeat.n })).await?;
                }
                if matches!(frame, ServerFrame::Live(_)) {
                    self.backoff.succeeded();
                }
                let outcome = self.streams.take(frame);
                *self.cursors.lock().unwrap_or_else(PoisonError::into_inner) = self.streams.cursors();
                for event in outcome.events {
                    self.tell(event).await;
                }
            }
        }
        Ok(())
    }

    async fn tell(&self, event: ClientEvent) {
        // A caller that has gone is seen by `is_closed`.
        let _ = self.events.send(event).await;
    }
}

async fn dial(url: &str) -> Result<Socket, Broken> {
    let mut request = url.into_client_request().map_err(Broken::new)?;
    request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(SUBPROTOCOL));
    Ok(connect_async(request).await.map_err(Broken::refused)?.0)
}

async fn send(socket: &mut Socket, frame: &ClientFrame) -> Result<(), Broken> {
    let text = serde_json::to_string(frame).map_err(Broken::new)?;
    socket.send(Message::text(text)).await.map_err(Broken::new)
}

fn text_of(message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>) -> Result<String, Broken> {
    match message {
        Some(Ok(Message::Text(text))) => Ok(text.to_string()),
        Some(Ok(Message::Close(Some(frame)))) => Err(Broken::closed(frame.code.into(), frame.reason.to_string())),
        Some(Ok(Message::Close(None))) | None => Err(Broken::new("the connection ended")),
        Some(Ok(_)) => Ok(String::new()),
        Some(Err(error)) => Err(Broken::new(error)),
    }
}
