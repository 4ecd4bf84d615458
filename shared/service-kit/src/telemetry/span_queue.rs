//! Between whoever ends a span and the collector: a bounded queue and one thread. A full queue drops
//! spans and counts them; nobody ever waits for the collector.

use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::{OTelSdkError, OTelSdkResult},
    trace::{Span, SpanData, SpanExporter, SpanProcessor},
};
use std::{io, sync::mpsc as blocking, time::Duration};
use tokio::{
    runtime::Builder,
    sync::mpsc::{self, Receiver, Sender},
    time::sleep,
};

/// Spans that may wait.
const QUEUE_MAX: usize = 8_192;
/// Spans in one request to the collector.
const BATCH_MAX: usize = 1_024;
/// Pause after a request that was not full, so that few spans do not make many requests.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the end of a process waits for the collector.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

/// Who wants to know when all that waits was sent.
type Waiter = blocking::SyncSender<()>;

#[derive(Debug)]
pub(super) struct SpanQueue {
    spans: Sender<SpanData>,
    flushes: Sender<Waiter>,
}

impl SpanQueue {
    /// Starts the thread. It ends with the process.
    pub(super) fn start(mut exporter: impl SpanExporter + 'static, resource: &Resource) -> io::Result<Self> {
        exporter.set_resource(resource);
        let (spans, mut waiting) = mpsc::channel(QUEUE_MAX);
        let (flushes, mut asked) = mpsc::channel(1);
        // Its own runtime: a busy process must not keep its spans, nor they it.
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let work = move || runtime.block_on(work(&exporter, &mut waiting, &mut asked));
        std::thread::Builder::new().name("spans".to_owned()).spawn(work)?;
        Ok(Self { spans, flushes })
    }
}

async fn work(exporter: &impl SpanExporter, waiting: &mut Receiver<SpanData>, asked: &mut Receiver<Waiter>) {
    loop {
        let mut batch = Vec::new();
        let waiter = tokio::select! {
            biased;
            waiter = asked.recv() => match waiter {
                Some(waiter) => Some(waiter),
                None => return,
            },
            _ = waiting.recv_many(&mut batch, BATCH_MAX) => None,
        };
        let few = batch.len() < BATCH_MAX;
        export(exporter, batch).await;
        if let Some(waiter) = waiter {
            drain(exporter, waiting).await;
            // Who has stopped waiting needs no answer.
            let _ = waiter.try_send(());
        } else if few {
            sleep(PAUSE).await;
        }
    }
}

async fn drain(exporter: &impl SpanExporter, waiting: &mut Receiver<SpanData>) {
    for _ in 0..QUEUE_MAX.div_ceil(BATCH_MAX) {
        let mut batch = Vec::new();
        while batch.len() < BATCH_MAX
            && let Ok(span) = waiting.try_recv()
        {
            batch.push(span);
        }
        export(exporter, batch).await;
    }
}

async fn export(exporter: &impl SpanExporter, batch: Vec<SpanData>) {
    let spans = batch.len() as u64;
    if spans == 0 {
        return;
    }
    match exporter.export(batch).await {
        Ok(()) => metrics::counter!("trace_spans_exported_total").increment(spans),
        Err(error) => {
            metrics::counter!("trace_spans_dropped_total", "why" => "refused").increment(spans);
            tracing::debug!(%error, spans, "the collector did not take spans");
        }
    }
}

impl SpanProcessor for SpanQueue {
    fn on_start(&self, _: &mut Span, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if span.span_context.is_sampled() && self.spans.try_send(span).is_err() {
            metrics::counter!("trace_spans_dropped_total", "why" => "full").increment(1);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        let (done, end) = blocking::sync_channel(1);
        let asked = self.flushes.try_send(done).map_err(|error| OTelSdkError::InternalFailure(error.to_string()));
        asked.and_then(|()| end.recv_timeout(FLUSH_WITHIN).map_err(|_| OTelSdkError::Timeout(FLUSH_WITHIN)))
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.force_flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metrics_exporter_prometheus::PrometheusBuilder;
    use opentelemetry::trace::{Tracer, TracerProvider};
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    /// A collector that never answers, or one that counts.
    #[derive(Debug)]
    enum Collector {
        Stuck,
        Counting(Arc<AtomicUsize>),
    }

    impl SpanExporter for Collector {
        async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
            match self {
                Self::Stuck => std::future::pending().await,
                Self::Counting(count) => drop(count.fetch_add(batch.len(), Ordering::SeqCst)),
            }
            Ok(())
        }
    }

    fn provider(collector: Collector) -> SdkTracerProvider {
        let queue = SpanQueue::start(collector, &Resource::builder_empty().build()).unwrap();
        SdkTracerProvider::builder().with_span_processor(queue).build()
    }

    fn end_spans(provider: &SdkTracerProvider, count: usize) {
        let tracer = provider.tracer("test");
        (0..count).for_each(|_| drop(tracer.start("work")));
    }

    #[test]
    fn a_full_queue_drops_and_counts_and_nobody_waits() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let provider = provider(Collector::Stuck);
        const TOO_MANY: usize = 100;
        metrics::with_local_recorder(&recorder, || end_spans(&provider, QUEUE_MAX + BATCH_MAX + TOO_MANY));
        let text = recorder.handle().render();
        let dropped = text.lines().find_map(|it| it.strip_prefix("trace_spans_dropped_total{why=\"full\"} "));
        assert!(dropped.is_some_and(|it| it.parse::<usize>().unwrap() >= TOO_MANY), "{text}");
    }

    #[test]
    fn a_flush_sends_all_that_waits() {
        let count = Arc::new(AtomicUsize::new(0));
        let provider = provider(Collector::Counting(count.clone()));
        end_spans(&provider, 3_000);
        provider.force_flush().unwrap();
        assert_eq!(count.load(Ordering::SeqCst), 3_000);
    }
}
