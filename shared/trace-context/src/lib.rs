//! Joins spans to the trace of the request that set them off.
//!
//! A trace goes through the platform as a W3C `traceparent`: in the request, in the metadata of its
//! events, in the headers of their messages. Whoever handles an event opens its span with [`join`].
//! Without an exporter ([`switch_on`] was not called) nothing here does anything: no span is made.

use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, Status, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The target of all spans that are exported; others stay in the process.
pub const TARGET: &str = "trace";

/// Other traces that one span names; a batch may hold more.
pub const LINKS_MAX: usize = 32;

/// Events older than this are being repeated or caught up: their request has long been answered.
const FRESH: Duration = Duration::from_secs(60);

static ON: AtomicBool = AtomicBool::new(false);

/// From now on spans are made: there is an exporter.
pub fn switch_on() {
    ON.store(true, Ordering::Relaxed);
}

/// Reads `00-<32 hex>-<16 hex>-<2 hex>`, in lower case, as version 0 of the W3C's recommendation has
/// it. Ids of zeros only are none.
#[must_use]
pub fn parse(traceparent: &str) -> Option<SpanContext> {
    let mut parts = traceparent.split('-');
    let mut part = |length: usize| {
        let part = parts.next().filter(|part| part.len() == length)?;
        part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')).then_some(part)
    };
    let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
    if version == "ff" || parts.next().is_some() {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?);
    let (trace, span) = (TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?);
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

/// Starts the span of a request: part of the trace that the client sent, else of a new one. Answers
/// the `traceparent` for all that the request sets off; nothing without an exporter.
pub fn begin(span: &Span, name: impl FnOnce() -> String, sent: Option<&str>) -> Option<String> {
    if !ON.load(Ordering::Relaxed) {
        return None;
    }
    if let Some(parent) = sent.and_then(parse) {
        // Fails where nobody listens to this span; then its context below is none.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
    let context = span.context();
    context.span().update_name(name());
    let own = context.span().span_context().clone();
    let text = || format!("00-{}-{}-{:02x}", own.trace_id(), own.span_id(), own.trace_flags().to_u8());
    own.is_valid().then(text)
}

/// Tells a request's span how it was answered.
pub fn answered(span: &Span, status: u16) {
    if !ON.load(Ordering::Relaxed) {
        return;
    }
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(Status::error("the request failed"));
    }
}

/// A span in the trace of the first of these, with links to up to [`LINKS_MAX`] others. None is made
/// without an exporter, or when no trace is sampled: `make` is not called then.
pub fn join<'a>(traceparents: impl IntoIterator<Item = Option<&'a str>>, make: impl FnOnce() -> Span) -> Span {
    if !ON.load(Ordering::Relaxed) {
        return Span::none();
    }
    let mut sampled = traceparents.into_iter().flatten().filter_map(parse).filter(SpanContext::is_sampled);
    let Some(first) = sampled.next() else { return Span::none() };
    let span = make();
    let own = first.clone();
    let _ = span.set_parent(Context::new().with_remote_span_context(first));
    let mut links: Vec<SpanContext> = Vec::new();
    for other in sampled {
        if links.len() == LINKS_MAX {
            break;
        }
        if other != own && !links.contains(&other) {
            links.push(other);
        }
    }
    links.into_iter().for_each(|link| span.add_link(link));
    span
}

/// The trace of an event that was committed so long ago, if there is anything to add to it.
#[must_use]
pub fn worth(traceparent: Option<&str>, age: Duration) -> Option<&str> {
    traceparent
        .filter(|text| ON.load(Ordering::Relaxed) && age < FRESH && parse(text).is_some_and(|it| it.is_sampled()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn only_a_trace_context_is_read_as_one() {
        assert!(parse(GOOD).is_some_and(|it| it.is_sampled()));
        assert!(parse(&GOOD.replace("-01", "-00")).is_some_and(|it| !it.is_sampled()));
        let zeros = format!("00-{}-b7ad6b7169203331-01", "0".repeat(32));
        for bad in ["", "00-x", &GOOD.to_uppercase(), &format!("{GOOD}-00"), &GOOD.replacen("00", "ff", 1), &zeros] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn without_an_exporter_no_span_is_made() {
        assert!(join([Some(GOOD)], || panic!("made")).is_none());
        assert_eq!(begin(&Span::none(), || panic!("named"), Some(GOOD)), None);
        assert_eq!(worth(Some(GOOD), Duration::ZERO), None);
    }
}
