//! A ratio of the traces has content. It applies to whole traces and changes no counts.

use std::collections::HashMap;

use futures_util::FutureExt as _;
use llm_trace::{Capture, Policy, RedactProcessor, llm_call};
use llm_trace_tests::collector::Collector;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, SdkMeterProvider, data::AggregatedMetrics, data::MetricData};
use opentelemetry_sdk::trace::{InMemorySpanExporter, Sampler, SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::prelude::*;

const TRACES: usize = 300;
const PROMPT: &str = "sentinel-prompt-6601";
const ANSWER: &str = "sentinel-answer-6602";
const ERROR: &str = "sentinel-error-6603";

#[llm_call(provider = "openai", request = request)]
fn chat(request: &Value, answer: Value) -> Value {
    answer
}

#[llm_call(provider = "openai", request = request)]
async fn later(request: Value) -> Result<Value, std::io::Error> {
    Err(std::io::Error::other(ERROR))
}

fn request() -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": PROMPT}]})
}

fn answer() -> Value {
    json!({"model": "m-1", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": ANSWER}}], "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
}

/// A trace with a foreign span that has content, a successful call and a failed call.
fn trace() {
    tracing::info_span!("request", gen_ai.prompt = PROMPT).in_scope(|| {
        chat(&request(), answer());
        later(request()).now_or_never().expect("ready").expect_err("an error");
    });
}

struct Seen {
    /// For each trace: the number of spans, and of spans with content.
    traces: HashMap<Vec<u8>, (usize, usize)>,
    calls: u64,
    raw: Vec<u8>,
}

fn run(policy: Policy, sampler: Sampler) -> Seen {
    let collector = Collector::start();
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone()))
        .build();
    let metrics = InMemoryMetricExporter::default();
    let meters = SdkMeterProvider::builder().with_periodic_exporter(metrics.clone()).build();
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider).with_meter_provider(&meters);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || (0..TRACES).for_each(|_| trace()));
    meters.force_flush().expect("metrics");
    let mut calls = 0;
    for resource in metrics.get_finished_metrics().expect("metrics") {
        for metric in resource.scope_metrics().flat_map(|scope| scope.metrics()) {
            if let (AggregatedMetrics::F64(MetricData::Histogram(data)), "gen_ai.client.operation.duration") =
                (metric.data(), metric.name())
            {
                calls += data.data_points().map(|point| point.count()).sum::<u64>();
            }
        }
    }
    let mut traces: HashMap<_, (usize, usize)> = HashMap::new();
    for span in collector.spans() {
        let text = serde_json::to_string(&span.attributes()).expect("JSON") + span.status_message();
        let content = [PROMPT, ANSWER, ERROR].iter().any(|sentinel| text.contains(sentinel));
        let seen = traces.entry(span.span.trace_id).or_default();
        (seen.0, seen.1) = (seen.0 + 1, seen.1 + usize::from(content));
    }
    Seen { traces, calls, raw: collector.raw_bytes() }
}

fn capture() -> Policy {
    Policy::new().capture(Capture::Span)
}

#[test]
fn a_trace_has_all_of_its_content_or_none_and_all_spans_and_calls_count() {
    let seen = run(capture().content_ratio(0.25), Sampler::AlwaysOn);
    assert_eq!((seen.traces.len(), seen.calls), (TRACES, 2 * TRACES as u64));
    let with: Vec<_> = seen.traces.values().filter(|(_, content)| *content > 0).collect();
    assert!(seen.traces.values().all(|(spans, content)| *spans == 3 && [0, 3].contains(content)), "{:?}", seen.traces);
    // The expected value is 75; the bounds are six standard deviations away.
    assert!((30..=120).contains(&with.len()), "{}", with.len());
}

#[test]
fn ratios_of_zero_and_one_capture_none_and_all() {
    let none = run(capture().content_ratio(0.0), Sampler::AlwaysOn);
    assert_eq!((none.traces.len(), none.calls), (TRACES, 2 * TRACES as u64));
    for sentinel in [PROMPT, ANSWER, ERROR] {
        assert!(!none.raw.windows(sentinel.len()).any(|w| w == sentinel.as_bytes()), "{sentinel}");
    }
    let all = run(capture().content_ratio(1.0), Sampler::AlwaysOn);
    assert!(all.traces.values().all(|(spans, content)| spans == content));
}

#[test]
fn it_removes_content_and_never_adds_any() {
    for policy in [Policy::new().content_ratio(1.0), capture().mask_input(true).mask_output(true).content_ratio(1.0)] {
        let seen = run(policy, Sampler::AlwaysOn);
        for sentinel in [PROMPT, ANSWER, ERROR] {
            assert!(!seen.raw.windows(sentinel.len()).any(|w| w == sentinel.as_bytes()), "{sentinel}");
        }
    }
}

#[test]
fn the_ratio_is_independent_of_the_sampler() {
    let seen = run(capture().content_ratio(0.5), Sampler::TraceIdRatioBased(0.3));
    let (kept, with) = (seen.traces.len(), seen.traces.values().filter(|(_, content)| *content > 0).count());
    // About half of 90 is expected. All or none would mean that the ratio correlates with the sampler.
    assert!(kept > 30 && with > kept / 5 && with < kept * 4 / 5, "{with} of {kept}");
    assert_eq!(seen.calls, 2 * TRACES as u64);
}

#[test]
fn each_destination_has_its_own_ratio() {
    let (full, little) = (InMemorySpanExporter::default(), InMemorySpanExporter::default());
    let to = |exporter: &InMemorySpanExporter, policy| {
        RedactProcessor::new(SimpleSpanProcessor::new(exporter.clone()), policy)
    };
    let provider = SdkTracerProvider::builder()
        .with_span_processor(to(&full, capture()))
        .with_span_processor(to(&little, capture().content_ratio(0.2)))
        .build();
    let layer = llm_trace::layer().with_policy(capture()).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || (0..TRACES).for_each(|_| trace()));
    let with = |exporter: &InMemorySpanExporter| {
        let spans = exporter.get_finished_spans().expect("spans");
        assert_eq!(spans.len(), 3 * TRACES);
        spans.iter().filter(|span| format!("{:?}{:?}", span.attributes, span.status).contains("sentinel")).count()
    };
    assert_eq!(with(&full), 3 * TRACES);
    let little = with(&little);
    assert!(little % 3 == 0 && (60..360).contains(&little), "{little}");
}

#[test]
fn events_follow_the_trace_of_their_call() {
    let collector = Collector::start();
    let provider = collector.provider();
    let exporter = opentelemetry_sdk::logs::InMemoryLogExporter::default();
    let loggers = SdkLoggerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let policy = Policy::new().capture(Capture::Event).content_ratio(0.5);
    let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&provider).with_logger_provider(&loggers);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for _ in 0..TRACES {
            tracing::info_span!("request").in_scope(|| {
                chat(&request(), answer());
                chat(&request(), answer());
                assert!(tracing::Span::current().context().span().span_context().is_valid());
            });
        }
    });
    let mut traces: HashMap<_, (usize, usize)> = HashMap::new();
    for log in exporter.get_emitted_logs().expect("logs") {
        let trace = log.record.trace_context().expect("a trace").trace_id;
        let content = format!("{:?}", log.record).contains("sentinel");
        let seen = traces.entry(trace).or_default();
        (seen.0, seen.1) = (seen.0 + 1, seen.1 + usize::from(content));
    }
    assert_eq!(traces.len(), TRACES);
    assert!(traces.values().all(|seen| [(2, 0), (2, 2)].contains(seen)), "{traces:?}");
    assert!((TRACES / 4..=TRACES * 3 / 4).contains(&traces.values().filter(|seen| seen.1 > 0).count()));
}

/// Without a processor: the layer decides about the texts of other code inside a call.
#[test]
fn the_layer_alone_withholds_other_codes_texts_in_a_trace_without_content() {
    for (ratio, shown) in [(0.0, false), (1.0, true)] {
        let spans = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
        let layer = llm_trace::layer().with_policy(capture().content_ratio(ratio)).with_tracer_provider(&provider);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            llm_trace::LlmCall::builder("chat").provider("openai").request(&request()).run(|_| {
                let work =
                    tracing::info_span!("work", gen_ai.prompt = PROMPT, note = PROMPT, later = tracing::field::Empty);
                work.in_scope(|| tracing::info!("asked {PROMPT}"));
                work.record("later", PROMPT);
                tracing::info!(target: "rig::agent", "asked {PROMPT}");
            });
        });
        let spans = format!("{:?}", spans.get_finished_spans().expect("spans"));
        assert_eq!(spans.contains(PROMPT), shown, "{spans}");
    }
}
