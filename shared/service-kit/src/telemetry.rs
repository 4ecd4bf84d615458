//! Logs, metrics and traces of a process.

use metrics::Unit;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry_sdk::trace::SdkTracer;
use std::{io::IsTerminal, sync::OnceLock, time::Duration};
use tracing::{Metadata, Subscriber, subscriber::Interest};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::dynamic_filter_fn,
    fmt::{self, MakeWriter},
    layer::SubscriberExt,
    registry,
    registry::LookupSpan,
    util::SubscriberInitExt,
};

mod otlp;
mod span_queue;
#[cfg(test)]
mod tests;

/// Seconds from a request to its answer, by method, route and status.
pub const HTTP_REQUEST_DURATION_SECONDS: &str = "http_request_duration_seconds";
/// Requests, by method, route and status.
pub const HTTP_REQUESTS_TOTAL: &str = "http_requests_total";
/// Sockets that are open now.
pub const ACTIVE_SOCKET_CONNECTIONS: &str = "active_socket_connections";
/// Orders that were placed; repeats are not counted again.
pub const ORDER_CREATION_TOTAL: &str = "order_creation_total";

/// What is logged when `RUST_LOG` says nothing else.
const DEFAULT_FILTER: &str = "info,sqlx=warn,async_nats=warn,hyper=warn";

/// Upper bounds of the buckets of every metric that ends in `_seconds`: 0.5 ms to 10 s.
const SECONDS_BUCKETS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
/// Upper bounds of the buckets of everything else that is measured: sizes and counts.
const COUNT_BUCKETS: [f64; 11] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 1024.0, 4096.0];

/// How often samples are folded into their buckets.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// For people.
    #[default]
    Pretty,
    /// For machines: one JSON object per line.
    Json,
}

/// Starts logs (to standard error), metrics, and traces if `OTEL_EXPORTER_OTLP_ENDPOINT` is set. The
/// first call of a process counts; `RUST_LOG` chooses what is logged.
pub fn init(format: Format) {
    let (tracer, problem) = match otlp::tracer() {
        Ok(tracer) => (tracer, None),
        Err(problem) => (None, Some(problem)),
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    // Whoever was first keeps the logs: tests start several services in one process.
    match tracer {
        None => drop(registry().with(filter).with(lines(format, std::io::stderr, in_colour())).try_init()),
        Some(tracer) => {
            let logs = lines(format, std::io::stderr, in_colour()).with_filter(filter);
            if registry().with(logs).with(spans(tracer)).try_init().is_ok() {
                trace_context::switch_on();
            }
        }
    }
    if let Some(problem) = problem {
        tracing::warn!(problem, "this process has no traces");
    }
    let _ = metrics_handle();
}

/// Sends the spans that wait; at most two seconds. Call it last.
pub fn end() {
    otlp::flush();
}

/// Whether somebody looks at the lines who can see colours: no file, no pipe, nobody who wants none (`NO_COLOR`).
fn in_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Log lines in this format; in colour only those for people.
fn lines<S, W>(format: Format, writer: W, in_colour: bool) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let lines = fmt::layer().with_writer(writer).with_ansi(in_colour);
    match format {
        Format::Pretty => lines.compact().boxed(),
        Format::Json => lines.json().flatten_event(true).boxed(),
    }
}

/// What makes exported spans of ours; log lines and everybody else's spans stay here.
fn spans<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
    let is_ours = |it: &Metadata<'_>| it.is_span() && it.target() == trace_context::TARGET;
    // Asked anew for each of our spans, never decided for good: a filter of one layer answers for its
    // thread's last question, which may have been about something else (sqlx asks without logging).
    let each_time = move |it: &Metadata<'_>| if is_ours(it) { Interest::sometimes() } else { Interest::never() };
    layer.with_filter(dynamic_filter_fn(move |it, _| is_ours(it)).with_callsite_filter(each_time))
}

/// Renders the metrics of this process; installs the recorder when it is first asked for. `None`
/// where another recorder was installed before.
pub fn metrics_handle() -> Option<&'static PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(install_recorder).as_ref()
}

fn install_recorder() -> Option<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS_BUCKETS)
        .and_then(|builder| builder.set_buckets(&COUNT_BUCKETS))
        .and_then(PrometheusBuilder::install_recorder);
    match handle {
        Ok(handle) => {
            describe();
            keep_up(handle.clone());
            Some(handle)
        }
        Err(error) => {
            tracing::warn!(%error, "this process has no metrics");
            None
        }
    }
}

/// Samples wait in memory until somebody renders them; where nobody scrapes, this thread does it.
fn keep_up(handle: PrometheusHandle) {
    let upkeep = move || {
        loop {
            std::thread::sleep(UPKEEP_EVERY);
            handle.run_upkeep();
        }
    };
    if let Err(error) = std::thread::Builder::new().name("metrics-upkeep".to_owned()).spawn(upkeep) {
        tracing::warn!(%error, "metrics take more memory until they are scraped");
    }
}

/// The basic four stand in the output from the start, also before the first request.
fn describe() {
    metrics::describe_histogram!(HTTP_REQUEST_DURATION_SECONDS, "Seconds from a request to its answer");
    metrics::describe_counter!(HTTP_REQUESTS_TOTAL, "Requests");
    metrics::describe_counter!("trace_spans_exported_total", Unit::Count, "Spans that the collector took");
    metrics::describe_counter!("trace_spans_dropped_total", Unit::Count, "Spans that did not reach the collector");
    metrics::describe_gauge!(ACTIVE_SOCKET_CONNECTIONS, "Sockets that are open now");
    metrics::describe_counter!(ORDER_CREATION_TOTAL, "Orders that were placed");
    metrics::gauge!(ACTIVE_SOCKET_CONNECTIONS).set(0.0);
    metrics::counter!(ORDER_CREATION_TOTAL).absolute(0);
}
