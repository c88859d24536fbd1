//! A text that a model wrote and that later requests contain as input, while only the output is masked.

use llm_trace::{
    Capture, LlmCall, Policy, PolicyHandle, RedactLogProcessor, RedactProcessor, Style, TraceUpdate, redact, scope,
};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::lines::Lines;
use opentelemetry::KeyValue;
use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::trace::{Span as _, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::logs::{SdkLoggerProvider, SimpleLogProcessor};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

use crate::support::{Got, Shows as _, export, export_all, export_with};

/// Written by the model.
const WORD: &str = "SENTINEL-word";

/// Written by the user.
const QUESTION: &str = "QUESTION-of-the-user";

fn open() -> Policy {
    Policy::new().capture(Capture::SpanAndEvent)
}

/// Requests that contain the model's earlier output, marked in the format of each API.
fn histories() -> Vec<(&'static str, Value)> {
    let question = json!({"role": "user", "content": QUESTION});
    let arguments = json!({"city": WORD}).to_string();
    vec![
        (
            "openai",
            json!({"model": "m", "messages": [
                question,
                {"role": "assistant", "content": WORD, "reasoning_content": WORD, "refusal": WORD, "tool_calls": [
                    {"id": "c", "type": "function", "function": {"name": "weather", "arguments": arguments}},
                ]},
                {"role": "tool", "tool_call_id": "c", "content": "sunny"},
                {"role": "assistant", "content": [{"type": "text", "text": WORD}]},
            ]}),
        ),
        (
            "openai",
            json!({"model": "m", "input": [
                question,
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": WORD}]},
                {"type": "function_call", "call_id": "c", "name": "weather", "arguments": arguments},
                {"type": "function_call_output", "call_id": "c", "output": "sunny"},
                {"type": "web_search_call", "id": "w", "action": {"type": "search", "query": WORD}},
                {"role": "assistant", "content": [{"type": "output_text", "text": WORD}]},
            ]}),
        ),
        (
            "anthropic",
            json!({"model": "m", "max_tokens": 9, "messages": [
                question,
                {"role": "assistant", "content": [
                    {"type": "thinking", "thinking": WORD, "signature": WORD},
                    {"type": "text", "text": WORD},
                    {"type": "tool_use", "id": "c", "name": "weather", "input": {"city": WORD}},
                ]},
            ]}),
        ),
        (
            "gcp.gemini",
            json!({"contents": [
                {"role": "user", "parts": [{"text": QUESTION}]},
                {"role": "model", "parts": [
                    {"text": WORD}, {"text": WORD, "thought": true},
                    {"functionCall": {"name": "weather", "args": {"city": WORD}}},
                ]},
            ]}),
        ),
        (
            "aws.bedrock",
            json!({"modelId": "m", "messages": [
                {"role": "user", "content": [{"text": QUESTION}]},
                {"role": "assistant", "content": [
                    {"text": WORD}, {"reasoningContent": {"reasoningText": {"text": WORD}}},
                    {"toolUse": {"toolUseId": "c", "name": "weather", "input": {"city": WORD}}},
                ]},
            ]}),
        ),
        (
            "cohere",
            json!({"model": "m", "message": "and now?", "chat_history": [
                {"role": "USER", "message": QUESTION},
                {"role": "CHATBOT", "message": WORD},
            ]}),
        ),
    ]
}

fn ask(provider: &'static str, request: &Value, mask: bool) {
    LlmCall::builder("chat").provider(provider).request(request).mask_output(mask).run(|_| ());
}

#[track_caller]
fn assert_only_the_question(got: &Got, what: &str) {
    assert!(got.shows(QUESTION), "{what}");
    let spans = got.spans();
    let shown: Vec<_> = spans.iter().filter(|span| format!("{span:?}").contains(WORD)).collect();
    assert!(!got.shows(WORD), "{what}: {shown:?}");
}

#[test]
fn a_models_parts_of_the_history_are_masked_with_the_output() {
    for (provider, request) in histories() {
        let shown = export_all(open(), Some(open().into()), || ask(provider, &request, false));
        assert!(shown.shows(WORD) && shown.shows(QUESTION), "{request}");
        for style in [Style::Placeholder, Style::Drop, Style::hash("key")] {
            let what = format!("{style:?} {request}");
            let policy = open().style(style);
            let masked = policy.clone().mask_output(true);
            for (policy, mask) in [(masked, false), (policy, true)] {
                let last = PolicyHandle::new(policy.clone());
                let got = export_all(policy.clone(), Some(last), || ask(provider, &request, mask));
                assert_only_the_question(&got, &what);
                // Only the source gate is active.
                let got = export(policy, None, || ask(provider, &request, mask));
                assert_only_the_question(&got, &what);
            }
        }
    }
}

#[test]
fn the_last_guard_alone_masks_a_models_parts_of_the_history() {
    for (provider, request) in histories() {
        let got = export(open(), Some(open().mask_output(true).into()), || ask(provider, &request, false));
        assert_only_the_question(&got, &request.to_string());
    }
}

#[test]
fn a_mask_that_comes_after_the_history_was_read_covers_it() {
    for (provider, request) in histories() {
        let policy = PolicyHandle::new(open());
        for late in [true, false] {
            policy.set(open());
            let got = export_with(&policy, |dispatch| {
                tracing::dispatcher::with_default(dispatch, || {
                    LlmCall::builder("chat").provider(provider).request(&request).run(|call| match late {
                        true => {
                            call.mask_output(true);
                        }
                        false => policy.set(open().mask_output(true)),
                    });
                });
            });
            assert_only_the_question(&got, &request.to_string());
        }
    }
}

#[test]
fn a_models_parts_are_masked_in_what_is_written_onto_the_trace() {
    for (provider, request) in histories() {
        for policy in [open(), open().mask_output(true)] {
            let last = PolicyHandle::new(policy.clone());
            let got = export_all(policy, Some(last), || {
                scope().mask_output(true).update_trace(TraceUpdate::INPUT).run(|| ask(provider, &request, false));
            });
            assert_only_the_question(&got, "update_trace");
        }
    }
}

#[test]
fn merged_calls_and_retries_keep_a_models_parts_masked() {
    for (provider, request) in histories() {
        let got = export_all(open(), Some(open().into()), || {
            let outer = LlmCall::builder("chat").provider(provider).start();
            outer.run(|| {
                ask(provider, &request, true);
                ask(provider, &request, true);
            });
            outer.attempt("overloaded");
        });
        assert_only_the_question(&got, "merged");
        let got = export_all(open(), Some(open().into()), || {
            let outer = LlmCall::builder("chat").provider(provider).request(&request).start();
            outer.run(|| ask(provider, &json!({"model": "m"}), true));
        });
        assert_only_the_question(&got, "merged into a call that was open");
    }
}

#[test]
fn messages_given_apart_from_a_request_have_authors_too() {
    let messages = json!([{"role": "user", "content": QUESTION}, {"role": "assistant", "content": WORD}]);
    let got = export_all(open(), Some(open().into()), || {
        LlmCall::builder("invoke_agent").agent("guide").input(&messages).mask_output(true).run(|_| ());
    });
    assert_only_the_question(&got, "an agent's input");
}

/// The exported attribute of another crate, as a span's, as a log record's and as a field, with the output masked.
fn by_each_door(key: &'static str, text: &str) -> [String; 3] {
    let collector = Collector::start();
    let policy = open().mask_output(true);
    let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy.clone());
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    let mut span = provider.tracer("client").start("chat");
    span.set_attribute(KeyValue::new(key, text.to_owned()));
    span.end();
    let processor = RedactLogProcessor::new(SimpleLogProcessor::new(collector.log_exporter()), policy.clone());
    let loggers = SdkLoggerProvider::builder().with_log_processor(processor).build();
    let mut record = loggers.logger("client").create_log_record();
    record.add_attribute(key, text.to_owned());
    loggers.logger("client").emit(record);
    let lines = Lines::default();
    let writer = lines.clone();
    let fields = redact(tracing_subscriber::fmt::layer().with_writer(move || writer.clone())).with_policy(policy);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(fields), || match key {
        "input.value" => tracing::info!(input.value = text),
        "gen_ai.input.messages" => tracing::info!(gen_ai.input.messages = text),
        other => panic!("no field {other}"),
    });
    [format!("{:?}", collector.spans()), format!("{:?}", collector.logs()), lines.text()]
}

#[test]
fn a_models_parts_are_found_in_documents_inside_of_documents_and_in_debug_output() {
    let history = json!([{"role": "assistant", "content": WORD}]).to_string();
    for text in [
        format!("\u{feff}{history}"),
        format!("data: {history}"),
        json!(history).to_string(),
        json!({"inputs": {"messages": json!(history).to_string()}}).to_string(),
        format!(r#"[{{"role":"user","content":"{WORD}","role":"assistant"}}]"#),
        json!([{"author": {"role": "assistant"}, "content": {"parts": [WORD]}}]).to_string(),
        json!([{"message": {"role": "assistant"}, "content": WORD}]).to_string(),
        json!([{"info": {"id": "m1", "role": "assistant"}, "parts": [{"text": WORD}]}]).to_string(),
        json!([{"Role": {"Label": "assistant"}, "Items": [{"Text": WORD}]}]).to_string(),
        json!([["assistant", WORD]]).to_string(),
        json!([{"human": "q"}, {"ai": WORD}]).to_string(),
        json!([{"type": "constructor", "id": ["messages", "AIMessage"], "kwargs": {"content": WORD}}]).to_string(),
        json!([{"type": "web_search_call", "action": {"query": WORD}}]).to_string(),
        json!([{"from": "gpt", "value": WORD}]).to_string(),
        json!([{"role": "user", "content": [{"type": "tool_use", "input": {"x": WORD}}]}]).to_string(),
        json!([{"role": "user", "content": [{"type": "tool-call", "args": {"x": WORD}}]}]).to_string(),
        json!([{"role": "user", "parts": [{"part_kind": "thinking", "content": WORD}]}]).to_string(),
        json!([{"role": "user", "parts": [{"type": "custom_tool_call", "input": WORD}]}]).to_string(),
        json!([{"role": "tool", "tool_calls": [{"function": {"arguments": WORD}}]}]).to_string(),
        format!("Messages([Assistant({WORD:?})])"),
        format!("Request {{\n    messages: [\n        Assistant(\n            {WORD:?},\n        ),\n    ],\n}}"),
        format!("user: q\nassistant: {WORD}"),
        format!("Human: q\n\nAI: {WORD}"),
        format!("### Bot\n{WORD}"),
        format!("**Assistant**: {WORD}"),
        format!("<s>[INST] q [/INST] {WORD}"),
    ] {
        for key in ["input.value", "gen_ai.input.messages"] {
            let got = by_each_door(key, &text);
            assert!(got.iter().all(|door| door.contains("REDACTED") && !door.contains(WORD)), "{text}: {got:?}");
        }
    }
}

#[test]
fn a_users_texts_of_another_crate_stay() {
    for text in [
        "What is an AI assistant? Tell me about: bots, models.".to_owned(),
        json!([{"role": "user", "parts": [{"type": "text", "content": QUESTION}]}]).to_string(),
        json!({"messages": [{"role": "user", "content": QUESTION, "metadata": {"id": 1, "lang": "en"}}]}).to_string(),
        json!({"model": "m", "options": {"id": 1, "kind": "fast"}, "input": QUESTION}).to_string(),
    ] {
        for key in ["input.value", "gen_ai.input.messages"] {
            let got = by_each_door(key, &text);
            assert!(got.iter().all(|door| !door.contains("REDACTED")), "{text}: {got:?}");
        }
    }
}

/// Parts of a model in a message that names another role, or none.
#[test]
fn a_models_parts_are_masked_whatever_role_their_message_names() {
    let user = json!({"role": "user", "content": QUESTION});
    for (provider, message) in [
        ("openai", json!({"content": WORD})),
        ("openai", json!({"role": null, "content": WORD})),
        ("openai", json!({"role": ["assistant"], "content": WORD})),
        ("openai", json!({"message": {"role": "assistant"}, "content": WORD})),
        ("openai", json!({"role": "user", "content": "q", "refusal": WORD, "reasoning_content": WORD})),
        ("openai", json!({"role": "user", "content": [{"type": "reasoning", "text": WORD}]})),
        ("openai", json!({"role": "user", "content": [{"type": "tool_call", "arguments": WORD}]})),
        ("anthropic", json!({"role": "user", "content": [{"type": "tool_use", "name": "f", "input": {"a": WORD}}]})),
        ("anthropic", json!({"content": WORD})),
    ] {
        let request = json!({"model": "m", "max_tokens": 9, "messages": [user, message]});
        let ask = || ask(provider, &request, false);
        assert!(export(open(), None, ask).shows(WORD), "{message}");
        assert_only_the_question(&export(open().mask_output(true), None, ask), &message.to_string());
        let got = export(open(), Some(open().mask_output(true).into()), ask);
        assert_only_the_question(&got, &message.to_string());
    }
}

/// Attributes that another crate sets for a chat, by key.
fn foreign() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    let parts = |text: &str| json!([{"type": "text", "content": text}]);
    let history = json!([{"role": "user", "content": QUESTION}, {"role": "assistant", "content": WORD}]);
    vec![
        (
            "the conventions",
            vec![("gen_ai.input.messages", json!([
            {"role": "user", "parts": parts(QUESTION)},
            {"role": "assistant", "parts": parts(WORD)},
            {"role": "assistant", "parts": [{"type": "tool_call", "name": "weather", "arguments": {"city": WORD}}]},
        ]).to_string())],
        ),
        (
            "flattened",
            vec![
                ("gen_ai.prompt.0.role", "user".to_owned()),
                ("gen_ai.prompt.0.content", QUESTION.to_owned()),
                ("gen_ai.prompt.1.role", "assistant".to_owned()),
                ("gen_ai.prompt.1.content", WORD.to_owned()),
                ("gen_ai.prompt.1.tool_calls.0.arguments", WORD.to_owned()),
                ("llm.input_messages.0.message.content", WORD.to_owned()),
            ],
        ),
        ("a request", vec![("input.value", json!({"model": "m", "messages": history}).to_string())]),
        ("a list", vec![("ai.prompt.messages", history.to_string()), ("input", format!("[Message {{ {WORD} }}]"))]),
    ]
}

#[test]
fn a_models_parts_of_another_crates_input_are_masked() {
    let export = |policy: Policy, masks: bool| {
        let collector = Collector::start();
        let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy);
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        scope().mask_output(masks).run(|| {
            for (name, attributes) in foreign() {
                let mut span = provider.tracer("client").start(name);
                for (key, value) in attributes {
                    span.set_attribute(KeyValue::new(key, value));
                }
                span.end();
            }
        });
        collector
    };
    for style in [Style::Placeholder, Style::Drop, Style::hash("key")] {
        let policy = open().style(style);
        for (policy, masks) in [(policy.clone().mask_output(true), false), (policy, true)] {
            let got = export(policy, masks);
            assert!(!got.saw(WORD), "{:?}", got.spans());
            for (name, _) in foreign() {
                assert!(format!("{:?}", got.span(name)).contains(QUESTION), "{name}: {:?}", got.span(name));
            }
        }
    }
}

#[test]
fn a_copy_that_bears_no_authors_mark_needs_both_masks() {
    let request = json!({"model": "m", "messages": [
        {"role": "user", "content": format!("You wrote: {WORD}")},
        {"role": "tool", "tool_call_id": "c", "content": format!("a sub-agent's answer: {WORD}")},
    ]});
    let got = export(open().mask_output(true), None, || ask("openai", &request, false));
    assert_eq!(format!("{:?}", got.spans()).matches(WORD).count(), 2);
    let got = export(open().mask_output(true).mask_input(true), None, || ask("openai", &request, false));
    assert!(!got.shows(WORD));
}

#[test]
fn a_history_that_names_no_author_needs_both_masks() {
    for history in [json!({"question": "q", "answer": WORD}), json!([["q", WORD]])] {
        let exported = |policy: Policy| {
            let collector = Collector::start();
            let processor = RedactProcessor::new(SimpleSpanProcessor::new(collector.exporter()), policy);
            let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
            let mut span = provider.tracer("client").start("chat");
            span.set_attribute(KeyValue::new("input.value", history.to_string()));
            span.end();
            collector
        };
        assert!(exported(open().mask_output(true)).saw(WORD));
        assert!(!exported(open().mask_output(true).mask_input(true)).saw(WORD));
    }
}

#[test]
fn a_prompt_that_is_one_text_is_input_whoever_wrote_its_parts() {
    let request = json!({"model": "m", "prompt": format!("Human: {QUESTION}\nAssistant: {WORD}\nHuman: Go on.")});
    let ask = || {
        LlmCall::builder("text_completion").provider("openai").request(&request).run(|_| ());
    };
    assert!(export(open().mask_output(true), None, ask).shows(WORD));
    assert!(!export(open().mask_input(true), None, ask).shows(WORD));
}
