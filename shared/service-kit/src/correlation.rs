//! One id for all that a request set off: in its answer, in the events, in every log line.

use axum::{
    extract::{FromRequestParts, MatchedPath, Request},
    middleware::Next,
    response::Response,
};
use domain::limits::CORRELATION_ID_BYTES_MAX;
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use std::{convert::Infallible, sync::Arc};
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

/// The header, in requests and answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What joins the traces of one request. Cheap to clone. An extractor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The client's id, or one that was made.
    pub id: Arc<str>,
    /// The W3C trace context: of this request's span, or what the client sent while no traces are
    /// exported.
    pub traceparent: Option<Arc<str>>,
}

tokio::task_local! {
    static CURRENT: Correlation;
}

/// The id of the request that this task works on; empty outside of one.
#[must_use]
pub fn current_id() -> Arc<str> {
    CURRENT.try_with(|correlation| correlation.id.clone()).unwrap_or_else(|_| Arc::from(""))
}

impl Correlation {
    /// What the headers of a request say.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let sent = headers.get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| is_sound(id));
        let id = sent.map_or_else(|| Arc::from(Uuid::now_v7().to_string()), Arc::from);
        let trace = headers.get(TRACEPARENT).and_then(|value| value.to_str().ok());
        Self { id, traceparent: trace.filter(|text| trace_context::parse(text).is_some()).map(Arc::from) }
    }
}

impl Correlation {
    /// The id of the trace that this request is part of.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.traceparent.as_deref()?.split('-').nth(1)
    }
}

impl<S: Sync> FromRequestParts<S> for Correlation {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self::from_headers(&parts.headers)))
    }
}

/// Middleware: gives the request its correlation, and the answer its header.
pub(crate) async fn correlate(mut request: Request, next: Next) -> Response {
    let mut correlation = Correlation::from_headers(request.headers());
    let span = span(&request, &correlation.id);
    let own = trace_context::begin(&span, || name(&request), correlation.traceparent.as_deref());
    correlation.traceparent = own.map(Arc::from).or(correlation.traceparent);
    if let Some(trace_id) = correlation.trace_id() {
        span.record("trace_id", trace_id);
    }
    request.extensions_mut().insert(correlation.clone());
    let answer = CURRENT.scope(correlation.clone(), next.run(request).instrument(span.clone()));
    let mut response = answer.await;
    trace_context::answered(&span, response.status().as_u16());
    if let Ok(id) = HeaderValue::from_str(&correlation.id) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

/// What stands in every log line of the request. An error's level, so that no `RUST_LOG` takes the
/// ids out of the lines that it leaves. Probes are no part of any trace.
fn span(request: &Request, correlation_id: &str) -> Span {
    macro_rules! of {
        ($target:expr) => {
            tracing::error_span!(
                target: $target,
                parent: None,
                "request",
                otel.kind = "server",
                correlation_id,
                trace_id = Empty,
                method = %request.method(),
                path = request.uri().path(),
            )
        };
    }
    if request.uri().path().starts_with("/v1/") { of!(trace_context::TARGET) } else { of!("request") }
}

/// Method and route: few names, however many orders there are.
fn name(request: &Request) -> String {
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str);
    format!("{} {route}", request.method())
}

/// An id goes into logs and events: what is longer or stranger is replaced.
fn is_sound(id: &str) -> bool {
    (1..=CORRELATION_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn correlation(name: HeaderName, value: &str) -> Correlation {
        let headers = HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())]);
        Correlation::from_headers(&headers)
    }

    #[test]
    fn a_sound_id_is_kept_and_any_other_is_replaced() {
        assert_eq!(&*correlation(HEADER, "till-7/42").id, "till-7/42");
        for strange in ["", "a b", &"a".repeat(65)] {
            let made = correlation(HEADER, strange).id;
            assert!(made.parse::<Uuid>().is_ok(), "{strange} became {made}");
        }
    }

    #[test]
    fn only_a_trace_context_is_kept_as_one() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(correlation(TRACEPARENT, good).traceparent.as_deref(), Some(good));
        for bad in ["", "00-x", &good.to_uppercase(), &format!("{good}-00")] {
            assert_eq!(correlation(TRACEPARENT, bad).traceparent, None, "{bad}");
        }
    }
}
