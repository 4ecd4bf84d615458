//! Spans on their way to a collector, by OTLP (protobuf over HTTP). Off unless an address is set.

use super::span_queue::SpanQueue;
use opentelemetry::{KeyValue, trace::TracerProvider};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{
    Resource,
    trace::{SdkTracer, SdkTracerProvider},
};
use std::sync::OnceLock;

/// Where spans go, for all signals or for traces alone.
const ADDRESSES: [&str; 2] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];

static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// A tracer, if an address is set. Sampler, headers and time limits are read from the `OTEL_…`
/// variables of the OpenTelemetry specification.
///
/// # Errors
/// What is wrong with the settings; the process goes on without traces.
pub(super) fn tracer() -> Result<Option<SdkTracer>, String> {
    let addresses = ADDRESSES.map(|name| std::env::var(name).unwrap_or_default());
    if addresses.iter().all(String::is_empty) {
        return Ok(None);
    }
    if addresses.iter().any(|address| address.starts_with("https:")) {
        return Err("spans go out without TLS: name a collector on this machine by http://".to_owned());
    }
    let exporter = SpanExporter::builder().with_http().build().map_err(|error| error.to_string())?;
    let resource = resource();
    let queue = SpanQueue::start(exporter, &resource).map_err(|error| error.to_string())?;
    let provider = SdkTracerProvider::builder().with_span_processor(queue).with_resource(resource).build();
    let tracer = provider.tracer("arisgourmet");
    // Kept for `end`: the last spans of a process wait in the queue.
    let _ = PROVIDER.set(provider);
    Ok(Some(tracer))
}

/// Sends what waits; at most two seconds.
pub(super) fn flush() {
    if let Some(provider) = PROVIDER.get()
        && let Err(error) = provider.force_flush()
    {
        tracing::warn!(%error, "the last spans are lost");
    }
}

fn resource() -> Resource {
    let mut resource = Resource::builder();
    if std::env::var("OTEL_SERVICE_NAME").unwrap_or_default().is_empty() {
        resource = resource.with_service_name("arisgourmet");
    }
    let node = crate::config::env_or("ARIS_NODE", "");
    if !node.is_empty() {
        resource = resource.with_attribute(KeyValue::new("service.instance.id", node));
    }
    resource.build()
}
