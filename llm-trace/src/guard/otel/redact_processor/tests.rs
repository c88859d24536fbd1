use std::sync::Arc;

use opentelemetry::trace::{Span as _, SpanContext, Status, Tracer as _, TracerProvider as _};
use opentelemetry::{Array, Context, KeyValue, Value};
use opentelemetry_sdk::trace::{
    BatchSpanProcessor, InMemorySpanExporter, SdkTracerProvider, SimpleSpanProcessor, SpanData,
};

use super::{RedactExporter, RedactProcessor};
use crate::ambient::context::MaskContext;
use crate::ambient::mask_context::{Filtered, SharedMasks, WrittenContent, enter};
use crate::policy::{Capture, Masks, Policy, PolicyHandle};

const SECRET: &str = "the secret";

fn pipeline(policy: impl Into<PolicyHandle>) -> (SdkTracerProvider, InMemorySpanExporter) {
    let exporter = InMemorySpanExporter::default();
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(exporter.clone()), policy);
    (SdkTracerProvider::builder().with_span_processor(processor).build(), exporter)
}

fn finished(exporter: &InMemorySpanExporter) -> SpanData {
    exporter.get_finished_spans().expect("not poisoned").pop().expect("a span")
}

fn get<'s>(span: &'s SpanData, key: &str) -> Option<&'s Value> {
    span.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
}

fn open() -> Policy {
    Policy::new().capture(Capture::Span)
}

/// A span of another crate with content in every part that can hold text.
fn foreign(provider: &SdkTracerProvider, cx: &Context) {
    let mut span = provider.tracer("other").start_with_context("work", cx);
    span.set_attribute(KeyValue::new("gen_ai.prompt.0.content", SECRET));
    span.set_attribute(KeyValue::new("gen_ai.completion.0.content", SECRET));
    span.set_attribute(KeyValue::new("gen_ai.request.model", "m"));
    span.set_attribute(KeyValue::new("note", SECRET));
    span.set_attribute(KeyValue::new("notes", Value::Array(Array::String(vec![SECRET.into()]))));
    span.set_attribute(KeyValue::new("tries", 3));
    span.add_event(SECRET, vec![KeyValue::new("body", SECRET)]);
    span.add_event("exception", vec![KeyValue::new("exception.message", SECRET)]);
    let linked = SpanContext::empty_context();
    span.add_link(linked, vec![KeyValue::new("why", SECRET)]);
    span.set_status(Status::error(SECRET));
}

fn below(masks: Masks) -> Context {
    MaskContext::with(&Context::new(), SharedMasks::new(masks))
}

#[test]
fn below_a_masked_call_no_text_of_another_crate_gets_out() {
    let (provider, exporter) = pipeline(open());
    foreign(&provider, &below(Masks::all()));
    let span = finished(&exporter);
    assert!(!format!("{span:?}").contains(SECRET), "{span:?}");
    assert_eq!(get(&span, "gen_ai.request.model"), Some(&"m".into()));
    assert_eq!(get(&span, "tries"), Some(&3.into()));
    assert_eq!(get(&span, "note"), Some(&"[REDACTED]".into()));
    assert_eq!(span.events.events.len(), 2);
    let report = get(&span, "llm_trace.redaction").map(ToString::to_string).expect("a report");
    assert!(report.contains("masked:text=2") && report.contains("masked:error=2"), "{report}");
}

#[test]
fn below_an_open_call_everything_gets_out() {
    let (provider, exporter) = pipeline(open());
    foreign(&provider, &below(Masks::new()));
    let span = finished(&exporter);
    assert_eq!(format!("{span:?}").matches(SECRET).count(), 9, "{span:?}");
    assert_eq!(get(&span, "llm_trace.redaction"), None);
}

#[test]
fn outside_of_every_call_content_and_error_texts_stay_in_while_capture_is_off() {
    let (provider, exporter) = pipeline(Policy::new());
    foreign(&provider, &Context::new());
    let span = finished(&exporter);
    assert_eq!(get(&span, "gen_ai.prompt.0.content"), None);
    assert_eq!(get(&span, "gen_ai.completion.0.content"), None);
    assert_eq!(span.status, Status::error(""));
    // The span is a model call: everything except facts is content.
    assert!(!format!("{span:?}").contains(SECRET), "{span:?}");
    let mut span = provider.tracer("other").start("work");
    span.set_attribute(KeyValue::new("note", SECRET));
    span.add_event(SECRET, vec![]);
    span.end();
    let span = finished(&exporter);
    assert_eq!(get(&span, "note"), Some(&SECRET.into()));
    assert_eq!(span.events.events[0].name, SECRET);
}

#[test]
fn a_mask_set_after_the_start_holds() {
    let (provider, exporter) = pipeline(open());
    let masks = SharedMasks::new(Masks::new());
    let cx = MaskContext::with(&Context::new(), masks.clone());
    let mut span = provider.tracer("other").start_with_context("work", &cx);
    span.set_attribute(KeyValue::new("input.value", SECRET));
    masks.add(Masks::new().mask_input(true));
    span.end();
    assert_eq!(get(&finished(&exporter), "input.value"), Some(&"[REDACTED]".into()));
}

#[test]
fn the_masks_of_the_thread_hold_without_a_context() {
    let (provider, exporter) = pipeline(open());
    {
        let _entered = enter(SharedMasks::new(Masks::all()));
        foreign(&provider, &Context::new());
    }
    assert!(!format!("{:?}", finished(&exporter)).contains(SECRET));
}

#[test]
fn a_switch_thrown_before_the_end_holds() {
    let handle = PolicyHandle::new(open());
    let (provider, exporter) = pipeline(&handle);
    let mut span = provider.tracer("other").start("work");
    span.set_attribute(KeyValue::new("output.value", SECRET));
    handle.update(|policy| policy.mask_output(true));
    span.end();
    assert_eq!(get(&finished(&exporter), "output.value"), Some(&"[REDACTED]".into()));
}

#[test]
fn what_the_call_has_filtered_is_not_filtered_again_unless_something_changed() {
    let policy = open().scrub(|text, _| Some(format!("{text}!")));
    let messages = |text| format!("[{{\"role\":\"user\",\"parts\":[{{\"type\":\"text\",\"content\":\"{text}\"}}]}}]");
    let handle = PolicyHandle::new(policy);
    let (provider, exporter) = pipeline(&handle);
    for change in [false, true] {
        let masks = SharedMasks::new(Masks::new());
        let cx = MaskContext::with(&Context::new(), masks.clone());
        let mut span = provider.tracer("llm-trace").start_with_context("chat", &cx);
        masks.set_own_span(span.span_context());
        span.set_attribute(KeyValue::new("gen_ai.input.messages", messages("filtered")));
        let mut own = masks.own_span();
        own.filtered = Some(Filtered { stamp: handle.stamp(), masks: masks.get() });
        own.written = Some(WrittenContent { key: "gen_ai.input.messages", before: 0, count: 1 });
        drop(own);
        if change {
            masks.add(Masks::all());
        }
        span.end();
        let expected = if change { "[REDACTED]" } else { "filtered" };
        assert_eq!(get(&finished(&exporter), "gen_ai.input.messages"), Some(&messages(expected).into()));
    }
}

#[test]
fn a_calls_own_metadata_stay_unless_they_are_masked() {
    for (policy, expected) in [(open(), "gold"), (open().mask_metadata(true), "[REDACTED]")] {
        let (provider, exporter) = pipeline(policy);
        let masks = SharedMasks::new(Masks::all());
        let cx = MaskContext::with(&Context::new(), masks.clone());
        let mut span = provider.tracer("llm-trace").start_with_context("chat", &cx);
        masks.set_own_span(span.span_context());
        span.set_attribute(KeyValue::new("plan", "gold"));
        span.end();
        assert_eq!(get(&finished(&exporter), "plan"), Some(&expected.into()));
    }
}

#[test]
fn identity_is_hashed_and_credentials_never_go_out() {
    let (provider, exporter) = pipeline(open().hash_identity("key"));
    let mut span = provider.tracer("other").start("work");
    span.set_attribute(KeyValue::new("user.id", "ada"));
    span.set_attribute(KeyValue::new("http.request.header.authorization", SECRET));
    span.end();
    let span = finished(&exporter);
    assert!(get(&span, "user.id").is_some_and(|id| id.as_str().starts_with("hmac-sha256:")), "{span:?}");
    assert!(!format!("{span:?}").contains(SECRET));
}

#[test]
fn users_can_name_keys() {
    let policy = open().mask_input(true).input_key("my.*").plain_key("tenant").plain_key("input.value");
    let (provider, exporter) = pipeline(policy);
    let mut span = provider.tracer("other").start_with_context("work", &below(Masks::new()));
    for key in ["my.question", "tenant", "input.value", "other"] {
        span.set_attribute(KeyValue::new(key, "x"));
    }
    span.end();
    let span = finished(&exporter);
    for (key, value) in
        [("my.question", "[REDACTED]"), ("tenant", "x"), ("input.value", "[REDACTED]"), ("other", "[REDACTED]")]
    {
        assert_eq!(get(&span, key), Some(&value.into()), "{key}");
    }
}

#[test]
fn spans_that_wait_in_a_queue_are_treated_again_after_a_change() {
    let handle = PolicyHandle::new(open());
    let exporter = InMemorySpanExporter::default();
    let batch = BatchSpanProcessor::builder(RedactExporter::new(exporter.clone(), handle.clone())).build();
    let processor = RedactProcessor::new(batch, &handle).with_recheck();
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    foreign(&provider, &below(Masks::new()));
    handle.update(|policy| policy.mask_input(true).mask_output(true));
    provider.force_flush().expect("flushed");
    let span = finished(&exporter);
    assert!(!format!("{span:?}").contains(SECRET), "{span:?}");
    assert_eq!(get(&span, crate::guard::otel::export_recheck::KEY), None);
}

#[test]
fn nothing_gets_out_after_the_switch_while_many_threads_end_spans() {
    let handle = PolicyHandle::new(open());
    let (provider, exporter) = pipeline(&handle);
    let provider = Arc::new(provider);
    std::thread::scope(|scope| {
        for thread in 0..64 {
            let (handle, provider) = (&handle, provider.clone());
            scope.spawn(move || {
                for turn in 0..20 {
                    let mut span = provider.tracer("other").start("work");
                    span.set_attribute(KeyValue::new("input.value", SECRET));
                    if (thread + turn) % 7 == 0 {
                        handle.update(|policy| policy.mask_input(turn % 2 == 0));
                    }
                    span.end();
                }
            });
        }
        scope.spawn(|| handle.update(Policy::lock_masked));
    });
    exporter.reset();
    // Locked, whatever the other threads set.
    let mut span = provider.tracer("other").start("work");
    span.set_attribute(KeyValue::new("input.value", SECRET));
    span.end();
    assert_eq!(get(&finished(&exporter), "input.value"), Some(&"[REDACTED]".into()));
}
