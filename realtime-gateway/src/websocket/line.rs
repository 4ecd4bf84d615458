//! The connection of a socket.
//!
//! Most of the time a connection's own task has nothing to do with an event: all that its client knows is right, and
//! nothing waits to be written. Then it is *at rest*, and whoever has the next frame for it writes the frame, without
//! waking the task: a crowd of a thousand is not a thousand wake-ups. If anything is in the way (the system's buffer is
//! full, the frame is not the next one, the task is busy), the task is woken, and goes on in its own way.

use super::Packet;
use bytes::{Buf, Bytes};
use domain::envelope::Cursor;
use std::{
    future::poll_fn,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};
use tokio::net::TcpStream;

/// What each stream's client has, of those that are live.
pub(crate) type Resting = Vec<Option<Cursor>>;

/// The connection of a socket.
#[derive(Debug)]
pub(crate) struct Line {
    stream: TcpStream,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// `Some` while the connection is at rest.
    resting: Option<Resting>,
    /// The rest of a message that was begun; goes out before anything else.
    unsent: Bytes,
}

/// A frame that is handed out.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) epoch: u32,
    pub(crate) position: u64,
    /// Nothing of the scope is between the two.
    pub(crate) prev: u64,
    pub(crate) packet: Packet,
}

/// Where a frame stands for a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is what comes next.
    Next,
    /// The client has it.
    Had,
    /// There may be something between the two.
    Beyond,
}

impl Handed {
    /// Where it stands for a client that has this: the rule for cursors, from the server's side.
    pub(crate) fn standing(&self, has: Cursor) -> Standing {
        match self.epoch == has.epoch {
            true if self.position <= has.position => Standing::Had,
            true if self.prev <= has.position => Standing::Next,
            _ => Standing::Beyond,
        }
    }
}

impl Line {
    /// Nobody but its task may write to it yet.
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, state: Mutex::default() }
    }

    /// Its task has nothing to do: others may write what comes next.
    pub(crate) fn rest(&self, resting: Resting) {
        self.lock().resting = Some(resting);
    }

    /// From now on only its task writes. Gives what each stream's client has by now, if it was at rest.
    pub(crate) fn claim(&self) -> Option<Resting> {
        self.lock().resting.take()
    }

    /// Writes the next frame of a stream, if the connection is at rest. `false` where its task has to go on.
    pub(crate) fn hand(&self, stream: usize, frame: &Handed) -> bool {
        let mut state = self.lock();
        let State { resting: Some(resting), unsent } = &mut *state else { return false };
        let Some(Some(has)) = resting.get_mut(stream) else { return false };
        match frame.standing(*has) {
            Standing::Had => return true,
            Standing::Next if unsent.is_empty() => {}
            Standing::Next | Standing::Beyond => return false,
        }
        let bytes = frame.packet.bytes();
        match self.stream.try_write(bytes) {
            Ok(written) if written > 0 => {
                has.position = frame.position;
                if written < bytes.len() {
                    *unsent = bytes.slice(written..);
                }
                unsent.is_empty()
            }
            _ => false,
        }
    }

    /// Writes what was begun, and this after it, however long that takes.
    pub(crate) async fn send(&self, packet: &Packet) -> io::Result<()> {
        poll_fn(|context| self.poll_written(context)).await?;
        self.write(packet)?;
        poll_fn(|context| self.poll_written(context)).await
    }

    /// Writes as much as there is room for; the rest waits in [`Self::poll_written`].
    pub(crate) fn write(&self, packet: &Packet) -> io::Result<()> {
        let mut state = self.lock();
        if !state.unsent.is_empty() {
            // Only after a cut write: what is not awaited to its end is not sent any more.
            return Err(io::ErrorKind::WriteZero.into());
        }
        state.unsent = packet.bytes().clone();
        self.go_on(&mut state.unsent).map(drop)
    }

    /// Whether everything has been written.
    pub(crate) fn is_written(&self) -> bool {
        self.lock().unsent.is_empty()
    }

    /// Ready once everything has been written.
    pub(crate) fn poll_written(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Ends: each turn but the last waits for room, or uses it up.
        loop {
            if self.go_on(&mut self.lock().unsent)? {
                return Poll::Ready(Ok(()));
            }
            if self.stream.poll_write_ready(context)?.is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Ready when there may be something to read.
    pub(crate) fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_read_ready(context)
    }

    /// Reads what there is.
    pub(crate) fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.try_read(buffer)
    }

    /// Whether all of it has gone.
    fn go_on(&self, unsent: &mut Bytes) -> io::Result<bool> {
        while !unsent.is_empty() {
            match self.stream.try_write(unsent) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => unsent.advance(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        *unsent = Bytes::new();
        Ok(true)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::{io::AsyncReadExt, net::TcpListener, time::timeout};

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn line() -> (Line, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let line = Line::new(listener.accept().await.unwrap().0);
        poll_fn(|context| line.stream.poll_write_ready(context)).await.unwrap();
        (line, client)
    }

    fn has(position: u64) -> Resting {
        vec![None, Some(Cursor { epoch: 1, position })]
    }

    fn frame(prev: u64, position: u64) -> Handed {
        Handed { epoch: 1, position, prev, packet: Packet::text(&format!("{position},")) }
    }

    async fn read(client: &mut TcpStream, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes];
        timeout(PATIENCE, client.read_exact(&mut read)).await.expect("in time").unwrap();
        read
    }

    #[tokio::test]
    async fn only_what_comes_next_is_written_and_only_to_a_line_at_rest() {
        let (line, mut client) = line().await;
        assert!(!line.hand(1, &frame(3, 4)), "its task is at work");
        line.rest(has(3));
        assert!(!line.hand(0, &frame(3, 4)), "this stream is not live");
        assert!(!line.hand(2, &frame(3, 4)), "there is no such stream");
        assert!(!line.hand(1, &frame(4, 5)), "4 is missing");
        assert!(!line.hand(1, &Handed { epoch: 2, ..frame(3, 4) }), "the feed was numbered anew");
        assert!(line.hand(1, &frame(2, 3)), "nobody need do anything about what the client has");
        assert!(line.hand(1, &frame(1, 7)) && line.hand(1, &frame(7, 9)));
        assert_eq!(line.claim(), Some(has(9)));
        assert!(!line.hand(1, &frame(9, 10)) && line.claim().is_none(), "its task is at work again");
        assert_eq!(read(&mut client, 8).await, b"\x81\x027,\x81\x029,");
    }

    #[tokio::test]
    async fn what_is_cut_by_a_slow_client_goes_on_where_it_was_cut() {
        let (line, mut client) = line().await;
        line.rest(has(0));
        let large = Packet::text(&"x".repeat(100_000));
        let mut handed = 0;
        while line.hand(1, &Handed { packet: large.clone(), ..frame(handed, handed + 1) }) {
            handed += 1;
        }
        // The last one was cut, or had no room at all.
        let Some([_, Some(has)]) = line.claim().as_deref().map(|all| [all[0], all[1]]) else { panic!("not at rest") };
        assert_eq!(has.position, handed + u64::from(!line.is_written()));
        let rest = async {
            timeout(PATIENCE, line.send(&Packet::text("the end"))).await.expect("in time").unwrap();
        };
        let all = large.bytes().len() * usize::try_from(has.position).unwrap();
        let ((), bytes) = tokio::join!(rest, read(&mut client, all + 9));
        assert!(bytes[..all].chunks(large.bytes().len()).all(|chunk| chunk == large.bytes()));
        assert_eq!(bytes[all..], *b"\x81\x07the end");
    }
}
