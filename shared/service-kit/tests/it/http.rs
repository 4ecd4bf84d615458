//! Everything around the routes.

use axum::{
    Router,
    body::{Body, to_bytes},
    response::Response,
    routing::{get, post},
};
use http::{Method, Request, StatusCode, header};
use serde_json::Value;
use service_kit::{
    body::{JsonBody, NoBody},
    http::{HttpConfig, app},
};
use tower::ServiceExt;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object")]
struct Echo {
    text: String,
}

fn service() -> Router {
    let routes = Router::new()
        .route("/echo", post(|body: JsonBody<Echo>| async move { body.value.text }))
        .route("/nothing", post(|_: NoBody| async {}))
        .route("/panic", get(panics));
    app(routes, &HttpConfig { cors_origins: vec!["https://tills.example".to_owned()], ..HttpConfig::default() })
}

async fn panics() {
    panic!("secret of the kitchen");
}

async fn send(request: Request<Body>) -> Response {
    service().oneshot(request).await.unwrap()
}

fn json(path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::post(path).header(header::CONTENT_TYPE, "application/json; charset=utf-8").body(body.into()).unwrap()
}

async fn document(response: Response) -> Value {
    serde_json::from_slice(&to_bytes(response.into_body(), usize::MAX).await.unwrap()).unwrap()
}

async fn refused(request: Request<Body>) -> (u16, String) {
    let response = send(request).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let correlation = response.headers()["x-correlation-id"].to_str().unwrap().to_owned();
    let status = response.status().as_u16();
    let document = document(response).await;
    assert_eq!((&document["instance"], &document["status"]), (&Value::from(correlation), &Value::from(status)));
    (status, document["code"].as_str().unwrap().to_owned())
}

fn is(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[tokio::test]
async fn what_is_not_there_is_told_as_a_problem() {
    let request = |method, path| Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
    assert_eq!(refused(request(Method::GET, "/nowhere")).await, is(404, "not-found"));
    assert_eq!(refused(request(Method::GET, "/echo")).await, is(405, "method-not-allowed"));
    let response = send(request(Method::DELETE, "/echo")).await;
    assert_eq!(response.headers()[header::ALLOW], "POST");
}

#[tokio::test]
async fn the_correlation_id_comes_back() {
    let request = Request::get("/nowhere").header("x-correlation-id", "till-7").body(Body::empty()).unwrap();
    let response = send(request).await;
    assert_eq!(response.headers()["x-correlation-id"], "till-7");
    assert_eq!(document(response).await["instance"], "till-7");
}

#[tokio::test]
async fn a_body_is_json_and_says_so() {
    assert_eq!(send(json("/echo", r#"{"text":"hi"}"#)).await.status(), StatusCode::OK);
    let untyped = Request::post("/echo").body(Body::from(r#"{"text":"hi"}"#)).unwrap();
    assert_eq!(refused(untyped).await, is(415, "unsupported-media-type"));
    assert_eq!(refused(json("/echo", r#"{"text":"#)).await, is(400, "malformed-json"));
    assert_eq!(refused(json("/echo", r#"{"text":7}"#)).await, is(400, "invalid-field"));
    assert_eq!(refused(json("/echo", r#"["hi"]"#)).await, is(400, "invalid-field"));
    assert_eq!(refused(json("/echo", "")).await, is(400, "malformed-json"));
}

#[tokio::test]
async fn a_body_in_another_alphabet_or_packed_or_of_two_types_is_not_read() {
    let post = |headers: &[(&str, &str)]| {
        let request =
            headers.iter().fold(Request::post("/echo"), |request, (name, value)| request.header(*name, *value));
        request.body(Body::from(r#"{"text":"hi"}"#)).unwrap()
    };
    let json = ("content-type", "application/json");
    for good in ["application/json;charset=UTF-8", "Application/JSON; charset=\"utf-8\"", "application/json; v=1"] {
        assert_eq!(send(post(&[("content-type", good)])).await.status(), StatusCode::OK, "{good}");
    }
    let others =
        ["application/json; charset=utf-16", "text/json", "application/jsonx", "application/x-www-form-urlencoded"];
    for bad in others.into_iter().chain(["multipart/form-data; boundary=application/json", "", "*/*"]) {
        assert_eq!(refused(post(&[("content-type", bad)])).await, is(415, "unsupported-media-type"), "{bad}");
    }
    assert_eq!(refused(post(&[json, ("content-encoding", "gzip")])).await, is(415, "unsupported-media-type"));
    assert_eq!(refused(post(&[json, json])).await, is(415, "unsupported-media-type"));
}

#[tokio::test]
async fn no_body_is_nothing_or_an_empty_object() {
    assert_eq!(send(Request::post("/nothing").body(Body::empty()).unwrap()).await.status(), StatusCode::OK);
    assert_eq!(send(json("/nothing", " { } ")).await.status(), StatusCode::OK);
    assert_eq!(refused(json("/nothing", r#"{"a":1}"#)).await, is(400, "invalid-field"));
    assert_eq!(refused(json("/nothing", "null")).await, is(400, "invalid-field"));
}

#[tokio::test]
async fn a_body_has_at_most_256_kib_however_it_is_sent() {
    let text = |bytes: usize| format!(r#"{{"text":"{}"}}"#, "a".repeat(bytes - r#"{"text":""}"#.len()));
    assert_eq!(send(json("/echo", text(256 * 1024))).await.status(), StatusCode::OK);
    assert_eq!(refused(json("/echo", text(256 * 1024 + 1))).await, is(413, "body-too-large"));
    let chunks = futures::stream::iter((0..64).map(|_| Ok::<_, std::io::Error>("a".repeat(32 * 1024))));
    assert_eq!(refused(json("/echo", Body::from_stream(chunks))).await, is(413, "body-too-large"));
    let mut announced = json("/echo", Body::empty());
    announced.headers_mut().insert(header::CONTENT_LENGTH, 3_000_000.into());
    assert_eq!(refused(announced).await, is(413, "body-too-large"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_trickles_is_not_waited_for() {
    let endless = futures::stream::unfold((), |()| async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>("a"), ()))
    });
    assert_eq!(refused(json("/echo", Body::from_stream(endless))).await, is(408, "body-too-slow"));
}

#[tokio::test]
async fn a_panic_is_answered_and_tells_nothing() {
    let response = send(Request::get("/panic").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), 500);
    let document = document(response).await;
    assert_eq!(document["code"], "internal");
    assert!(!document.to_string().contains("kitchen"));
}

#[tokio::test]
async fn only_pages_of_known_origins_may_call() {
    let from = |origin| Request::get("/nowhere").header(header::ORIGIN, origin).body(Body::empty()).unwrap();
    let allowed = send(from("https://tills.example")).await;
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://tills.example");
    assert!(!send(from("https://evil.example")).await.headers().contains_key("access-control-allow-origin"));
}
