//! `GET /v1/realtime`: the way into a WebSocket.

use crate::{
    close::{Close, CloseCode},
    connection, events,
    gateway::{App, Gateway},
    limits::{FRAME_BYTES_MAX, SUBPROTOCOL},
};
use axum::{
    Extension,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use service_kit::{
    audit::Attempt,
    limits::Limits,
    panics,
    problem::{Code, Problem},
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What a client sends is short, but for its `hello`, which may take some reads. axum's own 128 KiB per connection would be
/// most of a connection's memory.
const READ_BUFFER_BYTES: usize = 1_024;
/// Beyond this a message is not read to its end. What is between it and the bound of the protocol is
/// read and refused with an orderly close.
const MESSAGE_BYTES_MAX: usize = 4 * FRAME_BYTES_MAX;

/// The routes of the gateway.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(realtime)).routes(routes!(events::get_events))
}

/// Follow restaurants live
///
/// A WebSocket with the subprotocol `aris.v1.json`. The first message is `hello`, with the token and
/// the streams; see docs/realtime.md. The token never stands in the URL.
#[utoipa::path(
    get,
    path = "/v1/realtime",
    tag = "realtime",
    params(
        ("Sec-WebSocket-Protocol" = String, Header, description = "must offer `aris.v1.json`"),
        ("Origin" = Option<String>, Header, description = "must be one of the allowed origins, if it is sent"),
    ),
    responses((status = 101, description = "The socket is open; send `hello` within 5 seconds")),
    extensions(("x-problems" = json!(["permission-missing", "upgrade-required", "overloaded", "shutting-down"]))),
    security(()),
)]
async fn realtime(
    State(App(gateway)): State<App>,
    headers: HeaderMap,
    limits: Option<Extension<Limits>>,
    attempt: Attempt,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    if !allowed(&headers, &gateway.origins) {
        return Problem::new(Code::PermissionMissing).detail("pages of this origin may not connect").into_response();
    }
    if gateway.shutdown.is_cancelled() {
        return Problem::new(Code::ShuttingDown).into_response();
    }
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(rejection) => return not_a_socket(&rejection),
    };
    if let Err(problem) = gateway.admit() {
        return problem.into_response();
    }
    upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        .on_upgrade(move |socket| {
            let connections = gateway.connections.clone();
            connections.track_future(panics::contained(serve(socket, gateway, (limits.map(|it| it.0), attempt))))
        })
}

/// HTTP demands that 426 names the protocol that is spoken here.
fn not_a_socket(rejection: &WebSocketUpgradeRejection) -> Response {
    let problem = Problem::new(Code::UpgradeRequired).detail(rejection.body_text());
    ([(header::UPGRADE, "websocket"), (header::CONNECTION, "Upgrade")], problem).into_response()
}

async fn serve(socket: WebSocket, gateway: Arc<Gateway>, (limits, attempt): (Option<Limits>, Attempt)) {
    match gateway.seat() {
        Some(_seat) => connection::serve(socket, gateway, limits, attempt).await,
        None => refuse(socket).await,
    }
}

async fn refuse(mut socket: WebSocket) {
    let close = Close::new(CloseCode::Full, "no more connections");
    let frame = CloseFrame { code: close.code.number(), reason: close.reason().into() };
    // Whether it arrives or not, the socket goes.
    let _ = socket.send(Message::Close(Some(frame))).await;
}

/// Browsers send `Origin` with every socket and cannot leave it out; other clients send none.
fn allowed(headers: &HeaderMap, origins: &[String]) -> bool {
    match headers.get(header::ORIGIN) {
        None => true,
        Some(origin) => origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_allowed_origins_may_connect() {
        let origins = ["https://pos.example".to_owned()];
        let with = |origin: &'static str| {
            HeaderMap::from_iter([(header::ORIGIN, axum::http::HeaderValue::from_static(origin))])
        };
        assert!(allowed(&HeaderMap::new(), &[]));
        assert!(allowed(&with("https://pos.example"), &origins));
        assert!(!allowed(&with("https://pos.example.evil"), &origins));
        assert!(!allowed(&with("null"), &origins));
        assert!(!allowed(&with("https://pos.example"), &[]));
    }
}
