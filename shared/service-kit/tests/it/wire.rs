//! What comes over a connection that no sound client sends, byte by byte.

use axum::{
    Router,
    routing::{get, post},
};
use service_kit::{
    body::NoBody,
    client::{ForwardedHeader, Proxies},
    http::{HttpConfig, Server, app},
};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

/// Longer than any bound that a test sets; on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(60);

struct Running {
    address: SocketAddr,
    /// Requests that came to a handler.
    handled: Arc<AtomicUsize>,
    _task: AbortOnDropHandle<()>,
}

async fn start(server: Server) -> Running {
    let handled = Arc::<AtomicUsize>::default();
    let count = |handled: &Arc<AtomicUsize>| {
        let handled = Arc::clone(handled);
        move || handled.fetch_add(1, Ordering::SeqCst)
    };
    let (got, posted) = (count(&handled), count(&handled));
    let handlers = get(move || {
        got();
        async { "got" }
    });
    let posts = post(move |_: NoBody| {
        posted();
        async { "posted" }
    });
    let large = get(|| async { "x".repeat(64 << 20) });
    let routes = Router::new().route("/", handlers.merge(posts)).route("/large", large);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app(routes, &HttpConfig::default());
    let task = tokio::spawn(server.run(listener, app, CancellationToken::new()));
    Running { address, handled, _task: AbortOnDropHandle::new(task) }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends this and reads until the server closes the connection.
    async fn send(&self, text: &str) -> String {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        until_closed(&mut stream).await
    }

    fn handled(&self) -> usize {
        self.handled.load(Ordering::SeqCst)
    }
}

/// What comes until the server ends the connection, politely or not.
async fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server does not end the connection");
    String::from_utf8(answer).unwrap()
}

/// Sends a byte every few milliseconds for as long as anybody takes them.
async fn trickle(stream: TcpStream, byte: u8) -> String {
    let (mut from, mut to) = stream.into_split();
    let send = AbortOnDropHandle::new(tokio::spawn(async move {
        while to.write_all(&[byte]).await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    }));
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, from.read_to_end(&mut answer)).await.expect("a byte now and then is enough");
    drop(send);
    String::from_utf8(answer).unwrap()
}

const SMUGGLED: &str = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_request_that_two_servers_would_read_differently_is_refused_and_nothing_after_it_is_read() {
    let running = start(Server::default()).await;
    let (cl, te) = ("content-length: 6\r\n", "transfer-encoding: chunked\r\n");
    let doubtful = [
        format!("{cl}{te}"),
        format!("{te}{cl}"),
        format!("{cl}{cl}"),
        format!("{cl}content-length: 7\r\n"),
        "content-length: 6, 6\r\n".to_owned(),
        "content-length: +6\r\n".to_owned(),
        "content-length: -6\r\n".to_owned(),
        format!("transfer-encoding: gzip, chunked\r\n{cl}"),
        "transfer-encoding: chunked, identity\r\n".to_owned(),
        "x: y\r\n content-length: 6\r\n".to_owned(),
        "x: y\ncontent-length: 6\r\n".to_owned(),
        "content-length : 6\r\n".to_owned(),
        "x: y\r\r\n".to_owned(),
    ];
    for lines in doubtful {
        let answer = running.send(&format!("POST / HTTP/1.1\r\nhost: x\r\n{lines}\r\n0\r\n\r\n{SMUGGLED}")).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{lines:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lines:?}: {answer}");
    }
    assert_eq!(running.handled(), 0);
    let told = running.send(&format!("POST / HTTP/1.1\r\nhost: x\r\n{te}{cl}\r\n0\r\n\r\n")).await;
    assert!(told.contains("malformed-request") && told.contains("both a Content-Length"), "{told}");
}

#[tokio::test]
async fn the_second_request_of_a_connection_is_looked_at_like_the_first() {
    let running = start(Server::default()).await;
    let first = "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}";
    let mut stream = running.connect().await;
    stream.write_all(first.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
    let second = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 2\r\n\r\n0\r\n\r\n";
    stream.write_all(second.as_bytes()).await.unwrap();
    assert!(until_closed(&mut stream).await.contains("HTTP/1.1 400 "));
    assert_eq!(running.handled(), 1);
}

#[tokio::test]
async fn a_connection_ends_after_a_request_whose_end_its_head_does_not_tell() {
    let running = start(Server::default()).await;
    let chunked = "POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let upgrade = "GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    for first in [chunked, upgrade] {
        let answer = running.send(&format!("{first}{SMUGGLED}")).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("connection: close"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    }
}

#[tokio::test]
async fn headers_are_bounded_in_size_and_number_and_so_is_the_address() {
    let running = start(Server::default()).await;
    let request =
        |path: &str, lines: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");
    let line = |length: usize| format!("x: {}\r\n", "y".repeat(length));
    let is =
        |answer: String, status: &str| assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:.200}");
    is(running.send(&request("/", &line(16 * 1024))).await, "200");
    is(running.send(&request("/", &line(64 * 1024))).await, "431");
    is(running.send(&request("/", &line(1).repeat(40))).await, "200");
    is(running.send(&request("/", &line(1).repeat(100))).await, "431");
    is(running.send(&request(&format!("/?{}", "q".repeat(4_000)), "")).await, "200");
    is(running.send(&request(&format!("/?{}", "q".repeat(4_096)), "")).await, "414");
}

#[tokio::test]
async fn headers_that_come_a_byte_now_and_then_are_not_waited_for() {
    let running = start(Server { headers_within: Duration::from_millis(300), ..Server::default() }).await;
    let mut stream = running.connect().await;
    stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    assert_eq!(trickle(stream, b'y').await, "");
    assert_eq!(running.handled(), 0);
}

#[tokio::test]
async fn a_body_that_comes_a_byte_now_and_then_is_answered_and_the_connection_ends() {
    let running = start(Server::default()).await;
    let mut stream = running.connect().await;
    let head = "POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let answer = trickle(stream, b' ').await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("body-too-slow"), "{answer}");
    assert_eq!(running.handled(), 0);
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed() {
    let running = start(Server { idle_within: Duration::from_millis(300), ..Server::default() }).await;
    assert_eq!(until_closed(&mut running.connect().await).await, "");
    let mut used = running.connect().await;
    used.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(until_closed(&mut used).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn who_does_not_read_what_they_asked_for_is_left() {
    let running = start(Server { write_within: Duration::from_millis(300), ..Server::default() }).await;
    let mut stream = running.connect().await;
    stream.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    // Only who keeps sending is told of a connection that is gone: nothing is read here.
    let broken = async {
        while stream.write_all(b"x").await.is_ok() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, broken).await.expect("the connection stays open though nobody reads");
}

#[tokio::test]
async fn an_address_has_so_many_connections_and_a_trusted_proxy_any_number() {
    let few = Server { per_address_max: 2, ..Server::default() };
    let running = start(few.clone()).await;
    let mut open = [running.connect().await, running.connect().await];
    for stream in &mut open {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).await.unwrap();
    }
    assert_eq!(until_closed(&mut running.connect().await).await, "", "a third is closed at once");
    drop(open);
    let request = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    until_so(async || running.send(request).await.starts_with("HTTP/1.1 200 ")).await;

    let proxies = Proxies::new(vec!["127.0.0.0/8".parse().unwrap()], ForwardedHeader::default());
    let running = start(Server { proxies, ..few }).await;
    let _open = [running.connect().await, running.connect().await, running.connect().await];
    assert!(running.send(request).await.starts_with("HTTP/1.1 200 "));
}

/// Asks until it is so: places are given back a moment after their connections end.
async fn until_so(mut is_so: impl AsyncFnMut() -> bool) {
    let asked = async {
        while !is_so().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, asked).await.expect("the places do not come back");
}
