//! Which pages may call.

use crate::{config::ConfigError, correlation, idempotency, limits};
use http::{HeaderName, HeaderValue, Method, Uri, header};
use std::time::Duration;
use tower_http::cors::CorsLayer;

/// How long a browser may remember the answer.
const REMEMBERED: Duration = Duration::from_secs(600);

/// The origins of a setting, separated by commas. `null` is none: every sandboxed page of anybody has it.
pub(super) fn origins(text: &str) -> Result<Vec<String>, ConfigError> {
    let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    let check = |origin: &str| {
        if is_origin(origin) {
            return Ok(origin.to_owned());
        }
        let expected = "origin like https://pos.example";
        Err(ConfigError::Invalid { name: "ARIS_CORS_ORIGINS", value: origin.to_owned(), expected })
    };
    origins.map(check).collect()
}

/// Scheme, host, port, and nothing else, as a browser spells it.
fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else { return false };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return false };
    let is_plain = !text.contains(['@', '*']) && text == text.to_ascii_lowercase();
    matches!(scheme, "http" | "https") && is_plain && text == format!("{scheme}://{authority}")
}

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
            limits::POLICY,
            limits::STANDING,
            HeaderName::from_static("idempotency-replayed"),
        ])
        .max_age(REMEMBERED);
    Some(layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let several = origins("https://pos.example, http://localhost:3000,").unwrap();
        assert_eq!(several, ["https://pos.example", "http://localhost:3000"]);
        assert_eq!(origins(""), Ok(Vec::new()));
        let bad = ["*", "null", "pos.example", "https://pos.example/", "https://*.example", "https://Pos.example"];
        for bad in bad.into_iter().chain(["ftp://pos.example", "https://a@pos.example", "https://pos.example/a?b"]) {
            assert!(origins(bad).is_err(), "{bad}");
        }
    }
}
