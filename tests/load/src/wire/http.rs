//! A connection that is kept open, and requests whose bytes are ready.
//!
//! A whole HTTP client would take a part of the two cores that the servers are measured on. This one knows
//! what the servers of the bench answer: a status, headers with a `Content-Length`, and a body.

use anyhow::{Context, Result, bail, ensure};
use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Largest answer that is read.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Bytes that are read at once, more than an answer to an order has.
const READ_BYTES: usize = 4 * 1_024;

/// A connection for one request at a time.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What was answered.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// The body as text, for messages.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }
}

/// Where the parts of an answer stand.
struct Head {
    status: u16,
    /// Where the body begins.
    body: usize,
    length: usize,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        Self::new(TcpStream::connect(address).await.with_context(|| format!("{address} cannot be reached"))?)
    }

    pub(crate) fn new(stream: TcpStream) -> Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(READ_BYTES) })
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let head = loop {
            self.more().await?;
            if let Some(head) = parse(&self.buffer)? {
                break head;
            }
        };
        let end = head.body + head.length;
        while self.buffer.len() < end {
            self.more().await?;
        }
        ensure!(self.buffer.len() == end, "more was answered than asked");
        Ok(Answer { status: head.status, body: &self.buffer[head.body..] })
    }

    async fn more(&mut self) -> Result<()> {
        ensure!(self.buffer.len() < ANSWER_BYTES_MAX, "an answer of more than {ANSWER_BYTES_MAX} bytes");
        self.buffer.reserve(READ_BYTES);
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the connection ended before the answer");
        }
        Ok(())
    }
}

/// `None` while the head is not whole.
fn parse(bytes: &[u8]) -> Result<Option<Head>> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
    let head = std::str::from_utf8(&bytes[..end]).context("a head that is no text")?;
    let status = head.get(9..12).and_then(|status| status.parse().ok()).context("an answer without a status")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let length = length.with_context(|| format!("an answer {status} without its length"))?;
    Ok(Some(Head { status, body: end + 4, length }))
}

#[cfg(test)]
mod tests {
    use super::{Connection, parse};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    #[tokio::test]
    async fn an_answer_may_come_in_pieces_and_the_next_one_follows() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            for answer in [
                "HTTP/1.1 201 Created\r\ncontent-length: 5\r\n\r\nhello",
                "HTTP/1.1 409 Conflict\r\nContent-Length: 0\r\n\r\n",
            ] {
                let mut request = [0; 4];
                stream.read_exact(&mut request).await.unwrap();
                for piece in answer.as_bytes().chunks(7) {
                    stream.write_all(piece).await.unwrap();
                    stream.flush().await.unwrap();
                }
            }
        });
        let mut connection = Connection::open(address).await.unwrap();
        let answer = connection.ask(b"ask1").await.unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (201, "hello"));
        let answer = connection.ask(b"ask2").await.unwrap();
        assert_eq!((answer.status, answer.body.len()), (409, 0));
        server.await.unwrap();
        assert!(connection.ask(b"ask3").await.is_err());
    }

    #[test]
    fn an_answer_without_its_length_is_told() {
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-le").unwrap().is_none());
    }
}
