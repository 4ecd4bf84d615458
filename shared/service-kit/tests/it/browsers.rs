//! What browsers are told.

use axum::{
    Router,
    body::Body,
    response::Response,
    routing::{get, post},
};
use http::{Method, Request, header};
use service_kit::{
    body::NoBody,
    client::{ForwardedHeader, Proxies},
    http::{HttpConfig, app},
};
use std::net::SocketAddr;
use tower::ServiceExt;

const TILLS: &str = "https://tills.example";

async fn send(request: Request<Body>) -> Response {
    let routes = Router::new()
        .route("/orders", post(|_: NoBody| async {}))
        .route("/docs/", get(|| async {}))
        .route("/panic", get(panics));
    let proxies = Proxies::new(vec!["10.0.0.1".parse().unwrap()], ForwardedHeader::default());
    let config = HttpConfig { cors_origins: vec![TILLS.to_owned()], proxies, ..HttpConfig::default() };
    app(routes, &config).oneshot(request).await.unwrap()
}

async fn panics() {
    panic!("for the test");
}

fn ask(method: Method, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_says_that_it_is_no_page() {
    let text = Request::post("/orders").header("content-type", "text/plain").body(Body::from("x")).unwrap();
    let preflight = Request::options("/orders").header("origin", TILLS).header("access-control-request-method", "POST");
    let answers = [
        (ask(Method::POST, "/orders"), 200),
        (ask(Method::GET, "/nowhere"), 404),
        (ask(Method::DELETE, "/orders"), 405),
        (ask(Method::GET, "/panic"), 500),
        (text, 415),
        (preflight.body(Body::empty()).unwrap(), 200),
    ];
    for (request, status) in answers {
        let response = send(request).await;
        let headers = response.headers();
        assert_eq!(response.status(), status);
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "no-referrer");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(headers["cross-origin-resource-policy"], "same-origin");
        assert!(headers.contains_key("permissions-policy") && headers.contains_key("x-frame-options"));
        assert!(!headers.contains_key(header::STRICT_TRANSPORT_SECURITY), "over plain HTTP it means nothing");
        assert!(!headers.contains_key(header::SERVER));
    }
}

#[tokio::test]
async fn the_documentation_runs_its_own_scripts_and_nobody_elses() {
    let policy =
        send(ask(Method::GET, "/docs/")).await.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    let other = send(ask(Method::GET, "/docsx")).await;
    assert!(!other.headers()["content-security-policy"].to_str().unwrap().contains("script-src"));
}

#[tokio::test]
async fn tls_is_asked_for_where_there_is_tls() {
    let by = |peer: &str, scheme: &str| {
        let mut request = Request::get("/docs/").header("x-forwarded-proto", scheme).body(Body::empty()).unwrap();
        request.extensions_mut().insert(SocketAddr::new(peer.parse().unwrap(), 4711));
        request
    };
    assert!(send(by("10.0.0.1", "https")).await.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    for (peer, scheme) in [("10.0.0.1", "http"), ("10.0.0.2", "https")] {
        assert!(!send(by(peer, scheme)).await.headers().contains_key(header::STRICT_TRANSPORT_SECURITY));
    }
}

#[tokio::test]
async fn only_pages_of_known_origins_may_ask_and_never_with_cookies() {
    let preflight = |origin: &str| {
        Request::options("/orders")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,idempotency-key")
            .body(Body::empty())
            .unwrap()
    };
    let allowed = send(preflight(TILLS)).await;
    assert_eq!(allowed.headers()["access-control-allow-origin"], TILLS);
    assert_eq!(allowed.headers()["access-control-max-age"], "600");
    assert!(!allowed.headers().contains_key("access-control-allow-credentials"));
    let vary: Vec<_> = allowed.headers().get_all("vary").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(vary.join(",").to_ascii_lowercase().contains("origin"), "{vary:?}");
    for stranger in ["null", "https://tills.example.evil", "http://tills.example", "https://TILLS.example"] {
        let refused = send(preflight(stranger)).await;
        assert!(!refused.headers().contains_key("access-control-allow-origin"), "{stranger}");
    }
    let asked = Request::post("/orders").header("origin", TILLS).body(Body::empty()).unwrap();
    let exposed = send(asked).await.headers()["access-control-expose-headers"].to_str().unwrap().to_owned();
    for header in ["ratelimit", "ratelimit-policy", "retry-after", "x-correlation-id"] {
        assert!(exposed.split(',').any(|it| it.trim() == header), "{header} is not in {exposed}");
    }
}
