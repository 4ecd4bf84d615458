//! Requests that are refused or cut off whatever they ask.

use super::wire::Seen;
use crate::{
    audit::{self, Trail},
    limits::{self, Identify, Limits},
    problem::{Code, Problem},
};
use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use std::{sync::Arc, time::Duration};

/// Longest path and query in bytes.
const URI_BYTES_MAX: usize = 4_096;
/// How long an answer may take to begin, body of the request included; longer than everything that a
/// handler waits for. Streams go on for longer.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How requests are counted, if they are.
pub(super) type Counting = Option<(Limits, Option<Identify>)>;

/// Middleware: refuses what two servers would read differently, counts, answers in time, and has written down
/// what the audit wants to know. Closes a connection whose next request nobody could tell apart from a body.
pub(super) async fn guard(counting: Counting, trail: Trail, mut request: Request, next: Next) -> Response {
    let seen = request.extensions().get::<Arc<Seen>>().cloned();
    let attempt = audit::begin(&trail, &mut request);
    let mut response = match refusal(&request, seen.as_deref()) {
        Some(problem) => problem.into_response(),
        None => in_time(counting, request, next).await,
    };
    if let Some(attempt) = attempt {
        attempt.answered(&response);
    }
    let is_last = seen.is_some_and(|seen| seen.ends() || seen.doubt().is_some());
    if is_last && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn refusal(request: &Request, seen: Option<&Seen>) -> Option<Problem> {
    if let Some(doubt) = seen.and_then(Seen::doubt) {
        return Some(Problem::new(Code::MalformedRequest).detail(format!("the request has {doubt}")));
    }
    let uri = request.uri();
    let length = uri.path_and_query().map_or(0, |it| it.as_str().len());
    (length > URI_BYTES_MAX)
        .then(|| Problem::new(Code::UriTooLong).detail(format!("path and query have at most {URI_BYTES_MAX} bytes")))
}

/// No request is worked on for ever. A command that was taken in is done all the same; the same key
/// asks again.
async fn in_time(counting: Counting, request: Request, next: Next) -> Response {
    let answer = async {
        match counting {
            Some((limits, identify)) => limits::charge(limits, identify, request, next).await,
            None => next.run(request).await,
        }
    };
    tokio::time::timeout(ANSWER_WITHIN, answer).await.unwrap_or_else(|_| {
        tracing::warn!("a request was not answered in time");
        Problem::new(Code::TookTooLong)
            .detail("unknown: ask again; a command with the same key, which never does it twice")
            .into_response()
    })
}
