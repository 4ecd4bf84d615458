//! Which pages may call.

use crate::{correlation, idempotency};
use http::{HeaderName, HeaderValue, Method, header};
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser may remember the answer.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What these origins may do; nothing is allowed to anybody else.
pub(super) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            idempotency::HEADER,
            correlation::HEADER,
            HeaderName::from_static("x-table-token"),
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            correlation::HEADER,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("idempotency-replayed"),
        ])
        .max_age(REMEMBERED);
    Some(layer)
}
