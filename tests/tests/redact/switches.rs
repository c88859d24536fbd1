//! A mask that is switched on in the middle of a stream covers the whole call, in every place that the call reaches.

use std::sync::mpsc::channel;
use std::time::Duration;

use llm_trace::{Capture, FinishedCall, LlmCall, Policy, PolicyHandle, RedactProcessor, TraceUpdate, scope};
use llm_trace_tests::collector::{Answer, Collector};
use llm_trace_tests::lines::Lines;
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

const WORD: &str = "SENTINEL";

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

fn masked(policy: Policy) -> Policy {
    policy.mask_input(true).mask_output(true)
}

/// A streaming call with the word in its history, its chunks, a merged call and its error. `switch` runs between two
/// chunks.
fn stream(switch: impl FnOnce()) {
    let messages = json!([{"role": "user", "content": WORD}, {"role": "assistant", "content": WORD}]);
    let request = json!({"model": "m", "messages": messages, "stream": true});
    let chunk = |delta: Value| json!({"id": "r", "model": "m", "choices": [{"index": 0, "delta": delta}]});
    scope().update_trace(TraceUpdate::INPUT | TraceUpdate::OUTPUT).run(|| {
        let call = LlmCall::builder("chat").provider("openai").request(&request).start();
        call.chunk(&chunk(json!({"role": "assistant", "content": WORD, "reasoning_content": WORD})));
        call.run(|| LlmCall::builder("chat").provider("openai").request(&request).run(|_| ()));
        switch();
        call.chunk(&chunk(
            json!({"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": WORD}}]}),
        ));
        call.chunk(&json!({"error": {"message": WORD, "type": "server_error"}}));
        call.finish();
    });
}

#[test]
fn a_mask_in_the_middle_of_a_stream_covers_spans_events_and_the_hook() {
    for switches in [false, true] {
        let got = Collector::start();
        let policy = PolicyHandle::new(open());
        let guarded = RedactProcessor::new(SimpleSpanProcessor::new(got.exporter()), &policy);
        let provider = SdkTracerProvider::builder().with_span_processor(guarded).build();
        let (sender, calls) = channel();
        let layer = llm_trace::layer()
            .with_policy(&policy)
            .with_tracer_provider(&provider)
            .with_logger_provider(&got.logger_provider())
            .with_call_hook(move |call: &FinishedCall| drop(sender.send(format!("{call:?}"))));
        let hooks = layer.call_hooks();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            stream(|| {
                if switches {
                    policy.update(masked)
                }
            });
        });
        assert!(hooks.flush(Duration::from_secs(30)));
        let calls: Vec<String> = calls.try_iter().collect();
        assert!(!calls.is_empty() && !got.logs().is_empty() && !got.spans().is_empty());
        assert_eq!(got.saw(WORD), !switches, "{:?}", got.spans());
        assert_eq!(calls.iter().any(|call| call.contains(WORD)), !switches, "{calls:?}");
    }
}

#[test]
fn a_mask_in_the_middle_of_a_stream_covers_fields() {
    for switches in [false, true] {
        let policy = PolicyHandle::new(open());
        let layer = llm_trace::layer().with_policy(&policy).with_content_fields(true);
        let log = Lines::default();
        let writer = log.clone();
        let fmt = tracing_subscriber::fmt::layer().json().with_span_events(FmtSpan::CLOSE);
        let fmt = fmt.with_writer(move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(fmt), || {
            stream(|| {
                if switches {
                    policy.update(masked)
                }
            });
        });
        assert!(log.text().contains("gen_ai.request.model"));
        assert_eq!(log.text().contains(WORD), !switches, "{}", log.text());
    }
}

#[test]
fn each_processor_follows_its_own_policy() {
    let (all, none) = (Collector::start(), Collector::start());
    let provider = SdkTracerProvider::builder()
        .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(all.exporter()), open()))
        .with_span_processor(RedactProcessor::new(SimpleSpanProcessor::new(none.exporter()), masked(open())))
        .build();
    let layer = llm_trace::layer().with_policy(open()).with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || stream(|| ()));
    assert!(all.saw(WORD));
    assert!(!none.saw(WORD) && !none.spans().is_empty(), "{:?}", none.spans());
}

#[test]
fn a_request_that_is_being_retried_is_sent_unchanged() {
    let collector = Collector::start();
    collector.answer_next([Answer::Status(503, Some(1))]);
    let parts = llm_trace::export::from_lookup(&|name| match name {
        "OTEL_ENDPOINT" => Some(collector.endpoint()),
        "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT" => Some("span_only".to_owned()),
        "OTEL_BSP_SCHEDULE_DELAY" => Some("10".to_owned()),
        _ => None,
    });
    let parts = parts.unwrap();
    let call = |text: &str| {
        let request = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        });
    };
    call(WORD);
    collector.wait_for(Duration::from_secs(30), |requests| !requests.is_empty());
    call("ANOTHER");
    parts.policy.update(masked);
    collector.clear();
    assert!(parts.telemetry.flush());
    assert!(collector.saw(WORD) && !collector.saw("ANOTHER") && collector.saw("[REDACTED]"));
}
