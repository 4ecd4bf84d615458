//! One side of an open WebSocket: bounded messages in, bounded waits out, and an orderly end.

use super::End;
use crate::{
    close::{Close, CloseCode},
    websocket::{Inbox, Line, Message, Packet, Violation},
};
use service_kit::http::{Place, Taken};
use std::{
    future::poll_fn,
    io,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{net::TcpStream, time::timeout};

/// Bytes that are read at a time, into the stack: what a client sends is short, but for its `hello`.
const READ_BYTES: usize = 4_096;
/// How long we wait for the client's side of a close.
const CLOSE_WITHIN: Duration = Duration::from_secs(1);
/// Messages that we throw away while we wait for it.
const CLOSE_MESSAGES: usize = 1_024;
/// Reads of what is thrown away at the very end.
const CLOSE_READS: usize = 256;

/// One side of an open WebSocket.
pub(crate) struct Socket {
    line: Arc<Line>,
    inbox: Inbox,
    write_within: Duration,
    /// Kept as long as the connection.
    place: Option<Place>,
}

impl Socket {
    /// A socket for messages of at most `bytes_max`. `write_within` is how long a message may take to be written.
    pub(crate) fn new(taken: Taken, bytes_max: usize, write_within: Duration) -> Self {
        let mut socket = Self::over(taken.stream, bytes_max, write_within);
        socket.inbox.add(&taken.read);
        socket.place = Some(taken.place);
        socket
    }

    /// The same over a connection that is counted for nobody.
    fn over(stream: TcpStream, bytes_max: usize, write_within: Duration) -> Self {
        Self { line: Arc::new(Line::new(stream)), inbox: Inbox::new(bytes_max), write_within, place: None }
    }

    /// The connection, for those who may write to it while it is at rest.
    pub(super) fn line(&self) -> &Arc<Line> {
        &self.line
    }

    /// The next message, to be [answered](Self::answer). Can be cancelled: nothing is lost.
    pub(crate) async fn read(&mut self) -> Result<Message, End> {
        poll_fn(|context| self.poll_read(context)).await
    }

    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Message, End>> {
        // Ends: each turn takes in more of a message, whose size is bounded, or waits.
        loop {
            match self.inbox.next() {
                Ok(None) => {}
                Ok(Some(message)) => return Poll::Ready(Ok(message)),
                Err(violation) => return Poll::Ready(Err(end_of(violation))),
            }
            if ready!(self.line.poll_readable(context)).is_err() {
                return Poll::Ready(Err(End::Gone));
            }
            match self.take_in() {
                Ok(0) => return Poll::Ready(Err(End::Gone)),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return Poll::Ready(Err(End::Gone)),
            }
        }
    }

    fn take_in(&mut self) -> io::Result<usize> {
        let mut buffer = [0; READ_BYTES];
        let read = self.line.read(&mut buffer)?;
        self.inbox.add(&buffer[..read]);
        Ok(read)
    }

    /// Answers what WebSocket itself asks. The client's close is the end.
    pub(crate) async fn answer(&mut self, message: &Message) -> Result<(), End> {
        match message {
            Message::Ping(payload) => self.send(&Packet::pong(payload)).await,
            Message::Close(code) => {
                // Read or not, the client has gone.
                let _ = timeout(CLOSE_WITHIN, self.line.send(&Packet::close(*code, ""))).await;
                self.discard();
                Err(End::Gone)
            }
            Message::Text(_) | Message::Binary(_) | Message::Pong => Ok(()),
        }
    }

    /// Sends a message, unless the client does not read.
    pub(crate) async fn send(&self, packet: &Packet) -> Result<(), End> {
        self.written().await?;
        self.line.write(packet).map_err(|_| End::Gone)?;
        self.written().await
    }

    /// Waits until all that was begun has been written, unless the client does not read.
    pub(super) async fn written(&self) -> Result<(), End> {
        if self.line.is_written() {
            return Ok(());
        }
        // In a box: only a client that is slow has room for it.
        let written = poll_fn(|context| self.line.poll_written(context));
        match Box::pin(timeout(self.write_within, written)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(Close::new(CloseCode::Slow, "the client does not read").into()),
        }
    }

    /// Says why, and waits a little for the client to have read it: closing a socket with unread
    /// input would tear the reason away from the client.
    pub(crate) async fn close(mut self, close: &Close) {
        self.line.claim();
        let ending = async {
            // Not in the time of a message: a client that was too slow for one may still read why it goes.
            if self.line.send(&Packet::close(Some(close.code.number()), &close.reason())).await.is_ok() {
                for _ in 0..CLOSE_MESSAGES {
                    match self.read().await {
                        Ok(Message::Close(_)) | Err(_) => return,
                        Ok(_) => {}
                    }
                }
            }
        };
        // Late or not, the socket goes.
        let _ = timeout(CLOSE_WITHIN, ending).await;
        self.discard();
    }

    /// Throws away what has come and nobody will read.
    fn discard(&self) {
        let mut buffer = [0; READ_BYTES];
        for _ in 0..CLOSE_READS {
            if !matches!(self.line.read(&mut buffer), Ok(1..)) {
                return;
            }
        }
    }
}

pub(super) fn too_big() -> Close {
    Close::new(CloseCode::TooBig, "a message is at most 64 KiB")
}

/// What a client is told that breaks WebSocket itself.
fn end_of(violation: Violation) -> End {
    let code = match violation {
        Violation::TooBig => return too_big().into(),
        Violation::NotUtf8 => CloseCode::NotUtf8,
        Violation::Protocol(_) => CloseCode::Protocol,
    };
    Close::new(code, violation.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{connection::wire::Wire, websocket::Handed};
    use domain::envelope::Cursor;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    const PATIENCE: Duration = Duration::from_secs(20);

    async fn socket() -> (Socket, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let stream = listener.accept().await.unwrap().0;
        stream.writable().await.unwrap();
        (Socket::over(stream, 100_000, PATIENCE), client)
    }

    /// All that the client gets, to the end.
    async fn to_the_end(client: &mut TcpStream) -> Vec<u8> {
        let mut bytes = Vec::new();
        timeout(PATIENCE, client.read_to_end(&mut bytes)).await.expect("in time").unwrap();
        bytes
    }

    #[tokio::test]
    async fn a_ping_is_answered_and_a_close_too() {
        let (mut socket, mut client) = socket().await;
        client.write_all(b"\x89\x81\0\0\0\0!\x88\x82\0\0\0\0\x0f\xa0").await.unwrap();
        let ping = socket.read().await.unwrap();
        assert_eq!((&ping, socket.answer(&ping).await), (&Message::Ping(b"!".to_vec()), Ok(())));
        let close = socket.read().await.unwrap();
        assert_eq!((&close, socket.answer(&close).await), (&Message::Close(Some(4000)), Err(End::Gone)));
        drop(socket);
        assert_eq!(to_the_end(&mut client).await, b"\x8a\x01!\x88\x02\x0f\xa0");
    }

    #[tokio::test]
    async fn a_client_that_breaks_the_protocol_is_told_and_one_that_has_gone_is_not() {
        let (mut socket, mut client) = socket().await;
        client.write_all(b"\x81\x01x").await.unwrap();
        let Err(End::Close(close)) = socket.read().await else { panic!("taken") };
        assert_eq!(close.code, CloseCode::Protocol);
        socket.close(&close).await;
        assert!(to_the_end(&mut client).await[4..].starts_with(b"protocol: "));
        let (mut socket, client) = self::socket().await;
        drop(client);
        assert_eq!(socket.read().await, Err(End::Gone));
    }

    #[tokio::test]
    async fn a_frame_that_was_cut_when_it_was_handed_out_is_finished_by_the_task() {
        let (socket, mut client) = socket().await;
        let packet = Packet::text(&"x".repeat(16 * 1024 * 1024));
        let line = Arc::clone(socket.line());
        line.rest(vec![Some(Cursor { epoch: 1, position: 0 })]);
        let frame = Handed { epoch: 1, position: 1, prev: 0, packet: packet.clone() };
        assert!(!line.hand(0, &frame), "that much is never taken at once, so the task is needed");
        assert_eq!(line.claim(), Some(vec![Some(Cursor { epoch: 1, position: 1 })]));
        let wire = Wire::new(socket);
        let (sent, bytes) = tokio::join!(
            async {
                let sent = wire.send(&mut Vec::new()).await;
                drop((wire, line));
                sent
            },
            to_the_end(&mut client)
        );
        assert_eq!(sent, Ok(()));
        assert!(packet.bytes() == &bytes);
    }
}
