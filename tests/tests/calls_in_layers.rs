//! Calls that another layer makes while the span of a call is created. `tracing` lets a layer do so only under the global
//! default subscriber, which a process has once.

use std::sync::atomic::{AtomicBool, Ordering};

use llm_trace::{Capture, LlmCall, Policy, RedactProcessor, llm_call, scope};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing::Subscriber;
use tracing::span::{Attributes, Id};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;

/// Makes a call when the span of the call `outer` is created, while it is switched on.
struct Calls(&'static AtomicBool);

static INSIDE: AtomicBool = AtomicBool::new(false);
static OUTSIDE: AtomicBool = AtomicBool::new(false);

impl<S: Subscriber> Layer<S> for Calls {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let is_call = attributes.metadata().fields().field("gen_ai.operation.name").is_some();
        // Switched off first: the span of the inner call passes here too.
        if is_call && self.0.swap(false, Ordering::Relaxed) {
            inner(&body("SENTINEL-inner-question"));
        }
    }
}

fn body(question: &str) -> Value {
    json!({"model": "m", "messages": [{"role": "user", "content": question}]})
}

fn answer(id: &str, text: &str) -> Value {
    json!({"id": id, "object": "chat.completion", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": text}}], "usage": {"prompt_tokens": 10, "completion_tokens": 5}})
}

#[llm_call(name = "inner", provider = "openai", request = body)]
fn inner(body: &Value) -> Value {
    answer("i", "SENTINEL-inner-answer")
}

#[llm_call(name = "outer", provider = "openai", request = body, mask_input)]
fn outer(body: &Value) -> Value {
    LlmCall::current().attribute("app.step", "inside");
    tracing::info_span!("work").in_scope(|| ());
    answer("o", "SENTINEL-outer-answer")
}

#[test]
fn a_call_made_while_another_calls_span_is_created_is_beside_it() {
    let collector = Collector::start();
    let policy = Policy::new().capture(Capture::Span);
    let guard = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone());
    let provider = SdkTracerProvider::builder().with_span_processor(guard).build();
    let subscriber = tracing_subscriber::registry()
        .with(Calls(&INSIDE))
        .with(llm_trace::layer().with_policy(policy).with_tracer_provider(&provider))
        .with(Calls(&OUTSIDE));
    tracing::subscriber::set_global_default(subscriber).expect("no default");
    for (place, side) in [("inside", &INSIDE), ("outside", &OUTSIDE)] {
        for masked in [false, true] {
            collector.clear();
            side.store(true, Ordering::Relaxed);
            let request = || tracing::info_span!("request").in_scope(|| outer(&body("SENTINEL-outer-question")));
            scope().conversation("c").mask_output(masked).run(request);
            assert_eq!(collector.spans().len(), 4, "{place} {masked}");
            check(&collector, masked);
        }
    }
}

fn check(collector: &Collector, masked: bool) {
    let [request, outer, inner, work] = ["request", "outer", "inner", "work"].map(|name| collector.span(name));
    assert_eq!(outer.span.parent_span_id, request.span.span_id);
    assert_eq!(inner.span.parent_span_id, request.span.span_id);
    assert_eq!(work.span.parent_span_id, outer.span.span_id);
    // Each call has its own start.
    assert!(outer.span.start_time_unix_nano <= inner.span.start_time_unix_nano);
    assert!(inner.span.end_time_unix_nano <= work.span.start_time_unix_nano);
    let expected = |id: &str, step: Option<&str>| {
        [
            ("gen_ai.operation.name", Some(json!("chat"))),
            ("gen_ai.provider.name", Some(json!("openai"))),
            ("gen_ai.request.model", Some(json!("m"))),
            ("gen_ai.response.id", Some(json!(id))),
            ("gen_ai.usage.input_tokens", Some(json!(10))),
            ("gen_ai.conversation.id", Some(json!("c"))),
            ("llm_trace.outcome", Some(json!("completed"))),
            ("app.step", step.map(Value::from)),
        ]
    };
    for (span, expected) in [(&outer, expected("o", Some("inside"))), (&inner, expected("i", None))] {
        assert_eq!(span.span.kind, SpanKind::Client as i32);
        for (key, value) in expected {
            assert_eq!(span.attribute(key), value, "{key}");
        }
    }
    // The scope masks both outputs. The mask of the outer call is its own.
    let shows = |span: &ReceivedSpan, key: &str| span.attribute(key).unwrap().to_string().contains("SENTINEL");
    let shown = |span| (shows(span, "gen_ai.input.messages"), shows(span, "gen_ai.output.messages"));
    assert_eq!((shown(&outer), shown(&inner)), ((false, !masked), (true, !masked)));
}
