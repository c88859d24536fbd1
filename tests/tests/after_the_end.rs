//! Every method of a handle after its call has ended, tested on the exported bytes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use http_body_util::{BodyExt as _, Full};
use llm_trace::{Capture, LlmCall, Operation, Policy, Usage, check, llm_call, scope};
use llm_trace_tests::collector::Collector;
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

fn request() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "early question"}]})
}

fn answer(text: &str) -> Value {
    json!({"id": text, "object": "chat.completion", "model": "gpt-4o", "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3}})
}

/// How a call ends. Each returns a handle that is left.
const ENDINGS: [fn(Operation) -> LlmCall; 5] = [
    |operation| {
        let call = start(operation);
        call.response(&answer("early")).finish();
        call
    },
    |operation| {
        let call = start(operation);
        call.fail(&std::io::Error::other("early"));
        call
    },
    |operation| {
        let call = start(operation);
        call.chunk("early").chunk("r").finish();
        call
    },
    |operation| {
        let call = start(operation);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| call.run(|| panic!("on purpose"))));
        assert!(panicked.is_err());
        call
    },
    |operation| {
        let call = start(operation);
        assert_eq!(call.stream(stream::iter(["early"])).count().now_or_never(), Some(1));
        call
    },
];

fn start(operation: Operation) -> LlmCall {
    LlmCall::builder(operation).provider("openai").request(&request()).attribute("app.when", "early").start()
}

type Write = fn(&LlmCall);

const LATE: [(&str, Write); 36] = [
    ("attribute", |call| _ = call.attribute("app.when", "late").attribute("app.late", 1)),
    ("mask_input", |call| _ = call.mask_input(true)),
    ("mask_output", |call| _ = call.mask_output(true)),
    ("usage", |call| _ = call.usage(Usage::new().input_tokens(99))),
    ("request", |call| _ = call.request(&json!({"model": "late", "seed": 1, "messages": []}))),
    ("request_json", |call| _ = call.request_json(r#"{"model": "late", "seed": 1, "messages": []}"#)),
    ("response", |call| _ = call.response(&answer("late"))),
    ("response_json", |call| _ = call.response_json(answer("late").to_string())),
    ("an error as response", |call| _ = call.response(&json!({"error": {"type": "late", "message": "late"}}))),
    ("reference", |call| _ = call.reference()),
    ("attempt", |call| _ = call.attempt("late")),
    ("run", |call| call.run(|| assert!(LlmCall::current().is_enabled()))),
    ("a panic in run", |call| {
        let run = || call.run(|| panic!("on purpose"));
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err());
    }),
    ("finish", |call| call.finish()),
    ("fail", |call| call.fail(&std::io::Error::other("late"))),
    ("chunk", |call| _ = call.chunk("late").chunk(&answer("late"))),
    ("chunk_bytes", |call| _ = call.chunk_bytes("data: {}\n\ndata: [DONE]\n\n")),
    ("stream", |call| {
        let items = call.stream(stream::iter(["late", "later"])).collect::<Vec<_>>().now_or_never();
        assert_eq!(items, Some(vec!["late", "later"]));
    }),
    ("a dropped stream", |call| drop(call.stream(stream::iter(["late"])))),
    ("body", |call| {
        let body = call.body(Full::new(Bytes::from_static(b"late"))).collect().now_or_never();
        assert_eq!(body.unwrap().unwrap().to_bytes(), "late");
    }),
    ("provider", |call| _ = call.provider("late")),
    ("model", |call| _ = call.model("late")),
    ("server", |call| _ = call.server("https://late.example")),
    ("operation", |call| _ = call.operation(Operation::Embeddings)),
    ("http_status", |call| _ = call.http_status(500)),
    ("apply", |call| {
        let late = scope().session("late").user("late").tags(["late"]).metadata("late", "late").mask_input(true);
        call.apply(&late).unwrap();
    }),
    ("answer", |call| _ = call.answer(&"late")),
    ("arguments", |call| _ = call.arguments(&"late")),
    ("result", |call| _ = call.result(&json!({"isError": true, "text": "late"}))),
    ("query", |call| _ = call.query(&"late")),
    ("documents", |call| _ = call.documents(&json!([{"id": "late", "content": "late"}]))),
    ("memories", |call| _ = call.memories(&json!([{"id": "late", "content": "late"}]))),
    ("decided", |call| _ = call.decided(&"late")),
    ("decision", |call| _ = call.decision("late")),
    ("rpc_status", |call| _ = call.rpc_status(-1)),
    ("agent_id", |call| _ = call.agent_id("late")),
];

#[test]
fn no_method_changes_what_was_exported() {
    for fields in [false, true] {
        for operation in [Operation::Chat, Operation::ExecuteTool] {
            for (number, end) in ENDINGS.into_iter().enumerate() {
                for (name, late) in LATE {
                    let case = format!("{name} after {number} of {operation:?}, fields: {fields}");
                    let collector = Collector::start();
                    let hooked = Arc::new(AtomicUsize::new(0));
                    let count = Arc::clone(&hooked);
                    let meters = collector.meter_provider();
                    let layer = llm_trace::layer()
                        .with_policy(Policy::new().capture(Capture::SpanAndEvent))
                        .with_tracer_provider(&collector.provider())
                        .with_meter_provider(&meters)
                        .with_logger_provider(&collector.logger_provider())
                        .with_fields(fields)
                        .with_call_hook(move |_| _ = count.fetch_add(1, Ordering::SeqCst));
                    let hooks = layer.call_hooks();
                    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
                        let call = end(operation.clone());
                        let exported = || {
                            meters.force_flush().unwrap();
                            hooks.flush(std::time::Duration::from_secs(5));
                            let series = format!("{:?}", collector.series());
                            let logs = format!("{:?}", collector.logs());
                            (format!("{:?}", collector.spans()), logs, series, hooked.load(Ordering::SeqCst))
                        };
                        let before = exported();
                        assert!(before.0.contains("early") && before.3 == 1, "{case}");
                        late(&call);
                        assert!(call.is_enabled());
                        drop(call);
                        assert_eq!(exported(), before, "{case}");
                    });
                }
            }
        }
    }
}

#[test]
fn streams_and_bodies_that_outlive_the_call_pass_unchanged() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    let layer = layer.with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for is_read in [true, false] {
            let (streamed, whole) = (start(Operation::Chat), start(Operation::Chat));
            let stream = streamed.stream(stream::iter(["late", "later"]));
            let body = whole.body(Full::new(Bytes::from_static(b"late")));
            streamed.finish();
            whole.fail(&std::io::Error::other("early"));
            let before = format!("{:?}", collector.spans());
            if is_read {
                assert_eq!(stream.collect::<Vec<_>>().now_or_never(), Some(vec!["late", "later"]));
                assert_eq!(body.collect().now_or_never().unwrap().unwrap().to_bytes(), "late");
            } else {
                drop((stream, body));
            }
            drop((streamed, whole));
            assert_eq!(format!("{:?}", collector.spans()), before);
        }
    });
    let outcomes: Vec<_> = collector.spans().iter().filter_map(|span| span.attribute("llm_trace.outcome")).collect();
    assert_eq!(outcomes, ["completed", "error", "completed", "error"]);
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn ends_itself() -> usize {
    LlmCall::current().response(&answer("early")).finish();
    3
}

#[test]
fn a_function_that_ends_its_call_is_not_reported_as_unread() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        ends_itself();
        let found = check().to_string();
        assert!(!found.contains("ends_itself"), "{found}");
    });
    assert_eq!(collector.span("chat gpt-4o").attribute("gen_ai.response.id"), Some(json!("early")));
}

#[test]
fn a_reference_that_is_first_taken_after_the_end_has_no_response_id() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        for (early, expected) in [(true, Some("early")), (false, None)] {
            let call = start(Operation::Chat);
            let _reference = early.then(|| call.reference());
            call.response(&answer("early")).finish();
            let late = call.reference();
            assert_eq!((late.response_id(), late.span_context().is_some()), (expected, true));
        }
    });
}

#[test]
fn masks_of_an_ended_call_apply_inside_it() {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_policy(Policy::new().capture(Capture::Span));
    let layer = layer.with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = LlmCall::builder(Operation::Chat).span_name("outer").start();
        call.response(&answer("early")).finish();
        call.mask_output(true).run(|| {
            LlmCall::builder(Operation::Chat).span_name("inner").run(|call| _ = call.response(&answer("late")));
        });
    });
    let [outer, inner] = ["outer", "inner"].map(|name| collector.span(name));
    assert_eq!(inner.span.parent_span_id, outer.span.span_id);
    let text = |masked: bool, text: &str| {
        let text = if masked { "[REDACTED]" } else { text };
        let parts = json!([{"type": "text", "content": text}]);
        Some(json!([{"role": "assistant", "parts": parts, "finish_reason": "stop"}]).to_string().into())
    };
    assert_eq!(outer.attribute("gen_ai.output.messages"), text(false, "early"));
    assert_eq!(inner.attribute("gen_ai.output.messages"), text(true, "late"));
}
