//! Values that a function sets while its call runs, tested on the exported bytes.

use llm_trace::{LlmCall, LlmLayer, Operation, Policy, RedactProcessor, llm_agent, llm_call};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

/// Only the model is known at the start.
#[llm_call(model = alias)]
fn learns_all(alias: &str) -> Value {
    LlmCall::current().provider("anthropic").server("https://gateway.example:8443/v1").http_status(200);
    json!({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-1", "content": [],
        "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 2}})
}

/// Every value is set at the start and corrected later.
#[llm_call(operation = "chat", provider = "openai", model = "alias", server = "https://api.openai.com")]
fn corrects_all() {
    LlmCall::current()
        .operation(Operation::Embeddings)
        .provider(String::from("cohere"))
        .model(String::from("embed-4"))
        .server("gateway.example");
    LlmCall::current().usage(llm_trace::Usage::new().input_tokens(7));
}

fn layer(provider: &SdkTracerProvider) -> LlmLayer<Registry> {
    llm_trace::layer().with_tracer_provider(provider)
}

fn under(layer: LlmLayer<Registry>, run: impl FnOnce()) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
}

/// The only exported span of a program, with or without a guard before the exporter.
fn exported(guarded: bool, run: impl FnOnce()) -> ReceivedSpan {
    let collector = Collector::start();
    let exporting = SimpleSpanProcessor::new(collector.exporter());
    let provider = match guarded {
        true => SdkTracerProvider::builder().with_span_processor(RedactProcessor::new(exporting, Policy::new())),
        false => SdkTracerProvider::builder().with_span_processor(exporting),
    };
    under(layer(&provider.build()), run);
    let mut spans = collector.spans();
    assert_eq!(spans.len(), 1, "{spans:#?}");
    let span = spans.remove(0);
    let mut keys: Vec<_> = span.span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
    keys.sort_unstable();
    let all = keys.len();
    keys.dedup();
    assert_eq!(keys.len(), all, "each key once: {keys:?}");
    span
}

fn attributes(span: &ReceivedSpan, expected: &[(&str, Option<Value>)]) {
    for (key, value) in expected {
        assert_eq!(span.attribute(key), *value, "{key}");
    }
}

#[test]
fn values_unknown_at_the_start_are_added() {
    for guarded in [true, false] {
        let span = exported(guarded, || drop(learns_all("claude")));
        assert_eq!(span.span.name, "chat claude");
        attributes(
            &span,
            &[
                ("gen_ai.provider.name", Some(json!("anthropic"))),
                ("gen_ai.request.model", Some(json!("claude"))),
                ("server.address", Some(json!("gateway.example"))),
                ("server.port", Some(json!(8443))),
                ("http.response.status_code", Some(json!(200))),
                ("gen_ai.usage.output_tokens", Some(json!(2))),
                ("llm_trace.outcome", Some(json!("completed"))),
            ],
        );
    }
}

#[test]
fn wrong_initial_values_are_corrected_only_by_the_guard() {
    let span = exported(true, corrects_all);
    assert_eq!(span.span.name, "embeddings embed-4");
    attributes(
        &span,
        &[
            ("gen_ai.operation.name", Some(json!("embeddings"))),
            ("gen_ai.provider.name", Some(json!("cohere"))),
            ("gen_ai.request.model", Some(json!("embed-4"))),
            ("server.address", Some(json!("gateway.example"))),
            ("server.port", None),
        ],
    );
    let span = exported(false, corrects_all);
    assert_eq!(span.span.name, "chat alias");
    attributes(
        &span,
        &[
            ("gen_ai.operation.name", Some(json!("chat"))),
            ("gen_ai.provider.name", Some(json!("openai"))),
            ("gen_ai.request.model", Some(json!("alias"))),
            ("server.address", Some(json!("api.openai.com"))),
            ("server.port", Some(json!(443))),
        ],
    );
}

#[test]
fn a_custom_name_is_kept() {
    let span = exported(true, || {
        LlmCall::builder(Operation::Chat).provider("openai").model("m").span_name("ask").run(|call| {
            call.model("other");
        });
    });
    assert_eq!(span.span.name, "ask");
    assert_eq!(span.attribute("gen_ai.request.model"), Some(json!("other")));
}

#[test]
fn metrics_and_events_have_the_last_value() {
    let collector = Collector::start();
    let meters = collector.meter_provider();
    let layer =
        layer(&collector.provider()).with_meter_provider(&meters).with_logger_provider(&collector.logger_provider());
    under(layer, || {
        corrects_all();
        drop(learns_all("claude"));
    });
    meters.force_flush().expect("metrics");
    let series = collector.series();
    let of = |name: &str, key: &str| -> Vec<Value> {
        let mut values: Vec<_> = series[name].iter().filter_map(|series| series.labels.get(key).cloned()).collect();
        values.sort_by_key(Value::to_string);
        values
    };
    let duration = "gen_ai.client.operation.duration";
    assert_eq!(of(duration, "gen_ai.provider.name"), [json!("anthropic"), json!("cohere")]);
    assert_eq!(of(duration, "gen_ai.request.model"), [json!("claude"), json!("embed-4")]);
    assert_eq!(of(duration, "gen_ai.operation.name"), [json!("chat"), json!("embeddings")]);
    assert_eq!(of(duration, "server.address"), [json!("gateway.example"), json!("gateway.example")]);
    let logs = collector.logs();
    let details = logs.iter().find(|log| log.record.event_name.ends_with("operation.details")).expect("the event");
    for (key, value) in [
        ("gen_ai.provider.name", json!("anthropic")),
        ("gen_ai.request.model", json!("claude")),
        ("server.address", json!("gateway.example")),
    ] {
        assert_eq!(details.attribute(key), Some(value), "{key}");
    }
}

#[test]
fn a_status_is_that_of_the_last_attempt() {
    for (statuses, outcome, status) in [
        (&[429, 200][..], "completed", json!(200)),
        (&[200, 503], "error", json!(503)),
        (&[7], "completed", json!(null)),
    ] {
        let span = exported(true, || {
            LlmCall::builder(Operation::Chat).provider("openai").run(|call| {
                statuses.iter().for_each(|status| _ = call.http_status(*status));
            });
        });
        assert_eq!(span.attribute("llm_trace.outcome"), Some(json!(outcome)));
        assert_eq!(span.attribute("http.response.status_code").unwrap_or_default(), status);
        assert_eq!(span.attribute("error.type"), (outcome == "error").then(|| json!("503")));
    }
}

#[llm_agent(name = "guide", id = "a1", input = task)]
fn agent(task: &str) -> String {
    LlmCall::current().provider("openai").operation(Operation::ExecuteTool).server("https://api.openai.com");
    task.to_owned()
}

#[test]
fn an_agent_stays_an_agent_of_this_process() {
    let span = exported(true, || drop(agent("find it")));
    assert_eq!((span.span.name.as_str(), span.span.kind), ("invoke_agent guide", 1));
    attributes(&span, &[("gen_ai.operation.name", Some(json!("invoke_agent")))]);
}

/// An attribute of the user has the key of a value that was set at the start.
#[llm_call(provider = "openai", model = "gpt-4o", server = "https://api.openai.com")]
fn repeats() {
    LlmCall::current()
        .attribute("gen_ai.request.model", "mine")
        .attribute("server.address", "mine")
        .attribute("app", 1);
}

#[test]
fn an_attribute_of_the_user_does_not_repeat_a_key_of_the_start() {
    for guarded in [true, false] {
        let span = exported(guarded, repeats);
        attributes(&span, &[("gen_ai.request.model", Some(json!("gpt-4o"))), ("app", Some(json!(1)))]);
    }
}
