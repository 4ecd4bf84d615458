use super::*;
use crate::http::{HttpConfig, app};
use axum::{Router, body::Body, routing::get};
use http::Request;
use std::{
    io,
    sync::{Arc, Mutex},
};
use tower::ServiceExt;
use tracing::instrument::WithSubscriber;

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn logged(format: Format, filter: &str) -> String {
    let kept = Kept::default();
    let writer = kept.clone();
    let logs = lines(format, move || writer.clone(), false).with_filter(EnvFilter::new(filter));
    let routes = Router::new().route(
        "/v1/soup",
        get(|| async {
            tracing::error!("the soup is cold");
            "sorry"
        }),
    );
    let request = Request::get("/v1/soup")
        .header("x-correlation-id", "till-7")
        .header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let call = app(routes, &HttpConfig::default()).oneshot(request.body(Body::empty()).unwrap());
    call.with_subscriber(tracing_subscriber::registry().with(logs)).await.unwrap();
    String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn lines_of_a_request_name_its_correlation_and_its_trace_whatever_is_logged() {
    for filter in ["info", "error"] {
        let pretty = logged(Format::Pretty, filter).await;
        assert!(pretty.contains("till-7") && pretty.contains("0af7651916cd43dd8448eb211c80319c"), "{pretty}");
        let json: serde_json::Value = serde_json::from_str(logged(Format::Json, filter).await.trim()).unwrap();
        assert_eq!(json["message"], "the soup is cold");
        assert_eq!(json["span"]["correlation_id"], "till-7");
        assert_eq!(json["span"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");
    }
}
