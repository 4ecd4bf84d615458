//! Reads a body before anything else looks at the request: too large is told before no token.

use crate::problem::{Code, Problem};
use axum::{
    body::Body,
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use domain::limits::BODY_BYTES_MAX;
use futures::StreamExt;
use http::{HeaderMap, Method, header};
use std::time::Duration;

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);
/// What is read and thrown away of a body that is too large: who is cut off while sending may never
/// read the answer.
const THROWN_AWAY_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Middleware: reads the body of a request that has one. The handlers get it in one piece.
pub(crate) async fn limit(request: Request, next: Next) -> Response {
    // The body of a GET means nothing; nobody looks at it.
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(ARRIVES_WITHIN, read(&parts.headers, body)).await;
    let checked = match read {
        Ok(Ok(bytes)) => check_media_type(&parts.headers, &bytes).map(|()| bytes),
        Ok(Err(problem)) => Err(problem),
        Err(_) => Err(Problem::new(Code::BodyTooSlow)),
    };
    match checked {
        Ok(bytes) => next.run(Request::from_parts(parts, Body::from(bytes))).await,
        Err(problem) => problem.into_response(),
    }
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let too_large = || Problem::new(Code::BodyTooLarge).detail(format!("a body has at most {BODY_BYTES_MAX} bytes"));
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let mut chunks = body.into_data_stream();
    if announced.is_some_and(|length| length > BODY_BYTES_MAX) {
        // Who asks before sending is told before sending.
        if !headers.contains_key(header::EXPECT) {
            throw_away(chunks).await;
        }
        return Err(too_large());
    }
    let mut read = BytesMut::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new(Code::MalformedJson).detail("the body broke off"))?;
        if read.len() + chunk.len() > BODY_BYTES_MAX {
            throw_away(chunks).await;
            return Err(too_large());
        }
        if announced == Some(chunk.len()) {
            return Ok(chunk);
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}

async fn throw_away(mut chunks: axum::body::BodyDataStream) {
    let mut thrown_away = 0;
    while let Some(Ok(chunk)) = chunks.next().await {
        thrown_away += chunk.len();
        if thrown_away > THROWN_AWAY_BYTES_MAX {
            return;
        }
    }
}

/// A body that is not there needs no type. JSON is UTF-8, and a body is sent as it is: what is packed
/// would have to be unpacked to know its size.
fn check_media_type(headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
    let is_packed = headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| coding != "identity");
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let is_json = types.next().and_then(|value| value.to_str().ok()).is_some_and(is_json) && types.next().is_none();
    if body.is_empty() || (is_json && !is_packed) { Ok(()) } else { Err(Problem::new(Code::UnsupportedMediaType)) }
}

fn is_json(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/json") && parts.filter_map(|part| part.split_once('=')).all(is_harmless)
}

/// Another parameter than the character set means nothing to JSON.
fn is_harmless((name, value): (&str, &str)) -> bool {
    !name.trim().eq_ignore_ascii_case("charset") || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
}
