//! Real requests, to a server of the test on loopback: which the rules forbid, so that each test that
//! allows it says so.

#![expect(clippy::unwrap_used, reason = "a test stops where its set-up fails")]

use futures::future::BoxFuture;
use safe_fetch::{FetchError, Fetcher, Form, Lookup, Rules, image::ImageKind, target::BadTarget};
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// All names lead to these addresses.
struct Names(Vec<IpAddr>);

impl Lookup for Names {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}

/// A server that gives this answer to whoever asks, and its port.
async fn server(answer: impl Fn(&str) -> Vec<u8> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 2_048];
            let read = stream.read(&mut request).await.unwrap_or_default();
            let path = String::from_utf8_lossy(&request[..read]).split(' ').nth(1).unwrap_or_default().to_owned();
            let _ = stream.write_all(&answer(&path)).await;
        }
    });
    port
}

fn ok(body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn to(location: &str) -> Vec<u8> {
    format!("HTTP/1.1 302 Found\r\nconnection: close\r\ncontent-length: 0\r\nlocation: {location}\r\n\r\n").into_bytes()
}

/// Rules for a test server: loopback, and its port.
fn rules(port: u16) -> Rules {
    Rules { is_allowed: |address| address.is_loopback(), ports: Some(vec![port].leak()), ..Rules::default() }
}

fn here() -> Arc<Names> {
    Arc::new(Names(vec!["127.0.0.1".parse().unwrap()]))
}

#[tokio::test]
async fn an_image_is_fetched_and_known_by_its_bytes() {
    let png = b"\x89PNG\r\n\x1a\nrest";
    let port = server(move |path| if path == "/page" { ok(b"<html>") } else { ok(png) }).await;
    let fetcher = Fetcher::with(rules(port), here()).unwrap();
    let (kind, fetched) = fetcher.image(&format!("http://cdn.example:{port}/a.txt")).await.unwrap();
    assert_eq!((kind, fetched.bytes.as_ref()), (ImageKind::Png, png.as_slice()));
    assert!(matches!(fetcher.image(&format!("http://cdn.example:{port}/page")).await, Err(FetchError::NoImage)));
}

#[tokio::test]
async fn a_name_that_leads_into_the_house_is_refused_and_nobody_is_asked() {
    let port = server(|_| panic!("nobody should ask")).await;
    let strict = Rules { ports: Some(vec![port].leak()), ..Rules::default() };
    for addresses in [vec!["127.0.0.1"], vec!["8.8.8.8", "10.0.0.1"], vec!["::ffff:169.254.169.254"]] {
        let names = Arc::new(Names(addresses.iter().map(|it| it.parse().unwrap()).collect()));
        let fetcher = Fetcher::with(strict, names).unwrap();
        let refused = fetcher.get(&format!("http://cdn.example:{port}/")).await.unwrap_err();
        assert!(matches!(refused, FetchError::Target(BadTarget::Address)), "{addresses:?}: {refused}");
    }
    let fetcher = Fetcher::with(strict, here()).unwrap();
    let refused = fetcher.get(&format!("http://127.0.0.1:{port}/")).await.unwrap_err();
    assert!(matches!(refused, FetchError::Target(BadTarget::Address)), "{refused}");
}

#[tokio::test]
async fn redirects_are_checked_like_the_first_address_and_do_not_go_on_for_ever() {
    let port = server(|path| match path {
        "/once" => to("/there"),
        "/there" => ok(b"there"),
        "/inside" => to("http://169.254.169.254/latest/meta-data/"),
        "/file" => to("file:///etc/passwd"),
        "/port" => to("http://cdn.example:22/"),
        _ => to("/for-ever"),
    })
    .await;
    let fetcher = Fetcher::with(rules(port), here()).unwrap();
    let get = async |path: &str| fetcher.get(&format!("http://cdn.example:{port}{path}")).await;
    let once = get("/once").await.unwrap();
    assert_eq!((once.url.path(), once.bytes.as_ref()), ("/there", b"there".as_slice()));
    // This rule knows only loopback, so that every other address is one of the house.
    assert!(matches!(get("/inside").await, Err(FetchError::Target(BadTarget::Port | BadTarget::Address))));
    assert!(matches!(get("/file").await, Err(FetchError::Target(BadTarget::Scheme))));
    assert!(matches!(get("/port").await, Err(FetchError::Target(BadTarget::Port))));
    assert!(matches!(get("/for-ever").await, Err(FetchError::Redirects)));
}

#[tokio::test]
async fn a_form_arrives_with_its_secret_and_is_not_sent_on() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = tokio::spawn(async move {
        let mut requests = Vec::new();
        for answer in [ok(b"{}"), to("/there")] {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut request, mut part) = (Vec::new(), [0; 2_048]);
            while !request.ends_with(b"code=a%20b") {
                let read = stream.read(&mut part).await.unwrap();
                assert!(read > 0, "the request ends before its body");
                request.extend_from_slice(&part[..read]);
            }
            stream.write_all(&answer).await.unwrap();
            requests.push(String::from_utf8(request).unwrap());
        }
        requests
    });
    let fetcher = Fetcher::with(rules(port), here()).unwrap();
    let form = Form { fields: "code=a%20b", authorization: Some("Basic YTpi") };
    let post = async || fetcher.post(&format!("http://cdn.example:{port}/token"), form).await;
    assert_eq!(post().await.unwrap().bytes.as_ref(), b"{}");
    assert!(matches!(post().await, Err(FetchError::Redirects)));
    let requests = asked.await.unwrap();
    let head = requests[0].to_lowercase();
    assert!(head.starts_with("post /token http/1.1\r\n") && head.contains("authorization: basic ytpi\r\n"), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert_eq!(requests.len(), 2);
}

#[tokio::test]
async fn size_and_time_are_bounded_whatever_the_server_announces() {
    let port = server(|path| match path {
        "/large" => ok(&[b'x'; 1_001]),
        "/endless" => [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".as_slice(), &[b'x'; 100_000]].concat(),
        "/silent" => b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".to_vec(),
        "/gone" => b"HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n".to_vec(),
        _ => ok(&[b'x'; 1_000]),
    })
    .await;
    let fetcher = Fetcher::with(Rules { bytes_max: 1_000, ..rules(port) }, here()).unwrap();
    let get = async |path: &str| fetcher.get(&format!("http://cdn.example:{port}{path}")).await;
    assert_eq!(get("/").await.unwrap().bytes.len(), 1_000);
    assert!(matches!(get("/large").await, Err(FetchError::TooLarge)));
    assert!(matches!(get("/endless").await, Err(FetchError::TooLarge)));
    assert!(matches!(get("/gone").await, Err(FetchError::Status(404))));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hasty = Rules { within: Duration::from_millis(300), ..rules(port) };
    let fetcher = Fetcher::with(hasty, here()).unwrap();
    let never = fetcher.get(&format!("http://cdn.example:{port}/")).await;
    assert!(matches!(never, Err(FetchError::TooSlow)), "{never:?}");
    drop(listener);
}
