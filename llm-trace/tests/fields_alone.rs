//! Calls without OpenTelemetry: `--no-default-features --features fields`.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use llm_trace::{Capture, LlmCall, Policy, check, llm_call, llm_tool};
use serde_json::{Value, json};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::prelude::*;

type Fields = BTreeMap<String, Value>;

/// Keeps the fields of all spans, in the order in which the spans are made.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<(u64, Fields)>>>);

struct Put<'f>(&'f mut Fields);

impl Put<'_> {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Put<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Recorder {
    fn on_new_span(&self, attrs: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut fields = Fields::new();
        attrs.record(&mut Put(&mut fields));
        self.0.lock().unwrap().push((id.into_u64(), fields));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        let (_, fields) = spans.iter_mut().rev().find(|(known, _)| *known == id.into_u64()).unwrap();
        values.record(&mut Put(fields));
    }
}

#[llm_call(provider = "openai", request = body, attributes(app.tenant = "acme"))]
fn ask(body: &Value) -> Result<Value, String> {
    weather("Oslo");
    if body["model"] == "none" {
        return Err("no such pelican".to_owned());
    }
    Ok(json!({"id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
              "choices": [{"index": 0, "finish_reason": "stop",
                           "message": {"role": "assistant", "content": "in the harbour"}}],
              "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}}))
}

#[llm_tool(name = "weather", arguments = city)]
fn weather(city: &str) -> String {
    format!("rain in {city}")
}

fn body(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "where is the pelican"}]})
}

fn spans(policy: Policy, run: impl FnOnce()) -> Vec<Fields> {
    let recorder = Recorder::default();
    let layer = llm_trace::layer().with_policy(policy).with_content_fields(true);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(recorder.clone()), run);
    recorder.0.lock().unwrap().iter().map(|(_, fields)| fields.clone()).collect()
}

#[test]
fn a_call_and_its_tool_are_fields() {
    let found = spans(Policy::new(), || {
        let scope = llm_trace::scope().user("ada").metadata("team", "a");
        scope.run(|| drop(ask(&body("gpt-4o"))));
        let report = check();
        assert!(report.is_ok() && report.to_string().contains("facts are fields"), "{report}");
    });
    let [call, tool] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(call["otel.name"], "chat gpt-4o");
    assert_eq!(call["gen_ai.usage.input_tokens"], 9);
    assert_eq!(call["gen_ai.response.finish_reasons"], r#"["stop"]"#);
    assert_eq!((&call["user.id"], &call["llm_trace.outcome"]), (&json!("ada"), &json!("completed")));
    let own: Value = serde_json::from_str(call["llm_trace.attributes"].as_str().unwrap()).unwrap();
    assert_eq!(own, json!({"app.tenant": "acme", "llm_trace.metadata.team": "a"}));
    assert_eq!(tool["gen_ai.tool.name"], "weather");
    assert!(!format!("{found:?}").contains("pelican") && !format!("{found:?}").contains("Oslo"), "{found:#?}");
}

#[test]
fn content_and_masks_follow_the_policy() {
    let policy = Policy::new().capture(Capture::Span).mask_input(true);
    let found = spans(policy, || drop(ask(&body("gpt-4o"))));
    let text = format!("{found:?}");
    assert!(text.contains("harbour") && text.contains("REDACTED") && !text.contains("pelican"), "{text}");
}

#[test]
fn a_failure_has_its_status_and_an_inner_call_finds_the_outer_one() {
    let found = spans(Policy::new().capture(Capture::Span), || {
        assert!(ask(&body("none")).is_err());
        LlmCall::current().attribute("app.outside", true);
    });
    assert_eq!(found[0]["otel.status_code"], "ERROR");
    assert_eq!(found[0]["otel.status_description"], "no such pelican");
    assert_eq!(found[0]["llm_trace.outcome"], "error");
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn unread() -> Result<http::Response<Unread>, String> {
    Ok(http::Response::new(Unread))
}

#[llm_call(provider = "openai", model = "gpt-4o")]
fn unread_inside() -> Option<http::Response<Unread>> {
    unread().ok()
}

#[derive(Debug)]
struct Unread;

#[test]
fn the_response_of_a_client_that_no_feature_reads_is_unobserved() {
    let found = spans(Policy::new(), || {
        assert!(unread().is_ok());
        let names_feature = check().to_string().contains("enable the feature `http` of llm-trace");
        assert_eq!(names_feature, cfg!(not(feature = "http")));
    });
    assert_eq!(found[0]["llm_trace.outcome"], "unobserved");
    let found = spans(Policy::new(), || assert!(unread_inside().is_some()));
    assert_eq!((found.len(), &found[0]["llm_trace.outcome"]), (1, &json!("unobserved")));
}
