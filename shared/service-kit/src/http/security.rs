//! What browsers are told about every answer, refusals included.

use crate::client::{Client, Proxies};
use axum::{extract::Request, middleware::Next, response::Response};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use std::net::SocketAddr;

/// An answer is data: it runs nothing, loads nothing, and stands in no frame.
const DATA: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The documentation runs its own scripts from its own files, and asks its own server.
const DOCUMENTATION: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                             font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                             frame-ancestors 'none'";
/// Where the documentation stands.
const DOCUMENTATION_PATH: &str = "/docs";

/// On every answer.
const ALWAYS: [(HeaderName, &str); 7] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-permitted-cross-domain-policies"), "none"),
];
/// A browser asks for this host by TLS only, for a year. Other hosts of the domain are not ours to
/// speak for.
const STRICT_TRANSPORT: &str = "max-age=31536000";

/// Middleware: finds out whose address a request has, and gives every answer its headers.
pub(super) async fn secure(proxies: Proxies, mut request: Request, next: Next) -> Response {
    let client = client(&proxies, &request);
    if let Some(client) = client {
        request.extensions_mut().insert(client);
    }
    let is_documentation = request.uri().path().strip_prefix(DOCUMENTATION_PATH).is_some_and(is_path_end);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        set(headers, name, value);
    }
    set(headers, header::CONTENT_SECURITY_POLICY, if is_documentation { DOCUMENTATION } else { DATA });
    // Answers are about this moment and this person.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if client.is_some_and(|client| client.is_https) {
        set(headers, header::STRICT_TRANSPORT_SECURITY, STRICT_TRANSPORT);
    }
    response
}

/// Requests that came over no connection have no address.
fn client(proxies: &Proxies, request: &Request) -> Option<Client> {
    let peer = request.extensions().get::<SocketAddr>()?;
    Some(proxies.client(peer.ip(), request.headers()))
}

fn is_path_end(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with('/')
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    headers.insert(name, HeaderValue::from_static(value));
}
