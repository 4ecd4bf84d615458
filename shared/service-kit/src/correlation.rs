//! One id for all that a request set off: in its answer, in the events, in every log line.

use axum::{
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::Response,
};
use domain::limits::CORRELATION_ID_BYTES_MAX;
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use std::{convert::Infallible, sync::Arc};
use tracing::Instrument;
use uuid::Uuid;

/// The header, in requests and answers.
pub const HEADER: HeaderName = HeaderName::from_static("x-correlation-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// What joins the traces of one request. Cheap to clone. An extractor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correlation {
    /// The client's id, or one that was made.
    pub id: Arc<str>,
    /// The W3C trace context that the client sent.
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
        Self { id, traceparent: trace.filter(|text| is_traceparent(text)).map(Arc::from) }
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
    let correlation = Correlation::from_headers(request.headers());
    let span = tracing::info_span!(
        "request",
        correlation_id = %correlation.id,
        method = %request.method(),
        path = request.uri().path(),
    );
    request.extensions_mut().insert(correlation.clone());
    let answer = CURRENT.scope(correlation.clone(), next.run(request).instrument(span));
    let mut response = answer.await;
    if let Ok(id) = HeaderValue::from_str(&correlation.id) {
        response.headers_mut().insert(HEADER, id);
    }
    response
}

/// An id goes into logs and events: what is longer or stranger is replaced.
fn is_sound(id: &str) -> bool {
    (1..=CORRELATION_ID_BYTES_MAX).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `00-<32 hex>-<16 hex>-<2 hex>`; later versions may append more, which is not kept.
fn is_traceparent(text: &str) -> bool {
    let lengths = [2, 32, 16, 2];
    let parts: Vec<&str> = text.split('-').collect();
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    parts.len() == lengths.len() && parts.iter().zip(lengths).all(|(part, length)| part.len() == length && is_hex(part))
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
