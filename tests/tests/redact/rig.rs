//! A call through `rig`, which writes content to its own spans and events.

use ::rig::client::CompletionClient as _;
use ::rig::completion::Prompt as _;
use ::rig::providers::openai;
use axum::{Json, Router, routing::post};
use llm_trace::{Capture, Policy, PolicyHandle, RedactLogProcessor, RedactProcessor, redact, scope};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

use crate::support::seen;

const TEXTS: [&str; 3] = ["SENTINEL-user", "SENTINEL-system", "SENTINEL-answer"];
const NONE: Vec<&str> = Vec::new();

/// The texts that a log contains.
fn seen_in(log: &Lines) -> Vec<&'static str> {
    let text = log.text();
    assert!(text.contains("gen_ai.agent.name"), "{text}");
    TEXTS.into_iter().filter(|sentinel| text.contains(sentinel)).collect()
}

/// Calls a local provider.
async fn ask() {
    let answer = || async {
        Json(serde_json::json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o-2024",
            "choices": [{"index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": "SENTINEL-answer"}}],
            "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        }))
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server =
        tokio::spawn(
            async move { axum::serve(listener, Router::new().route("/chat/completions", post(answer))).await },
        );
    let client: openai::CompletionsClient =
        openai::CompletionsClient::builder().api_key("key").base_url(&url).build().expect("a client");
    let agent = client.agent("gpt-4o").preamble("SENTINEL-system").build();
    assert_eq!(agent.prompt("SENTINEL-user").await.expect("an answer"), "SENTINEL-answer");
    server.abort();
}

/// Content of `rig`'s spans and events with this policy: in exported spans, in a log and in log records.
fn export(policy: Policy, mask: bool) -> (Collector, Lines, Collector) {
    let (spans, written, records) = (Collector::start(), Lines::default(), Collector::start());
    let handle = PolicyHandle::new(policy);
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(spans.exporter()), handle.clone());
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let processor = RedactLogProcessor::new(SimpleLogProcessor::new(records.log_exporter()), &handle);
    let loggers = SdkLoggerProvider::builder().with_log_processor(processor).build();
    let log = written.clone();
    let fmt = tracing_subscriber::fmt::layer().json().with_span_events(FmtSpan::CLOSE).with_writer(move || log.clone());
    let subscriber = tracing_subscriber::registry()
        .with(Targets::new().with_target("rig", LevelFilter::TRACE))
        .with(redact(fmt).with_policy(&handle))
        .with(OpenTelemetryTracingBridge::new(&loggers))
        .with(tracing_opentelemetry::layer().with_tracer(provider.tracer("app")));
    run(subscriber, mask);
    assert!(!records.logs().is_empty());
    (spans, written, records)
}

fn run(subscriber: impl tracing::Subscriber + Send + Sync, mask: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let _default = tracing::subscriber::set_default(subscriber);
    runtime.block_on(scope().mask_input(mask).mask_output(mask).instrument(ask()));
}

#[test]
fn nothing_of_a_call_through_rig_is_shown_below_a_masked_scope() {
    let (spans, log, records) = export(Policy::new().capture(Capture::Span), true);
    assert!(!spans.spans().is_empty());
    assert_eq!(seen(&spans, &TEXTS), NONE);
    assert_eq!(seen_in(&log), NONE);
    assert_eq!(seen(&records, &TEXTS), NONE);
}

/// At `TRACE`, `rig` logs whole requests and responses as event messages.
#[test]
fn nothing_of_a_call_through_rig_is_shown_while_capture_is_off() {
    let (spans, log, records) = export(Policy::new(), false);
    assert!(!spans.spans().is_empty());
    assert_eq!(seen(&spans, &TEXTS), NONE);
    assert_eq!(seen_in(&log), NONE);
    assert_eq!(seen(&records, &TEXTS), NONE);
}

#[test]
fn with_one_side_masked_only_content_known_to_be_of_the_other_is_exported() {
    let (spans, log, records) = export(Policy::new().capture(Capture::Span).mask_input(true), false);
    for shown in [seen(&spans, &TEXTS), seen_in(&log), seen(&records, &TEXTS)] {
        assert!(shown.iter().all(|text| *text == "SENTINEL-answer"), "{shown:?}");
    }
}

#[test]
fn a_call_through_rig_exports_its_texts_with_capture() {
    let (spans, log, records) = export(Policy::new().capture(Capture::Span), false);
    assert_eq!(seen(&spans, &TEXTS), TEXTS);
    assert_eq!(seen_in(&log), TEXTS);
    assert_eq!(seen(&records, &TEXTS), TEXTS);
}

/// The embedded OpenTelemetry layer does not record an event's target, and no processor is wrapped.
#[test]
fn our_layer_alone_redacts_the_content_of_rig() {
    for (policy, expected) in [(Policy::new(), &TEXTS[..0]), (Policy::new().capture(Capture::Span), &TEXTS)] {
        let spans = Collector::start();
        let layer = llm_trace::layer().with_policy(policy).with_tracer_provider(&spans.provider());
        let filter = Targets::new().with_target("rig", LevelFilter::TRACE);
        run(tracing_subscriber::registry().with(filter).with(layer), false);
        assert!(!spans.spans().is_empty());
        assert_eq!(seen(&spans, &TEXTS), expected);
    }
}
