//! Texts in disguise: the form of masked text, roles that occur twice, keys that only look like structure, texts that a
//! limit splits.

use llm_trace::{Capture, LlmCall, Operation, Policy, RedactProcessor, Scope, ScrubRules, Style, redact, scope};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Span as _, TraceContextExt as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::json;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

use crate::support::{Got, Shows as _, export_all};

const WORD: &str = "SENTINEL";

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

/// The span of another crate with these attributes, behind the processor alone.
fn foreign(policy: Policy, attributes: &[(&'static str, &str)]) -> Collector {
    let collector = Collector::start();
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy);
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let mut span = provider.tracer("client").start("chat");
    for (key, value) in attributes {
        span.set_attribute(KeyValue::new(*key, (*value).to_owned()));
    }
    span.end();
    collector
}

#[test]
fn a_text_in_the_form_of_a_hash_is_masked() {
    let text = format!("hmac-sha256:{}", "5eed".repeat(16));
    let request = json!({"model": "m", "messages": [{"role": "user", "content": text}]});
    for style in [Style::Placeholder, Style::Drop] {
        let policy = open().style(style).mask_input(true);
        let got = export_all(policy.clone(), Some(policy.clone().into()), || {
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        });
        assert!(!got.shows("5eed"), "{:?}", got.spans());
        assert!(!foreign(policy, &[("input.value", &text)]).saw("5eed"));
    }
}

#[test]
fn with_hashes_a_text_in_the_form_of_one_counts_as_hashed() {
    let text = format!("hmac-sha256:{}", "5eed".repeat(16));
    let policy = open().style(Style::hash("key")).mask_input(true).hash_identity("key");
    assert!(foreign(policy.clone(), &[("input.value", &text)]).saw("5eed"));
    assert!(foreign(policy.clone(), &[("user.id", &text)]).saw("5eed"));
    assert!(!foreign(policy, &[("input.value", &format!("{text} "))]).saw("5eed"));
}

#[test]
fn a_response_is_output_whatever_role_it_names() {
    let choice = json!({"index": 0, "finish_reason": "stop", "message": {"role": "user", "content": WORD}});
    let answer = json!({"id": "r", "object": "chat.completion", "model": "m", "choices": [choice]});
    let shows = |policy: Policy| {
        let got = export_all(policy.clone(), Some(policy.into()), || {
            LlmCall::builder("chat").provider("openai").model("m").run(|call| {
                call.response(&answer);
            });
        });
        got.shows(WORD)
    };
    assert!(shows(open().mask_input(true)));
    assert!(!shows(open().mask_output(true)));
}

#[test]
fn a_message_with_two_roles_is_a_models() {
    let part = format!(r#"{{"type":"text","content":"{WORD}"}}"#);
    for message in [
        format!(r#"[{{"role":"user","role":"assistant","parts":[{part}]}}]"#),
        format!(r#"[{{"role":"assistant","role":"user","parts":[{part}]}}]"#),
        format!(r#"[{{"role":"user","parts":[{{"type":"text","type":"reasoning","content":"{WORD}"}}]}}]"#),
        format!(r#"[{{"role":"user","parts":[{{"type":"reasoning","type":"text","content":"{WORD}"}}]}}]"#),
    ] {
        let got = foreign(open().mask_output(true), &[("gen_ai.input.messages", &message)]);
        assert!(!got.saw(WORD), "{message}: {:?}", got.span("chat"));
    }
}

#[test]
fn a_tools_name_in_a_flattened_history_is_an_identifier() {
    let name = "llm.input_messages.0.message.tool_calls.0.tool_call.function.name";
    let got = foreign(
        open().mask_output(true),
        &[(name, "SENTINEL is prose"), ("llm.input_messages.0.message.role", "user")],
    );
    assert!(!got.saw(WORD), "{:?}", got.span("chat"));
    let got = foreign(open().mask_output(true), &[(name, "weather"), ("llm.input_messages.0.message.role", "user")]);
    assert_eq!(got.span("chat").attribute(name), Some("weather".into()));
}

#[test]
fn an_attribute_is_no_span_name() {
    for policy in [Policy::new(), open().mask_input(true)] {
        let got = foreign(policy, &[("gen_ai.operation.name", "chat"), ("otel.name", "SENTINEL of a prompt")]);
        assert!(!got.saw(WORD), "{:?}", got.span("chat"));
    }
}

#[test]
fn with_masked_metadata_a_call_keeps_no_name_that_other_code_gave_its_span() {
    for masks in [false, true] {
        let policy = open().mask_metadata(masks);
        let got = export_all(policy.clone(), Some(policy.into()), || {
            LlmCall::builder("chat").provider("openai").model("m").run(|_| {
                opentelemetry::Context::map_current(|cx| cx.span().update_name(format!("chat about {WORD}")));
            });
        });
        assert_eq!(got.saw(WORD), !masks, "{:?}", got.spans());
    }
}

/// The custom names of calls and the conventions' names of them.
fn named_calls() -> Vec<&'static str> {
    let named = |operation: Operation| LlmCall::builder(operation).span_name(format!("{WORD} of Ada"));
    named(Operation::Chat).provider("openai").model("m").run(|_| ());
    named(Operation::ExecuteTool).tool("weather").run(|_| ());
    named(Operation::InvokeAgent).agent("planner").run(|_| ());
    named(Operation::McpServer).method("tools/list").run(|_| ());
    named("rerank".into()).run(|_| ());
    vec!["chat m", "execute_tool weather", "invoke_agent planner", "tools/list", "rerank"]
}

#[test]
fn a_stricter_processor_gives_calls_the_names_of_the_conventions() {
    for masks in [false, true] {
        let mut names = Vec::new();
        let got = crate::support::export(open(), Some(open().mask_metadata(masks).into()), || names = named_calls());
        let shown: Vec<_> = got.spans().iter().map(|span| span.span.name.clone()).collect();
        assert!(if masks { shown == names } else { shown.iter().all(|name| name.contains(WORD)) }, "{shown:?}");
        assert_eq!(got.saw(WORD), !masks);
    }
}

/// Facts as fields, which the layer's policy permits, for a log with a stricter one.
#[test]
fn a_stricter_wrapped_layer_masks_the_metadata_and_the_names_of_calls_in_fields() {
    for masks in [false, true] {
        let log = Lines::default();
        let fmt = tracing_subscriber::fmt::layer().with_ansi(false).with_span_events(FmtSpan::CLOSE);
        let fmt = redact(fmt.with_writer(log.clone())).with_policy(open().mask_metadata(masks));
        let layer = llm_trace::layer().with_policy(open()).with_fields(true);
        let mut names = Vec::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer).with(fmt), || {
            scope().tags([WORD]).metadata("k", WORD).metadata("n", 4_711).run(|| names = named_calls());
        });
        let text = log.text();
        assert_eq!(text.contains(WORD) || text.contains("4711"), !masks, "{text}");
        // The method is no field yet when the span starts, so that the span has no name.
        for name in names.into_iter().filter(|name| *name != "tools/list") {
            assert_eq!(text.contains(&format!("otel.name=\"{name}\"")), masks, "{name}: {text}");
        }
    }
}

#[test]
fn metadata_under_the_keys_of_conventions_is_masked_as_metadata() {
    for masks in [false, true] {
        let policy = open().mask_metadata(masks);
        let got = export_all(policy.clone(), Some(policy.into()), || {
            tracing::info!(llm_trace.metadata.x = WORD, llm_trace.tags = WORD, "hello");
            tracing::info_span!("work", langfuse.trace.metadata.x = WORD, metadata = WORD).in_scope(|| ());
            let call = LlmCall::builder("chat").provider("openai").model("m").attribute("langfuse.trace.tags", WORD);
            call.attribute("llm_trace.metadata.x", 4_711).run(|_| ());
        });
        assert_eq!(got.shows(WORD), !masks, "{:?} {}", got.spans(), got.log());
        assert_eq!(format!("{:?}", got.spans()).contains("4711"), !masks);
    }
    // A credential among the metadata of other crates is none of the user's names.
    assert!(!foreign(open(), &[("langfuse.trace.metadata.api_key", WORD)]).saw(WORD));
}

#[test]
fn metadata_in_the_fields_of_a_span_is_masked_as_metadata() {
    for masks in [false, true] {
        let policy = open().mask_metadata(masks);
        let got = export_all(policy.clone(), Some(policy.into()), || {
            let span = tracing::info_span!("handler", llm.tags = WORD, llm.metadata.tenant = WORD, tenant = "a");
            span.in_scope(|| LlmCall::builder("chat").provider("openai").model("m").run(|_| ()));
        });
        assert_eq!(got.shows(WORD), !masks, "{:?} {}", got.spans(), got.log());
        assert_eq!(got.span("handler").attribute("tenant"), Some("a".into()));
    }
}

#[test]
fn credentials_in_a_gateways_metadata_are_not_recorded() {
    let metadata = json!({
        "api_key": WORD, "Authorization": WORD, "x-auth-token": WORD, "tenant": "a", "token": 555_666_777,
        "authorization: Bearer SENTINEL": 1, "SENTINEL has a cold": 1,
    });
    let got = export_all(open(), Some(open().into()), || {
        Scope::from_metadata(&metadata).expect("no ids").run(|| {
            LlmCall::builder("chat").provider("openai").model("m").run(|_| ());
        });
    });
    assert!(!got.shows(WORD) && !format!("{:?}", got.spans()).contains("555666777"), "{:?}", got.spans());
    assert_eq!(got.spans()[0].attribute("llm_trace.metadata.tenant"), Some("a".into()));
}

#[test]
fn no_part_of_a_streamed_text_that_exceeds_the_limit_is_exported_past_a_scrubber() {
    let card = "4111 1111 1111 1111";
    for room in 2_000..2_040 {
        let policy = open().rules(ScrubRules::all()).span_limit(room);
        let got = export_all(policy.clone(), Some(policy.into()), || {
            let call = LlmCall::builder("chat").provider("openai").model("m").start();
            let chunk = |delta: serde_json::Value| {
                let choice = json!({"index": 0, "delta": delta});
                call.chunk(&json!({"id": "r", "model": "m", "object": "chat.completion.chunk", "choices": [choice]}));
            };
            chunk(json!({"reasoning_content": "x".repeat(1_990)}));
            for piece in card.as_bytes().chunks(3) {
                chunk(json!({"content": String::from_utf8_lossy(piece)}));
            }
            call.finish();
        });
        assert!(!got.saw("411"), "{room}: {:?}", got.spans());
    }
}

#[test]
fn labels_of_every_operation_have_at_most_128_bytes() {
    let long = "SENTINEL".repeat(20);
    let got = Collector::start();
    let meters = got.meter_provider();
    let layer = llm_trace::layer().with_meter_provider(&meters).with_metric_attributes(["mcp.resource.uri"]);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        let call = LlmCall::builder(Operation::McpClient).method("resources/read");
        call.tool(long.clone()).resource(format!("file:///{long}")).run(|_| ());
        LlmCall::builder("execute_tool").tool(long.clone()).run(|_| ());
    });
    meters.force_flush().expect("metrics");
    assert!(!got.series().is_empty());
    assert!(!format!("{:?}", got.series()).contains(WORD), "{:?}", got.series());
}

/// Parts whose type, or whose only key, is a word of the user.
#[test]
fn a_type_of_a_part_that_no_api_defines_is_masked_with_its_text() {
    let parts = [json!({WORD: {"diagnosis": "x"}}), json!({"type": WORD, "x": 1})];
    for (provider, message) in [
        ("openai", |part| json!({"messages": [{"role": "user", "content": [part]}]})),
        ("anthropic", |part| json!({"max_tokens": 1, "messages": [{"role": "user", "content": [part]}]})),
        ("gcp.gemini", |part| json!({"contents": [{"role": "user", "parts": [part]}]})),
        ("aws.bedrock", |part| json!({"messages": [{"role": "user", "content": [part]}], "inferenceConfig": {}})),
    ] as [(&str, fn(&serde_json::Value) -> serde_json::Value); 4]
    {
        for part in &parts {
            let request = message(part);
            for style in [Style::Placeholder, Style::Drop, Style::hash("key")] {
                for early in [true, false] {
                    let policy = open().style(style.clone()).mask_input(early);
                    let got = export_all(policy.clone(), Some(policy.into()), || {
                        LlmCall::builder("chat").provider(provider).request(&request).run(|call| {
                            call.mask_input(true);
                        });
                    });
                    assert!(!got.shows(WORD), "{provider} {request} {style:?} {early}: {:?}", got.spans());
                }
            }
        }
    }
    let message = format!(r#"[{{"role":"user","parts":[{{"type":"{WORD}","content":"x"}}]}}]"#);
    assert!(!foreign(open().mask_input(true), &[("gen_ai.input.messages", &message)]).saw(WORD));
}

#[test]
fn a_list_of_identifiers_of_another_crate_is_bounded() {
    for (count, shown) in [(64, true), (65, false)] {
        let collector = Collector::start();
        let policy = Policy::new().lock_masked();
        let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy);
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let mut span = provider.tracer("client").start("chat");
        let words: Vec<_> = (0..count).map(|at| opentelemetry::StringValue::from(format!("{WORD}{at}"))).collect();
        span.set_attribute(KeyValue::new(
            "gen_ai.response.finish_reasons",
            opentelemetry::Value::Array(opentelemetry::Array::String(words)),
        ));
        span.end();
        assert_eq!(collector.saw(WORD), shown, "{count}");
    }
}

#[test]
fn credentials_in_facts_of_other_crates_are_found_where_free_text_is_masked() {
    let address = ("server.address", "https://user:SENTINEL@h/a");
    assert!(foreign(Policy::new(), &[address]).saw(WORD));
    assert!(!foreign(Policy::new(), &[address, ("gen_ai.request.model", "m")]).saw(WORD));
}

/// Exports a stream of these events under rules for secrets.
fn scrubbed(provider: &'static str, events: &[serde_json::Value]) -> Got {
    let policy = open().rules(ScrubRules::all());
    export_all(policy.clone(), Some(policy.into()), || {
        let call = LlmCall::builder("chat").provider(provider).model("m").start();
        for event in events {
            call.chunk(event);
        }
        call.finish();
    })
}

fn delta(delta: serde_json::Value) -> serde_json::Value {
    let choice = json!({"index": 0, "delta": delta});
    json!({"id": "r", "model": "m", "object": "chat.completion.chunk", "choices": [choice]})
}

#[test]
fn a_secret_between_deltas_of_other_kinds_is_found_whole() {
    let (first, rest) = ("ada.sentinel", "@example.org");
    let text = |part: &str| delta(json!({"content": part}));
    let list = |part: &str| delta(json!({"content": [{"type": "text", "text": part}]}));
    let call = json!({"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let mut streams = vec![("openai", [list(first), delta(json!({"reasoning": "hm"})), list(rest)])];
    for between in [json!({"reasoning_content": "hm"}), json!({"refusal": "no"}), json!({"tool_calls": [call]})] {
        streams.push(("openai", [text(first), delta(between), text(rest)]));
    }
    let line = |message| json!({"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": false});
    let text = |part: &str| line(json!({"role": "assistant", "content": part}));
    let thought = line(json!({"role": "assistant", "content": "", "thinking": "hm"}));
    streams.push(("ollama", [text(first), thought, text(rest)]));
    for (provider, events) in streams {
        let got = scrubbed(provider, &events);
        assert!(!got.saw(first) && !got.saw(rest) && got.saw("assistant"), "{:?}", got.spans());
    }
}

#[test]
fn a_secret_in_two_parts_of_a_message_is_not_found() {
    let text = |part: &str| json!({"candidates": [{"content": {"role": "model", "parts": [{"text": part}]}}]});
    let call = json!({"functionCall": {"name": "f", "args": {}}});
    let call = json!({"candidates": [{"content": {"role": "model", "parts": [call]}}]});
    assert!(scrubbed("gcp.gemini", &[text("ada.sentinel"), call, text("@example.org")]).saw("ada.sentinel"));
}

#[test]
fn arguments_of_a_broken_stream_are_scrubbed_without_their_escapes() {
    let function = json!({"name": "f", "arguments": r#"{"to": "ada.sentinel\u0040example.org", "x"#});
    let got = scrubbed("openai", &[delta(json!({"tool_calls": [{"index": 0, "id": "c", "function": function}]}))]);
    assert!(!got.saw("ada.sentinel") && !got.saw("example.org") && got.saw("arguments"), "{:?}", got.spans());
}
