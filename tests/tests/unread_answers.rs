//! Functions of whose answer nothing is read: each is reported once to who asks, and never a function of which something is.

use llm_trace::{LlmCall, Usage, llm_call};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use serde_json::{Value, json};
use tracing_subscriber::prelude::*;

struct Block;

struct StopReason;

#[llm_call(provider = "openai", model = "m")]
fn tuple() -> Result<(Vec<Block>, StopReason), std::io::Error> {
    Ok((vec![Block], StopReason))
}

#[llm_call(provider = "openai", model = "m")]
async fn nothing() {}

#[derive(serde::Serialize)]
struct Summary {
    words: usize,
}

#[llm_call(provider = "openai", model = "m")]
fn serializable() -> Option<Summary> {
    Some(Summary { words: 3 })
}

#[llm_call(provider = "openai", model = "m", response = |answer| &answer.0)]
fn picked() -> (Summary, u8) {
    (Summary { words: 3 }, 1)
}

#[llm_call(provider = "openai", model = "m")]
fn with_usage() -> StopReason {
    LlmCall::current().usage(Usage::new().input_tokens(3));
    StopReason
}

#[llm_call(provider = "openai", model = "m")]
fn with_response() -> StopReason {
    LlmCall::current().response(&json!({"id": "c1"}));
    StopReason
}

#[llm_call(provider = "openai", model = "m")]
fn with_chunk() {
    LlmCall::current().chunk("Hello");
}

#[llm_call(provider = "openai", model = "m")]
fn with_call_inside() -> StopReason {
    text();
    StopReason
}

#[llm_call(provider = "openai", model = "m")]
fn text() -> String {
    "Hello".into()
}

#[llm_call(provider = "openai", model = "m")]
fn answer() -> Value {
    json!({"id": "c1", "object": "chat.completion", "model": "m", "choices": []})
}

#[llm_call(provider = "openai", model = "m")]
fn failing() -> Result<StopReason, std::io::Error> {
    Err(std::io::Error::other("refused"))
}

#[llm_call(provider = "openai", model = "m")]
fn handed_on() -> (StopReason, LlmCall) {
    (StopReason, LlmCall::current())
}

fn everything() -> String {
    let provider = SdkTracerProvider::builder().with_simple_exporter(InMemorySpanExporter::default()).build();
    let subscriber = tracing_subscriber::registry().with(llm_trace::layer().with_tracer_provider(&provider));
    tracing::subscriber::with_default(subscriber, || {
        for _ in 0..2 {
            drop(tuple());
            tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(nothing());
            serializable();
            picked();
            with_usage();
            with_response();
            with_chunk();
            with_call_inside();
            text();
            answer();
            drop(failing());
            let (_, call) = handed_on();
            call.chunk("Hello");
        }
        llm_trace::check().to_string()
    })
}

fn is_reported(text: &str) {
    for (function, type_name) in [
        ("tuple", "(alloc::vec::Vec<unread_answers::Block>, unread_answers::StopReason)"),
        ("nothing", "()"),
        ("serializable", "unread_answers::Summary"),
        ("picked", "unread_answers::Summary"),
    ] {
        let report = format!("the function `{function}` marked #[llm_call] in unread_answers, ");
        let lines: Vec<_> = text.lines().filter(|line| line.contains(&report)).collect();
        assert_eq!(lines.len(), 1, "{function}: {text}");
        assert!(lines[0].contains(&format!("returned `{type_name}`, of which nothing is read")), "{}", lines[0]);
        assert!(lines[0].contains("unread_answers.rs:") && lines[0].contains("`response = |value| &value.body`"));
    }
    assert_eq!(text.matches("of which nothing is read").count(), 4, "{text}");
}

#[test]
fn check_lists_each_function_once() {
    is_reported(&everything());
}

#[test]
fn each_function_is_reported_once_where_that_is_asked_for() {
    const INSIDE: &str = "UNREAD_ANSWERS_RUNS";
    if std::env::var_os(INSIDE).is_some() {
        everything();
        return;
    }
    for asked in [true, false] {
        let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
        command.args(["--exact", "each_function_is_reported_once_where_that_is_asked_for", "--nocapture"]);
        command.env(INSIDE, "1").env_remove("LLM_TRACE_DEBUG");
        if asked {
            command.env("LLM_TRACE_DEBUG", "1");
        }
        let output = command.output().expect("it runs");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{text}");
        if asked {
            is_reported(&text);
        } else {
            assert!(!text.contains("nothing is read"), "{text}");
        }
    }
}
