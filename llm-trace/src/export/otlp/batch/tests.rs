#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry::{KeyValue, StringValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};

use super::BatchProcessor;
use crate::export::counters::ExportCounters;
use crate::export::limits::Limits;
use crate::export::otlp::spans::SpanBatches;
use crate::export::record_outcome::RecordOutcome;
use crate::export::shutdown_deadline::ShutdownDeadline;

/// Keeps batches; blocks exports while `shut` is set.
#[derive(Clone, Debug, Default)]
struct Sink {
    batches: Arc<Mutex<Vec<Vec<SpanData>>>>,
    gate: Arc<(Mutex<bool>, Condvar)>,
    counters: ExportCounters,
}

impl Sink {
    fn shut(&self, shut: bool) {
        *self.gate.0.lock().unwrap() = shut;
        self.gate.1.notify_all();
    }

    fn sizes(&self) -> Vec<usize> {
        self.batches.lock().unwrap().iter().map(Vec::len).collect()
    }
}

impl SpanExporter for Sink {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        drop(self.gate.1.wait_while(self.gate.0.lock().unwrap(), |shut| *shut).unwrap());
        self.counters.settle(RecordOutcome::Exported, batch.len());
        self.batches.lock().unwrap().push(batch);
        Ok(())
    }
}

fn start(limits: Limits) -> (Sink, SdkTracerProvider) {
    let sink = Sink::default();
    let processor = BatchProcessor::start(
        SpanBatches(sink.clone()),
        (),
        limits,
        ShutdownDeadline::default(),
        sink.counters.clone(),
    )
    .unwrap();
    (sink, SdkTracerProvider::builder().with_span_processor(processor).build())
}

fn span(provider: &SdkTracerProvider, content: usize) {
    let tracer = provider.tracer("test");
    let content = KeyValue::new("gen_ai.input.messages", "x".repeat(content));
    drop(tracer.span_builder("chat").with_attributes([content]).start(&tracer));
}

/// No batch is exported because of the delay.
fn patient() -> Limits {
    Limits { delay: Duration::from_secs(3600), ..Limits::default() }
}

#[test]
fn a_batch_is_limited_by_bytes_and_by_count() {
    let (sink, provider) = start(Limits { batch_bytes: 10_000, batch_records: 4, ..patient() });
    for content in [4000, 4000, 4000, 20_000, 1, 1, 1, 1, 1] {
        span(&provider, content);
    }
    provider.force_flush().unwrap();
    assert_eq!(sink.sizes(), [2, 1, 1, 4, 1]);
}

#[test]
fn a_span_waits_no_longer_than_the_delay() {
    let (sink, provider) = start(Limits { delay: Duration::from_millis(1), ..Limits::default() });
    span(&provider, 1);
    let end = Instant::now() + Duration::from_secs(20);
    while sink.sizes().is_empty() {
        assert!(Instant::now() < end);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_full_queue_drops_content_before_spans_and_counts_both() {
    let limits = Limits { queue_bytes: 10_000, batch_records: 1, queue_records: 20, ..patient() };
    let (sink, provider) = start(limits);
    sink.shut(true);
    for _ in 0..60 {
        span(&provider, 3000);
    }
    let held = sink.counters.stats();
    assert_eq!(held.exported, 0);
    assert!(held.content_dropped > 0 && held.queue_full > 0, "{held:?}");
    sink.shut(false);
    provider.shutdown().unwrap();
    let stats = sink.counters.stats();
    assert_eq!((stats.exported + stats.queue_full, stats.dropped()), (60, stats.queue_full), "{stats:?}");
    let batches = sink.batches.lock().unwrap();
    let with_content = |s: &&SpanData| s.attributes.iter().any(|kv| kv.key.as_str() == "gen_ai.input.messages");
    let spans: Vec<_> = batches.iter().flatten().collect();
    assert_eq!(spans.iter().copied().filter(with_content).count(), 3);
    let said = spans.iter().filter(|s| s.attributes.iter().any(|kv| kv.key.as_str() == "llm_trace.redaction")).count();
    assert_eq!(said as u64, stats.content_dropped);
}

#[test]
fn spans_of_many_threads_arrive_once_each_and_release_their_bytes() {
    let (sink, provider) = start(Limits { batch_records: 7, queue_records: 4096, ..patient() });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..500).for_each(|_| span(&provider, 10)));
        }
    });
    provider.shutdown().unwrap();
    let mut ids: Vec<_> =
        sink.batches.lock().unwrap().iter().flatten().map(|s| s.span_context.span_id().to_string()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((ids.len(), sink.counters.stats().dropped()), (2000, 0));
}

#[test]
fn spans_left_at_the_deadline_and_later_ones_are_counted() {
    let (sink, provider) = start(Limits { batch_records: 1, ..patient() });
    sink.shut(true);
    for _ in 0..10 {
        span(&provider, 1);
    }
    assert!(provider.shutdown_with_timeout(Duration::from_millis(20)).is_err());
    sink.shut(false);
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let stats = sink.counters.stats();
        if stats.exported + stats.shutdown == 10 {
            break assert!(stats.shutdown > 0);
        }
        assert!(Instant::now() < end, "{stats:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_size_is_a_close_upper_bound() {
    use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
    use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
    use prost::Message;
    let (sink, provider) = start(patient());
    let tracer = provider.tracer("test");
    let mut attributes: Vec<_> = (0..20).map(|n| KeyValue::new(format!("key.number.{n}"), i64::MAX - n)).collect();
    attributes.push(KeyValue::new("text", "é".repeat(5000)));
    attributes.push(KeyValue::new("reasons", Value::Array(vec![StringValue::from("stop"), "length".into()].into())));
    attributes.push(KeyValue::new("ratio", 0.5));
    drop(tracer.span_builder("chat").with_attributes(attributes).start(&tracer));
    provider.force_flush().unwrap();
    let span = sink.batches.lock().unwrap()[0][0].clone();
    let bound = super::Record::size(&span);
    let resource = group_spans_by_resource_and_scope(vec![span], &ResourceAttributesWithSchema::default());
    let real = resource[0].scope_spans[0].spans[0].encoded_len();
    assert!(real <= bound && bound < real + real / 10, "{real} {bound}");
}
