//! Serving over real connections, and health.

use axum::{
    Router,
    routing::{MethodRouter, get},
};
use service_kit::{
    health::{self, Check, Health},
    http::{HttpConfig, Server, app},
    telemetry,
};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

struct Running {
    address: std::net::SocketAddr,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(routes: Router, server: Server) -> Running {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(server.run(listener, app(routes, &HttpConfig::default()), shutdown.clone()));
    Running { address, shutdown, task }
}

async fn send(stream: &mut TcpStream, head: &str) -> String {
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

impl Running {
    async fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        send(&mut stream, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")).await
    }
}

/// A handler that tells when it has a request, and then answers late or never.
fn telling<F: Future<Output = &'static str> + Send + 'static>(
    answer: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> (Arc<Notify>, MethodRouter) {
    let started = Arc::new(Notify::new());
    let tell = started.clone();
    let handler = move || {
        tell.notify_one();
        answer()
    };
    (started, get(handler))
}

async fn slow() -> &'static str {
    tokio::time::sleep(Duration::from_millis(300)).await;
    "done"
}

#[tokio::test]
async fn requests_of_the_moment_end_before_the_server_does() {
    let (started, handler) = telling(slow);
    let running = start(Router::new().route("/slow", handler), Server::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    started.notified().await;
    running.shutdown.cancel();
    assert!(send(&mut stream, "").await.ends_with("done"));
    running.task.await.unwrap();
    assert!(TcpStream::connect(running.address).await.is_err());
}

#[tokio::test]
async fn a_request_without_end_does_not_hold_up_the_shutdown() {
    let server = Server { finish_within: Duration::from_millis(200), ..Server::default() };
    let (started, handler) = telling(std::future::pending::<&'static str>);
    let running = start(Router::new().route("/", handler), server).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    started.notified().await;
    let since = Instant::now();
    running.shutdown.cancel();
    running.task.await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn headers_that_trickle_are_not_waited_for() {
    let server = Server { headers_within: Duration::from_millis(200), ..Server::default() };
    let running = start(Router::new(), server).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let since = Instant::now();
    assert!(!send(&mut stream, "GET / HTTP/1.1\r\nhost:").await.contains("200 OK"));
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn two_mebibytes_are_answered_although_nobody_wants_them() {
    let running = start(Router::new(), Server::default()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", 2 << 20);
    let answer = send(&mut stream, &format!("{head}{}", "a".repeat(2 << 20))).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn a_process_is_ready_while_its_checks_pass_and_it_is_not_about_to_end() {
    telemetry::init(telemetry::Format::Pretty);
    let (good, ending) = (Arc::new(AtomicBool::new(false)), CancellationToken::new());
    let look = {
        let good = good.clone();
        move || {
            let good = good.load(Ordering::Relaxed);
            async move { if good { Ok(()) } else { Err("away".to_owned()) } }
        }
    };
    // What it gets along without is told, and changes nothing.
    let broker = Check::new("broker", || std::future::ready(Err("away".to_owned()))).advisory();
    let health = Health::new(vec![Check::new("store", look), broker], ending.clone());
    let running = start(health::routes(health), Server::default()).await;
    let is = |answer: &str, status: &str| assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    is(&running.get("/livez").await, "200");
    is(&running.get("/startupz").await, "503");
    assert!(running.get("/readyz").await.contains(r#"{"name":"store","needed":true,"ok":false,"detail":"away"}"#));
    good.store(true, Ordering::Relaxed);
    is(&running.get("/readyz").await, "200");
    good.store(false, Ordering::Relaxed);
    is(&running.get("/readyz").await, "503");
    is(&running.get("/startupz").await, "200");
    good.store(true, Ordering::Relaxed);
    ending.cancel();
    is(&running.get("/readyz").await, "503");
    is(&running.get("/livez").await, "200");
    let metrics = running.get("/metrics").await;
    for name in ["http_request_duration_seconds_bucket", "http_requests_total", "active_socket_connections 0"] {
        assert!(metrics.contains(name), "{name} is missing in {metrics}");
    }
    assert!(metrics.contains(r#"path="/readyz""#) && metrics.contains("order_creation_total 0"));
}
