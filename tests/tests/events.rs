//! Events, tested on the exported OTLP bytes.

use futures_util::FutureExt;
use llm_trace::{CallRef, Capture, LlmCall, LlmLayer, Policy, Profile, evaluation, llm_call};
use llm_trace_tests::collector::{Collector, ReceivedLog};
use llm_trace_tests::corpus::schemas::{ATTRIBUTES, Schemas};
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use serde_json::{Map, Value, json};
use tracing_subscriber::Registry;
use tracing_subscriber::prelude::*;

fn tell(
    policy: Policy,
    change: impl FnOnce(LlmLayer<Registry>) -> LlmLayer<Registry>,
    run: impl FnOnce(),
) -> Collector {
    let collector = Collector::start();
    let layer = llm_trace::layer()
        .with_tracer_provider(&collector.provider())
        .with_logger_provider(&collector.logger_provider())
        .with_policy(policy);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(change(layer)), run);
    collector
}

fn request() -> Value {
    json!({
        "model": "gpt-4o", "temperature": 0.5,
        "messages": [
            {"role": "system", "content": "SENTINEL-IN-SYSTEM"},
            {"role": "user", "content": [{"type": "text", "text": "SENTINEL-IN-USER"}]},
            {"role": "assistant", "tool_calls": [{"id": "t1", "type": "function",
                "function": {"name": "find", "arguments": "{\"q\":\"SENTINEL-IN-ARG\",\"n\":[1,2.5,null,true]}"}}]},
            {"role": "tool", "tool_call_id": "t1", "content": "SENTINEL-IN-RESULT"},
        ],
        "tools": [{"type": "function", "function": {"name": "find", "description": "SENTINEL-IN-TOOL",
            "parameters": {"type": "object", "properties": {"q": {"type": "string"}}}}}],
    })
}

fn response() -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "SENTINEL-OUT"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    })
}

#[llm_call(provider = "openai", request = body, server = "https://api.openai.com/v1", attributes(app.tier = "gold"))]
fn chat(body: &Value) -> Value {
    response()
}

#[llm_call(provider = "openai", model = "gpt-4o")]
async fn fails() -> Result<(), std::io::Error> {
    Err(std::io::Error::other("SENTINEL-ERROR"))
}

fn named(logs: &[ReceivedLog], name: &str) -> ReceivedLog {
    let mut found = logs.iter().filter(|log| log.record.event_name == name);
    match (found.next(), found.next()) {
        (Some(log), None) => log.clone(),
        _ => panic!("not one {name} among {logs:#?}"),
    }
}

fn details(collector: &Collector) -> ReceivedLog {
    named(&collector.logs(), "gen_ai.client.inference.operation.details")
}

/// The schema violations in an event's content. The schemas validate JSON text.
fn invalid(attributes: &Map<String, Value>) -> Vec<String> {
    let schemas = Schemas::load();
    let texts: Map<String, Value> =
        attributes.iter().map(|(key, value)| (key.clone(), Value::String(value.to_string()))).collect();
    ATTRIBUTES.iter().filter_map(|name| schemas.invalid(&texts, name)).collect()
}

#[test]
fn details_are_the_spans_attributes_with_structured_content() {
    let policy = Policy::new().capture(Capture::SpanAndEvent);
    let collector = tell(policy, |layer| layer, || drop(chat(&request())));
    let (span, log) = (collector.span("chat gpt-4o"), details(&collector));
    assert_eq!(log.scope.name, "llm-trace");
    assert_eq!(log.schema_url, "https://opentelemetry.io/schemas/1.41.1");
    assert_eq!((&log.record.trace_id, &log.record.span_id), (&span.span.trace_id, &span.span.span_id));
    assert_eq!((log.record.body.is_none(), log.record.time_unix_nano), (true, span.span.end_time_unix_nano));
    let (mut of_log, mut of_span) = (log.attributes(), span.attributes());
    assert_eq!(invalid(&of_log), Vec::<String>::new());
    for name in ATTRIBUTES {
        let text = of_span.remove(*name);
        let Some(structured) = of_log.remove(*name) else { continue };
        assert!(structured.is_array(), "{name}: {structured}");
        let mut parsed: Value = serde_json::from_str(text.as_ref().and_then(Value::as_str).expect(name)).unwrap();
        // OpenTelemetry has no null value.
        if let Some(list) = parsed.pointer_mut("/2/parts/0/arguments/n/2") {
            *list = json!("");
        }
        assert_eq!(structured, parsed, "{name}");
    }
    assert_eq!(of_log, of_span);
    assert_eq!(of_log["app.tier"], "gold");
}

#[test]
fn the_newest_profile_gives_details_a_severity() {
    let collector = tell(Policy::new(), |layer| layer.with_profile(Profile::Latest), || drop(chat(&request())));
    let log = details(&collector);
    assert_eq!((log.record.severity_number, log.record.severity_text.as_str()), (5, "DEBUG"));
    assert_eq!(log.schema_url, "https://opentelemetry.io/schemas/gen-ai-dev/1.42.0-dev");
}

#[test]
fn content_is_only_on_captured_signals() {
    for (capture, on_span, on_event) in [
        (Capture::Off, false, false),
        (Capture::Span, true, false),
        (Capture::Event, false, true),
        (Capture::SpanAndEvent, true, true),
    ] {
        let collector = tell(Policy::new().capture(capture), |layer| layer, || drop(chat(&request())));
        for name in ["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.tool.definitions"] {
            assert_eq!(collector.span("chat gpt-4o").attribute(name).is_some(), on_span, "{capture:?} {name}");
            assert_eq!(details(&collector).attribute(name).is_some(), on_event, "{capture:?} {name}");
        }
        assert_eq!(collector.saw("SENTINEL"), on_span || on_event, "{capture:?}");
    }
}

#[test]
fn masks_hold_on_events() {
    for (input, output) in [(true, false), (false, true), (true, true)] {
        let policy = Policy::new().capture(Capture::SpanAndEvent).mask_input(input).mask_output(output);
        let collector = tell(
            policy,
            |layer| layer,
            || {
                chat(&request());
                assert!(fails().now_or_never().unwrap().is_err());
            },
        );
        assert_eq!((collector.saw("SENTINEL-IN"), collector.saw("SENTINEL-OUT")), (!input, !output));
        assert!(!collector.saw("SENTINEL-ERROR"));
        let log = details_of(&collector, "gpt-4o-2024-08-06");
        assert_eq!(invalid(&log.attributes()), Vec::<String>::new());
        assert!(log.attribute("llm_trace.redaction").is_some());
    }
}

fn details_of(collector: &Collector, model: &str) -> ReceivedLog {
    let logs = collector.logs();
    let found = logs.iter().find(|log| log.attribute("gen_ai.response.model").is_some_and(|found| found == model));
    found.expect("the call's details").clone()
}

#[test]
fn a_mask_set_inside_the_call_holds_on_its_events() {
    let policy = Policy::new().capture(Capture::Event);
    let collector = tell(
        policy,
        |layer| layer,
        || {
            LlmCall::builder("chat").provider("openai").request(&request()).run(|call| {
                call.response(&response());
                call.mask_input(true).mask_output(true);
            });
        },
    );
    assert!(!collector.saw("SENTINEL"));
    assert_eq!(invalid(&details(&collector).attributes()), Vec::<String>::new());
}

#[test]
fn content_that_a_user_sets_by_its_key_is_masked_on_events_too() {
    let policy = Policy::new().capture(Capture::SpanAndEvent).mask_input(true);
    let collector = tell(
        policy,
        |layer| layer,
        || {
            LlmCall::builder("chat")
                .attribute("input.value", "SENTINEL-IN")
                .attribute("http.request.header.authorization", "SENTINEL-KEY")
                .run(|_| ());
        },
    );
    let logs: Vec<u8> =
        collector.requests().into_iter().filter(|r| r.path.contains("logs")).flat_map(|r| r.body).collect();
    assert!(!logs.is_empty() && !String::from_utf8_lossy(&logs).contains("SENTINEL"));
}

#[test]
fn a_failure_is_an_event_and_its_text_follows_the_policy() {
    for (policy, text) in [(Policy::new(), false), (Policy::new().capture(Capture::Event), true)] {
        let collector = tell(policy, |layer| layer, || assert!(fails().now_or_never().unwrap().is_err()));
        let (span, log) =
            (collector.span("chat gpt-4o"), named(&collector.logs(), "gen_ai.client.operation.exception"));
        assert_eq!((log.record.severity_number, log.record.severity_text.as_str()), (13, "WARN"));
        assert_eq!((&log.record.trace_id, &log.record.span_id), (&span.span.trace_id, &span.span.span_id));
        let kind = log.attribute("exception.type").expect("a type");
        assert!(kind.as_str().is_some_and(|kind| kind.starts_with("std::io")), "{kind}");
        assert_eq!(log.attribute("exception.message").is_some(), text);
        assert_eq!(collector.saw("SENTINEL"), text);
    }
}

#[test]
fn events_do_not_depend_on_sampling_and_without_a_provider_there_are_none() {
    let collector = Collector::start();
    let spans = SdkTracerProvider::builder()
        .with_sampler(Sampler::AlwaysOff)
        .with_simple_exporter(collector.exporter())
        .build();
    let layer = llm_trace::layer()
        .with_tracer_provider(&spans)
        .with_logger_provider(&collector.logger_provider())
        .with_policy(Policy::new().capture(Capture::Event));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || drop(chat(&request())));
    let log = details(&collector);
    assert!(log.attribute("gen_ai.input.messages").is_some());
    assert!(log.record.trace_id.iter().any(|byte| *byte != 0) && log.record.flags == 0);

    let collector = Collector::start();
    let layer = llm_trace::layer()
        .with_tracer_provider(&collector.provider())
        .with_policy(Policy::new().capture(Capture::Event));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || drop(chat(&request())));
    assert!(collector.logs().is_empty() && collector.spans().len() == 1 && !collector.saw("SENTINEL"));
}

#[llm_call(provider = "openai", request = body)]
fn judged(body: &Value, later: &mut CallRef) -> Value {
    evaluation("inside").score(1.0).emit();
    *later = LlmCall::current().reference();
    response()
}

#[test]
fn an_evaluation_belongs_to_the_call_it_judges_now_or_later() {
    let policy = Policy::new().capture(Capture::Event);
    let collector = tell(
        policy,
        |layer| layer,
        || {
            let mut call = CallRef::default();
            judged(&request(), &mut call);
            let judge = call.evaluation("relevance").score(0.25).label("fail");
            judge.explanation("it says SENTINEL-QUOTE").emit();
            evaluation("outside").error_type("timeout").emit();
        },
    );
    let span = collector.span("chat gpt-4o").span;
    let logs: Vec<_> =
        collector.logs().into_iter().filter(|log| log.record.event_name == "gen_ai.evaluation.result").collect();
    let [inside, later, outside] = &logs[..] else { panic!("{logs:#?}") };
    assert_eq!((&inside.record.trace_id, &inside.record.span_id), (&span.trace_id, &span.span_id));
    assert_eq!(
        json!(inside.attributes()),
        json!({"gen_ai.evaluation.name": "inside", "gen_ai.evaluation.score.value": 1.0})
    );
    assert_eq!((&later.record.trace_id, &later.record.span_id), (&span.trace_id, &span.span_id));
    let expected = json!({
        "gen_ai.evaluation.name": "relevance", "gen_ai.evaluation.score.value": 0.25,
        "gen_ai.evaluation.score.label": "fail", "gen_ai.evaluation.explanation": "it says SENTINEL-QUOTE",
        "gen_ai.response.id": "chatcmpl-1",
    });
    assert_eq!(json!(later.attributes()), expected);
    assert_eq!(json!(outside.attributes()), json!({"gen_ai.evaluation.name": "outside", "error.type": "timeout"}));
    assert!(outside.record.span_id.is_empty());
}

#[test]
fn an_explanation_follows_the_masks_of_the_call() {
    for policy in [Policy::new(), Policy::new().capture(Capture::Event).mask_input(true)] {
        let collector = tell(
            policy,
            |layer| layer,
            || {
                let mut call = CallRef::default();
                judged(&request(), &mut call);
                call.evaluation("relevance").score(0.25).explanation("SENTINEL-QUOTE").emit();
            },
        );
        assert!(!collector.saw("SENTINEL-QUOTE") && collector.saw("relevance"));
    }
}
