//! `GET /v1/realtime`: the way into a WebSocket.

use crate::{
    close::{Close, CloseCode},
    connection::{self, socket::Socket},
    events,
    gateway::{App, Gateway},
    limits::FRAME_BYTES_MAX,
    websocket::{Handshake, Packet, handshake::NoSocket},
};
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use service_kit::{
    audit::Attempt,
    http::Takeover,
    limits::Limits,
    panics,
    problem::{Code, Problem},
};
use std::sync::Arc;
use utoipa_axum::{router::OpenApiRouter, routes};

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
    handshake: Result<Handshake, NoSocket>,
) -> Response {
    if !allowed(&headers, &gateway.origins) {
        return Problem::new(Code::PermissionMissing).detail("pages of this origin may not connect").into_response();
    }
    if gateway.shutdown.is_cancelled() {
        return Problem::new(Code::ShuttingDown).into_response();
    }
    let handshake = match handshake {
        Ok(handshake) => handshake,
        Err(why) => return not_a_socket(why),
    };
    if let Err(problem) = gateway.admit() {
        return problem.into_response();
    }
    let (answer, takeover, offers) = handshake.accept();
    let connections = gateway.connections.clone();
    connections.spawn(panics::contained(serve((takeover, offers), gateway, limits.map(|it| it.0), attempt)));
    answer
}

/// HTTP demands that 426 names the protocol that is spoken here.
fn not_a_socket(why: NoSocket) -> Response {
    let problem = Problem::new(Code::UpgradeRequired).detail(why);
    ([(header::UPGRADE, "websocket"), (header::CONNECTION, "Upgrade")], problem).into_response()
}

/// In two steps: all that the first one needs is gone when the second one begins, which is nearly all of the
/// connection's life. Not an `async fn`: that would keep room for its arguments.
fn serve(
    opening: (Takeover, bool),
    gateway: Arc<Gateway>,
    limits: Option<Limits>,
    attempt: Attempt,
) -> impl Future<Output = ()> {
    let opened = Box::pin(open(opening, gateway, limits, attempt));
    async move {
        if let Some(connection) = opened.await {
            connection::serve(connection).await;
        }
    }
}

async fn open(
    (takeover, offers): (Takeover, bool),
    gateway: Arc<Gateway>,
    limits: Option<Limits>,
    attempt: Attempt,
) -> Option<Box<connection::Connection>> {
    let socket = Socket::new(takeover.taken().await?, MESSAGE_BYTES_MAX, gateway.timing.write);
    let Some(seat) = gateway.seat() else {
        let close = Close::new(CloseCode::Full, "no more connections");
        // Whether it arrives or not, the socket goes.
        let _ = socket.send(&Packet::close(Some(close.code.number()), &close.reason())).await;
        return None;
    };
    connection::open((socket, offers), (gateway, seat), limits, attempt).await
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
