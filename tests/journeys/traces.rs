//! One order is one trace: from its request over the commit, the way out to NATS and the read models
//! to the frames on the screens. A small collector on loopback takes what the services export.

use crate::{console::Socket, installation::Installation, restaurant::Restaurant};
use axum::{Router, body::Bytes, extract::State, routing::post};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use testkit::wait_for;
use tokio::net::TcpListener;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";

type Spans = Arc<Mutex<Vec<Span>>>;

/// Stands in for the collector of whoever runs the platform: speaks OTLP, protobuf over HTTP.
async fn collector() -> (String, Spans) {
    let spans = Spans::default();
    let routes = Router::new().route("/v1/traces", post(take)).with_state(spans.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (address, spans)
}

async fn take(State(spans): State<Spans>, body: Bytes) {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    spans.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_one_trace_from_its_request_to_the_screens() {
    let (address, spans) = collector().await;
    let mut installation = Installation::new().await;
    installation.collector = Some(address);
    let command = installation.serve("command").await;
    let others = [installation.serve("relay").await, installation.serve("projection").await];
    let gateway = installation.serve("gateway").await;
    let place = Restaurant::open(&installation, &command, "Casa").await;
    let waiter = installation.staff("waiter");
    // What is applied together is one span, in the trace of its first event: the order is to be alone.
    let head = installation.env.reader().await.head(place.id.into()).await.unwrap().unwrap();
    let before = place.path(&format!("/orders?min_position={}", head.cursor.position));
    wait_for("what was before the order is applied", Duration::from_secs(60), async || {
        let (status, said) = place.manager.ask(&others[1].url(), &before).await.unwrap();
        if status.is_success() { Ok(()) } else { Err(format!("{status} {said}")) }
    })
    .await;
    let mut floor = Socket::open(&gateway.realtime(), &waiter, place.id, "floor", None).await;
    floor.until_live().await;

    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let guest = place.guest.clone().traced(&traceparent);
    guest.post(&command.url(), &place.path("/orders"), "order", &place.order()).await.unwrap().expect(201);
    assert_eq!(floor.event().await["type"], "order.placed");

    let wanted = ["commit batch", "publish event", "apply events", "deliver frames"];
    let trace = wait_for("all spans of the order", Duration::from_secs(60), async || {
        let spans = spans.lock().unwrap();
        let trace: Vec<Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).cloned().collect();
        let missing: Vec<_> = wanted.iter().filter(|name| !trace.iter().any(|span| span.name == **name)).collect();
        let request = trace.iter().any(|span| span.name.starts_with("POST "));
        if missing.is_empty() && request { Ok(trace) } else { Err(format!("missing {missing:?}, request: {request}")) }
    })
    .await;

    let request = trace.iter().find(|span| span.name.starts_with("POST ")).unwrap();
    assert_eq!(request.name, "POST /v1/restaurants/{restaurant}/orders");
    assert_eq!(hex(&request.parent_span_id), CALLER, "the caller's span is the parent of the request");
    for span in trace.iter().filter(|span| wanted.contains(&span.name.as_str())) {
        assert_eq!(span.parent_span_id, request.span_id, "{} belongs to the request", span.name);
    }
    let probes = spans.lock().unwrap().iter().filter(|span| span.name.contains("readyz")).count();
    assert_eq!(probes, 0, "probes are no traces");
    drop(others);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_is_away_holds_up_nothing() {
    let mut installation = Installation::new().await;
    // Nobody listens there.
    installation.collector = Some("http://127.0.0.1:9".to_owned());
    let all = installation.serve("all").await;
    let place = Restaurant::open(&installation, &all, "Casa").await;
    for number in 0..20 {
        place.fire(&[all.url()], &format!("order-{number}")).await;
    }
    let metrics = format!("{}/metrics", all.url());
    wait_for("refused spans are counted", Duration::from_secs(60), async || {
        let text = reqwest::get(&metrics).await.unwrap().text().await.unwrap();
        if text.contains("trace_spans_dropped_total{why=\"refused\"}") { Ok(()) } else { Err("not counted".to_owned()) }
    })
    .await;
    assert!(all.terminate().await.success());
}
