//! `GET …/events`: the same cursor over plain HTTP, as a page or as server-sent events.

mod follower;
mod page;
mod params;
mod sse;

use crate::{
    close::{Close, CloseCode},
    frames::{Reset, StreamName},
    gateway::App,
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};
use follower::Follower;
use identity::{Principal, filter_for, scopes::permission_for};
use params::{Asked, EventParams};
use service_kit::{
    access::Access,
    audit::Attempt,
    problem::{Code, Problem},
};

pub(crate) use page::EventPage;

/// Events of a scope after a cursor
///
/// One page of them; with `Accept: text/event-stream` they keep coming (server-sent events), each with its
/// cursor as `id`. See docs/realtime.md.
#[utoipa::path(
    get,
    path = "/v1/restaurants/{restaurant}/events",
    tag = "realtime",
    params(
        ("restaurant" = Uuid, Path),
        EventParams,
        ("Last-Event-ID" = Option<String>, Header, description = "a cursor; wins over `after`"),
    ),
    responses((status = 200, body = EventPage)),
    extensions(
        ("x-permission" = json!("that of the scope")),
        ("x-problems" = json!(["invalid-field", "bad-cursor", "cursor-gone", "overloaded", "shutting-down"])),
    ),
)]
pub(crate) async fn get_events(
    State(App(gateway)): State<App>,
    access: Access,
    attempt: Attempt,
    headers: HeaderMap,
    asked: Asked,
) -> Result<Response, Problem> {
    let name = StreamName { restaurant: access.restaurant, scope: asked.scope };
    let permission = permission_for(&name.scope);
    attempt.is_about("scope", &name.scope);
    attempt.needs(permission);
    let filter = filter_for(&access.principal, name.restaurant, &name.scope)
        .ok_or_else(|| Problem::permission_missing(permission))?;
    let follower = Follower::new(gateway, name, &filter).await.map_err(problem)?;
    if wants_stream(&headers) {
        if !matches!(access.principal, Principal::Guest(_)) {
            attempt.keep();
        }
        return sse::open(follower, asked.after, access.principal).await;
    }
    Ok(Json(page::read(follower, asked.after, asked.limit).await?).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|media| media.split(';').next().is_some_and(|media| media.trim() == sse::MEDIA_TYPE))
}

/// What ends a socket, as the answer to a request.
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn problem(close: Close) -> Problem {
    match close.code {
        CloseCode::NotFound => Problem::not_found(),
        CloseCode::Full => Problem::new(Code::Overloaded).detail("no more restaurants can be followed here"),
        _ => Problem::store_unavailable(&close),
    }
}

/// The client has to start anew, from a view.
fn gone(reset: &Reset) -> Problem {
    Problem::new(Code::CursorGone)
        .detail("read the view, then go on after its cursor")
        .fact("why", reset.why.as_str())
        .fact("view", reset.view.as_str())
        .fact("head", format!("{}.{}", reset.epoch, reset.position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_stream_is_sent_only_to_who_asks_for_it() {
        let wants = |accept| wants_stream(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]));
        assert!(wants("text/event-stream") && wants("text/html, text/event-stream;q=0.9"));
        assert!(!wants("*/*") && !wants("application/json") && !wants_stream(&HeaderMap::new()));
    }
}
