//! The bytes of one connection: bounded in time, and looked at on the way in.

mod head;

pub(crate) use head::Seen;

use super::places::Place;
use head::Heads;
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep},
};

/// A connection. It keeps its place until its very end, after an upgrade, too.
pub(super) struct Wire {
    stream: TcpStream,
    heads: Heads,
    seen: Arc<Seen>,
    head_within: Duration,
    write_within: Duration,
    head_timer: Timer,
    write_timer: Timer,
    place: Place,
}

/// Runs while something is waited for.
type Timer = Option<Pin<Box<Sleep>>>;

impl Wire {
    /// This connection; its heads and each write must come forward within these times.
    pub(super) fn new(stream: TcpStream, (head_within, write_within): (Duration, Duration), place: Place) -> Self {
        let (heads, seen) = (Heads::default(), Arc::default());
        Self { stream, heads, seen, head_within, write_within, head_timer: None, write_timer: None, place }
    }

    /// The connection and its place, without what HTTP needs.
    pub(super) fn into_parts(self) -> (TcpStream, Place) {
        (self.stream, self.place)
    }

    /// What is seen of its requests.
    pub(super) fn seen(&self) -> Arc<Seen> {
        Arc::clone(&self.seen)
    }

    /// Watches the time of a write that does not come forward.
    fn written(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.write_timer = None;
            return written;
        }
        expire(&mut self.write_timer, self.write_within, context, "the client does not read").map(Err)
    }
}

/// The error after the time, which starts with the first call.
fn expire(timer: &mut Timer, within: Duration, context: &mut Context<'_>, why: &'static str) -> Poll<io::Error> {
    let running = timer.get_or_insert_with(|| Box::pin(sleep(within)));
    running.as_mut().poll(context).map(|()| io::Error::new(io::ErrorKind::TimedOut, why))
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(context, buffer) {
            this.heads.see(&buffer.filled()[before..], &this.seen);
            // Not on every byte: else a byte a second would always be in time.
            if !this.heads.is_within_a_head() {
                this.head_timer = None;
            }
            return Poll::Ready(read);
        }
        if !this.heads.is_within_a_head() {
            return Poll::Pending;
        }
        expire(&mut this.head_timer, this.head_within, context, "the headers did not arrive in time").map(Err)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.written(context, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(context, parts);
        this.written(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.get_mut().stream).poll_flush(context))?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
