//! Consoles that follow restaurants, and what they saw.

use crate::{
    orders::id_after,
    wire::{Socket, dial},
};
use anyhow::{Context, Result, bail, ensure};
use futures::{SinkExt, StreamExt, TryStreamExt, stream};
use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, timeout},
};
use tokio_tungstenite::tungstenite::Message;
use tokio_util::task::AbortOnDropHandle;
use uuid::Uuid;

/// Sockets that are opened at the same time.
const OPENED_AT_ONCE: usize = 50;
/// How long a console may take to be live.
const LIVE_WITHIN: Duration = Duration::from_secs(60);
/// How long what was acknowledged may take to be seen by everyone.
const SEEN_WITHIN: Duration = Duration::from_secs(30);
/// A live stream of ours is acknowledged this often, in milliseconds: each console has a rhythm of its own, as the
/// product's own client does it.
const ACK_EVERY_MS: [u64; 2] = [1_000, 2_000];

/// How a console gets in, and what it then speaks.
#[derive(Clone)]
pub(crate) enum Dialing {
    /// The realtime protocol of the product: the `hello`, and the stream as each `ack` names it.
    Aris { address: SocketAddr, hello: String, stream: String },
    /// Socket.IO over a WebSocket, with a token.
    SocketIo { address: SocketAddr, token: String },
    /// Bare messages at a path.
    Plain { address: SocketAddr, path: String },
}

/// An order on a console.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) order: Uuid,
    pub(crate) at: Instant,
}

/// What all consoles share.
#[derive(Default)]
struct Board {
    seen: AtomicU64,
    /// Whoever waits is woken when so many were seen.
    awaited: AtomicU64,
    /// Length of the last message that told of an order.
    message_bytes: AtomicU64,
    news: Notify,
    failed: Mutex<Option<String>>,
}

/// Consoles that stay connected until they are dropped.
pub(crate) struct Consoles {
    board: Arc<Board>,
    each: Vec<Console>,
}

struct Console {
    seen: Arc<Mutex<Vec<Seen>>>,
    _follows: AbortOnDropHandle<()>,
}

impl Consoles {
    /// Opens one for each; returns when all are live.
    pub(crate) async fn open(dialings: Vec<Dialing>) -> Result<Self> {
        let board = Arc::new(Board::default());
        let open = |dialing| Console::open(dialing, Arc::clone(&board));
        let each = stream::iter(dialings.into_iter().map(open)).buffered(OPENED_AT_ONCE).try_collect().await?;
        Ok(Self { board, each })
    }

    /// Waits until all of them together have seen so many orders since the last call of [`Self::take`].
    pub(crate) async fn until(&self, orders: u64) -> Result<()> {
        self.board.awaited.store(orders, Ordering::SeqCst);
        let all = async {
            loop {
                // Enabled before the look, so that no news is missed.
                let mut news = std::pin::pin!(self.board.news.notified());
                news.as_mut().enable();
                if let Some(why) = self.board.failed.lock().unwrap_or_else(PoisonError::into_inner).clone() {
                    bail!("a console has failed: {why}");
                }
                if self.board.seen.load(Ordering::SeqCst) >= orders {
                    return Ok(());
                }
                news.await;
            }
        };
        let seen = || self.board.seen.load(Ordering::Relaxed);
        timeout(SEEN_WITHIN, all).await.with_context(|| format!("the consoles saw {} of {orders}", seen()))?
    }

    /// Bytes of the last message that told of an order.
    pub(crate) fn message_bytes(&self) -> u64 {
        self.board.message_bytes.load(Ordering::Relaxed)
    }

    /// What each has seen since the last call.
    pub(crate) fn take(&self) -> Vec<Vec<Seen>> {
        self.board.seen.store(0, Ordering::SeqCst);
        self.board.awaited.store(u64::MAX, Ordering::SeqCst);
        self.each.iter().map(|console| std::mem::take(&mut *lock(&console.seen))).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Console {
    async fn open(dialing: Dialing, board: Arc<Board>) -> Result<Self> {
        let (socket, speech) = timeout(LIVE_WITHIN, enter(dialing)).await.context("a console is not live")??;
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::clone(&seen);
        let follows = tokio::spawn(async move {
            if let Err(error) = follow(socket, speech, &shared, &board).await {
                *lock(&board.failed) = Some(format!("{error:#}"));
                board.news.notify_waiters();
            }
        });
        Ok(Self { seen, _follows: AbortOnDropHandle::new(follows) })
    }
}

/// What is spoken once a console is live.
enum Speech {
    Aris { last: u64, stream: String, acked: Instant, every: Duration },
    SocketIo,
    Plain,
}

/// Opens the socket and waits until it is live.
async fn enter(dialing: Dialing) -> Result<(Socket, Speech)> {
    match dialing {
        Dialing::Aris { address, hello, stream } => {
            let mut socket = dial(address, "/v1/realtime", Some("aris.v1.json")).await?;
            socket.send(Message::text(hello)).await?;
            let last = loop {
                let text = text(&mut socket).await?;
                if let Some(live) = text.split('\n').find(|line| line.starts_with(r#"{"t":"live""#)) {
                    break number_after(live, "\"position\":").context("`live` without its position")?;
                }
            };
            Ok((socket, Speech::Aris { last, stream, acked: Instant::now(), every: rhythm() }))
        }
        Dialing::SocketIo { address, token } => {
            let mut socket = dial(address, "/socket.io/?EIO=4&transport=websocket", None).await?;
            ensure!(text(&mut socket).await?.starts_with('0'), "Socket.IO does not open");
            socket.send(Message::text(format!(r#"40{{"token":"{token}"}}"#))).await?;
            let answer = text(&mut socket).await?;
            ensure!(answer.starts_with("40"), "Socket.IO does not connect: {answer}");
            Ok((socket, Speech::SocketIo))
        }
        Dialing::Plain { address, path } => Ok((dial(address, &path, None).await?, Speech::Plain)),
    }
}

async fn follow(mut socket: Socket, mut speech: Speech, seen: &Mutex<Vec<Seen>>, board: &Board) -> Result<()> {
    loop {
        let text = text(&mut socket).await?;
        let at = Instant::now();
        match &mut speech {
            Speech::Aris { last, stream, acked, every } => {
                for line in text.split('\n') {
                    if line.starts_with(r#"{"t":"ev""#) {
                        *last = checked(line, *last)?;
                        note(line, at, seen, board)?;
                    } else if line.starts_with(r#"{"t":"hb""#) {
                        let n = number_after(line, "\"n\":").context("a heartbeat without its number")?;
                        socket.send(Message::text(format!(r#"{{"t":"pong","n":{n}}}"#))).await?;
                    } else if line.starts_with(r#"{"t":"skip""#) {
                        *last = checked(line, *last)?;
                    } else {
                        bail!("a live console was told {line}");
                    }
                }
                if acked.elapsed() >= *every {
                    *acked = at;
                    socket.send(Message::text(format!(r#"{{"t":"ack",{stream},"position":{last}}}"#))).await?;
                }
            }
            Speech::SocketIo if text == "2" => socket.send(Message::text("3")).await?,
            Speech::SocketIo | Speech::Plain => note(&text, at, seen, board)?,
        }
    }
}

/// A time at random, from the random part of an id.
fn rhythm() -> Duration {
    let [from, to] = ACK_EVERY_MS;
    let (_, random) = uuid::Uuid::new_v4().as_u64_pair();
    Duration::from_millis(from + random % (to - from))
}

/// The rule of the protocol: nothing lies between what the console has and what comes.
fn checked(frame: &str, last: u64) -> Result<u64> {
    let position = number_after(frame, "\"position\":").context("a frame without its position")?;
    let prev = number_after(frame, "\"prev\":").context("a frame without what is before it")?;
    ensure!(prev <= last && last < position, "a frame at {position} after {prev}, on a console at {last}");
    Ok(position)
}

fn note(text: &str, at: Instant, seen: &Mutex<Vec<Seen>>, board: &Board) -> Result<()> {
    let order = id_after(text.as_bytes(), b"\"order_id\":\"").with_context(|| format!("no order in {text}"))?;
    lock(seen).push(Seen { order, at });
    board.message_bytes.store(text.len() as u64, Ordering::Relaxed);
    if board.seen.fetch_add(1, Ordering::SeqCst) + 1 >= board.awaited.load(Ordering::SeqCst) {
        board.news.notify_waiters();
    }
    Ok(())
}

async fn text(socket: &mut Socket) -> Result<tokio_tungstenite::tungstenite::Utf8Bytes> {
    loop {
        match socket.next().await.context("the socket has ended")?? {
            Message::Text(text) => return Ok(text),
            Message::Close(why) => bail!("the socket was closed: {why:?}"),
            _ => {}
        }
    }
}

/// The number that stands after these letters, where they stand first.
fn number_after(text: &str, before: &str) -> Option<u64> {
    let rest = &text[text.find(before)? + before.len()..];
    rest[..rest.find(|letter: char| !letter.is_ascii_digit())?].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{checked, number_after};

    #[test]
    fn a_hole_and_a_repeated_frame_are_seen() {
        let frame = r#"{"t":"ev","scope":"floor","position":7,"prev":5,"event":{"position":7}}"#;
        assert_eq!(checked(frame, 5).unwrap(), 7);
        assert_eq!(checked(frame, 6).unwrap(), 7);
        assert!(checked(frame, 4).is_err(), "a hole");
        assert!(checked(frame, 7).is_err(), "a repeated frame");
    }

    #[test]
    fn the_first_number_counts() {
        assert_eq!(number_after(r#"{"position":12,"event":{"position":3}}"#, "\"position\":"), Some(12));
        assert_eq!(number_after("{}", "\"position\":"), None);
    }
}
