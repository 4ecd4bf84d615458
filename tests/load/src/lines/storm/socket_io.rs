//! Socket.IO with connection state recovery.

use super::{BEHIND, RESTAURANTS, Storm, WITHIN, count, place};
use crate::{
    consoles::Dialing,
    orders::{Placed, id_after},
    peers::{Node, NodeOptions, NodeProgram},
    restaurant::Restaurant,
    server::Server,
    shop::Shop,
    wire::{Socket, dial},
};
use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use uuid::Uuid;

/// The schema of the Node server.
pub(super) const SCHEMA: &str = "storm_node";
/// How long the server remembers a connection.
const RECOVERY_MILLIS: u64 = 120_000;
/// Its client comes back after a second, half a second more or less.
const BACK_MILLIS: [u64; 2] = [500, 1_500];
/// Sockets that are opened at once before the storm.
const OPENED_AT_ONCE: usize = 50;
/// After this time without an event nothing more comes of what was missed.
const QUIET: Duration = Duration::from_secs(2);

/// What a storm of it needs.
pub(super) struct Peer<'a> {
    pub(super) server: &'a Server,
    pub(super) program: &'a NodeProgram,
    pub(super) restaurants: &'a Arc<[Restaurant]>,
    pub(super) consoles: usize,
}

/// What a client keeps to come back.
#[derive(Debug, Clone)]
struct Session {
    pid: String,
    /// Of the last event that it saw.
    offset: Option<String>,
}

/// The answer to a connection.
#[derive(Deserialize)]
struct Connected {
    pid: String,
}

/// A console that came back.
struct Returned {
    number: usize,
    at: Instant,
    seen: Vec<Uuid>,
}

impl Peer<'_> {
    /// Connections break, the server lives.
    pub(super) async fn cut_off(&self) -> Result<Storm> {
        let mut node = self.start().await?;
        let sessions = self.connect(&mut node).await?;
        let placed = place(&mut node).await?;
        let storm = self.come_back(&node, sessions, &placed).await?;
        node.stop().await?;
        Ok(storm)
    }

    /// The server is killed and started again; only then is anything placed, for it takes the orders, too.
    pub(super) async fn killed(&self) -> Result<Storm> {
        let mut node = self.start().await?;
        let sessions = self.connect(&mut node).await?;
        node.process().kill()?;
        drop(node);
        let mut node = self.start().await?;
        let placed = place(&mut node).await?;
        let storm = self.come_back(&node, sessions, &placed).await?;
        node.stop().await?;
        Ok(storm)
    }

    async fn start(&self) -> Result<Node> {
        let options = NodeOptions { workers: 1, recovery_millis: RECOVERY_MILLIS };
        Node::start(self.server, self.program, SCHEMA, Arc::clone(self.restaurants), options).await
    }

    /// All consoles connect, see one order each, so that they have an offset to come back with, and are cut off.
    async fn connect(&self, node: &mut Node) -> Result<Vec<Session>> {
        let dialings: Vec<_> =
            (0..self.consoles).map(|number| node.console(number % RESTAURANTS)).collect::<Result<_>>()?;
        let enter = |dialing| async move { enter(dialing, None).await.map(|(socket, session, _)| (socket, session)) };
        let mut opened: Vec<_> =
            stream::iter(dialings.into_iter().map(enter)).buffered(OPENED_AT_ONCE).try_collect().await?;
        for mut guest in node.guests(1).await? {
            for number in 0..RESTAURANTS as u64 {
                guest.order(number).await?;
            }
        }
        let mut sessions = Vec::with_capacity(opened.len());
        for (socket, session) in &mut opened {
            let (_, offset) = event(socket).await?;
            sessions.push(Session { offset: Some(offset), ..session.clone() });
        }
        Ok(sessions)
    }

    async fn come_back(&self, node: &Node, sessions: Vec<Session>, placed: &[Placed]) -> Result<Storm> {
        ensure!(placed.len() == RESTAURANTS * BEHIND, "{} orders were placed", placed.len());
        let broken = Instant::now();
        let mut tasks = JoinSet::new();
        for (number, session) in sessions.into_iter().enumerate() {
            let dialing = node.console(number % RESTAURANTS)?;
            // Spread evenly, as random times are.
            let [from, to] = BACK_MILLIS;
            let pause = Duration::from_millis(from + (number as u64 * 7_919) % (to - from));
            tasks.spawn(async move {
                sleep(pause).await;
                back(number, dialing, session).await
            });
        }
        let mut returned = Vec::with_capacity(self.consoles);
        let all = async {
            while let Some(one) = tasks.join_next().await {
                returned.push(one??);
            }
            anyhow::Ok(())
        };
        timeout(WITHIN, all).await.context("some consoles are not back")??;
        returned.sort_by_key(|one| one.number);
        let last = returned.iter().map(|one| one.at).max().unwrap_or(broken);
        let seen: Vec<_> = returned.into_iter().map(|one| one.seen).collect();
        let (lost, repeated) = count(placed, &seen);
        Ok(Storm { seconds: (last - broken).as_secs_f64(), lost, repeated })
    }
}

/// Opens a connection, or one that goes on where the session was: what it missed comes before the answer.
async fn enter(dialing: Dialing, session: Option<&Session>) -> Result<(Socket, Session, Vec<Uuid>)> {
    let Dialing::SocketIo { address, token } = dialing else { bail!("that is not Socket.IO") };
    let mut socket = dial(address, "/socket.io/?EIO=4&transport=websocket", None).await?;
    ensure!(text(&mut socket).await?.starts_with('0'), "Socket.IO does not open");
    let auth = match session {
        Some(Session { pid, offset }) => serde_json::json!({"token": token, "pid": pid, "offset": offset}),
        None => serde_json::json!({"token": token}),
    };
    socket.send(Message::text(format!("40{auth}"))).await?;
    let mut missed = Vec::new();
    loop {
        let answer = text(&mut socket).await?;
        if let Some(answer) = answer.strip_prefix("40") {
            let Connected { pid } = serde_json::from_str(answer)?;
            return Ok((socket, Session { pid, offset: None }, missed));
        }
        missed.push(parse(&answer)?.0);
    }
}

/// Comes back and reads what it missed; it is live with the last of it.
async fn back(number: usize, dialing: Dialing, session: Session) -> Result<Returned> {
    let (mut socket, _, missed) = enter(dialing, Some(&session)).await?;
    let mut returned = Returned { number, at: Instant::now(), seen: missed };
    while let Ok(next) = timeout(QUIET, event(&mut socket)).await {
        returned.seen.push(next?.0);
        returned.at = Instant::now();
    }
    Ok(returned)
}

/// The next event: its order, and the offset that stands behind it.
async fn event(socket: &mut Socket) -> Result<(Uuid, String)> {
    loop {
        let text = text(socket).await?;
        if text == "2" {
            socket.send(Message::text("3")).await?;
            continue;
        }
        return parse(&text);
    }
}

fn parse(text: &str) -> Result<(Uuid, String)> {
    let event = text.strip_prefix("42").with_context(|| format!("no event: {text}"))?;
    let parts: Vec<serde_json::Value> = serde_json::from_str(event)?;
    let offset = parts.last().and_then(serde_json::Value::as_str).context("an event without its offset")?;
    let order = id_after(event.as_bytes(), b"\"order_id\":\"").context("an event without an order")?;
    Ok((order, offset.to_owned()))
}

async fn text(socket: &mut Socket) -> Result<String> {
    loop {
        match socket.next().await.context("the socket has ended")?? {
            Message::Text(text) => return Ok(text.to_string()),
            Message::Close(why) => bail!("the socket was closed: {why:?}"),
            _ => {}
        }
    }
}
