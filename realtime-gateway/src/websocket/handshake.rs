//! The request that opens a socket.

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use service_kit::http::Takeover;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// A request that may become a socket. An extractor.
#[derive(Debug)]
pub(crate) struct Handshake {
    takeover: Takeover,
    key: HeaderValue,
    offers: bool,
}

/// Why a request cannot become a socket, in words for its sender.
pub(crate) type NoSocket = &'static str;

/// What a client has to offer.
const SUBPROTOCOL: HeaderValue = HeaderValue::from_static(crate::limits::SUBPROTOCOL);

impl Handshake {
    /// The answer, and the connection that is a socket as soon as the answer has gone out.
    pub(crate) fn accept(self) -> (Response, Takeover, bool) {
        let accept = derive_accept_key(self.key.as_bytes());
        let switched = [(header::CONNECTION, "upgrade"), (header::UPGRADE, "websocket")];
        let accept = [(header::SEC_WEBSOCKET_ACCEPT, accept)];
        let mut answer = (StatusCode::SWITCHING_PROTOCOLS, switched, accept, Body::empty()).into_response();
        if self.offers {
            answer.headers_mut().insert(header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
        }
        (answer, self.takeover, self.offers)
    }
}

impl<S: Sync> FromRequestParts<S> for Handshake {
    type Rejection = NoSocket;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NoSocket> {
        let headers = &parts.headers;
        if parts.method != Method::GET {
            return Err("a socket is opened with GET");
        }
        let has = |name, word: &str| words(headers, name).any(|it| it.eq_ignore_ascii_case(word));
        if !has(header::CONNECTION, "upgrade") || !has(header::UPGRADE, "websocket") {
            return Err("this route is for WebSocket: send `Connection: upgrade` and `Upgrade: websocket`");
        }
        if headers.get(header::SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
            return Err("`Sec-WebSocket-Version` is 13");
        }
        let key = headers.get(header::SEC_WEBSOCKET_KEY).cloned().ok_or("`Sec-WebSocket-Key` is missing")?;
        let offers = words(headers, header::SEC_WEBSOCKET_PROTOCOL).any(|it| it == crate::limits::SUBPROTOCOL);
        let takeover = Takeover::of(parts).ok_or("this connection cannot become a socket")?;
        Ok(Self { takeover, key, offers })
    }
}

/// The words of a header that is a list.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lists = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn refusal(headers: &[(&str, &str)]) -> &'static str {
        let request = headers.iter().fold(Request::get("/"), |request, (name, value)| request.header(*name, *value));
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        Handshake::from_request_parts(&mut parts, &()).await.unwrap_err()
    }

    #[tokio::test]
    async fn what_is_no_handshake_is_told_why() {
        let all = [
            ("connection", "keep-alive, Upgrade"),
            ("upgrade", "WebSocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        for (missing, word) in [(0, "Connection"), (1, "Upgrade"), (2, "Version"), (3, "Key")] {
            let mut headers = all.to_vec();
            headers.remove(missing);
            let why = refusal(&headers).await;
            assert!(why.contains(word), "{why}");
        }
        assert_eq!(refusal(&all).await, "this connection cannot become a socket", "it is none of a server's");
    }
}
