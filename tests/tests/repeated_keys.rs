//! Documents whose objects repeat a key, tested on the exported bytes: the same from text as from a `Value`, which has
//! the last of equal keys.

use llm_trace::{Capture, LlmCall, Operation, Policy, Style};
use llm_trace_tests::collector::Collector;
use serde_json::{Map, Value};
use tracing_subscriber::prelude::*;

/// The exported attributes of one call.
fn exported(policy: &Policy, provider: &'static str, record: impl FnOnce(&LlmCall)) -> Map<String, Value> {
    let collector = Collector::start();
    let layer = llm_trace::layer().with_policy(policy.clone()).with_tracer_provider(&collector.provider());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        LlmCall::builder(Operation::Chat).provider(provider).run(record);
    });
    let [span] = &collector.spans()[..] else { panic!("{:?}", collector.spans()) };
    span.attributes()
}

/// A provider, a request and a response. Only last values are exported.
const CASES: [(&str, &str, &str); 7] = [
    (
        "openai",
        r#"{"model": "first", "model": "m", "temperature": 0.1, "temperature": 0.2,
            "messages": [{"role": "user", "content": "first"}], "messages": [
                {"role": "user", "role": "system", "content": "first", "content": "last"},
                {"role": "user", "content": [{"type": "text", "text": "first", "text": "last"},
                    {"type": "odd", "a": "first", "b": 1, "a": "last"}]}],
            "tools": [{"type": "function", "function": {"name": "first", "name": "f", "parameters": {
                "type": "first", "type": "array", "x": {"a": "first", "b": 1, "a": "last"}}}}]}"#,
        r#"{"id": "first", "id": "r", "object": "chat.completion", "model": "m", "choices": [{"index": 0,
            "finish_reason": "first", "finish_reason": "stop",
            "message": {"role": "assistant", "content": "first", "content": "last", "tool_calls": [],
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "first", "name": "f"}}]}}],
            "usage": {"prompt_tokens": 1}, "usage": {"prompt_tokens": 2, "prompt_tokens": 3}}"#,
    ),
    (
        "openai",
        r#"{"model": "m", "input": [{"role": "user", "content": "first", "content": "last"},
            {"type": "odd", "x": {"a": "first", "a": "last"}}], "instructions": "first", "instructions": "last"}"#,
        r#"{"id": "r", "object": "response", "model": "m", "status": "completed", "output": [
            {"type": "message", "role": "assistant", "content": [
                {"type": "output_text", "text": "first", "text": "last"}]},
            {"type": "odd_call", "id": "x", "x": {"a": "first", "a": "last"}}]}"#,
    ),
    (
        "anthropic",
        r#"{"model": "m", "max_tokens": 5, "system": "first", "system": [
            {"type": "text", "text": "first", "text": "last"}], "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "f", "input":
                {"a": "first", "b": {"c": "first", "c": "last"}, "a": ["last"]}}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1",
                "content": "first", "content": "last"}]}],
            "tools": [{"name": "f", "input_schema": {"type": "object", "properties":
                {"a": {"type": "first"}, "a": {"type": "number"}}}}]}"#,
        r#"{"id": "r", "type": "message", "role": "assistant", "model": "m", "content": [
            {"type": "text", "text": "first", "text": "last"},
            {"type": "tool_use", "id": "2", "name": "f", "input": {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5,
                "6": 6, "7": 7, "a": "first", "8": 8, "a": "last", "9": 9}}],
            "stop_reason": "first", "stop_reason": "tool_use"}"#,
    ),
    (
        "gcp.gemini",
        r#"{"model": "m", "contents": [{"role": "user", "parts": [{"text": "first", "text": "last"},
            {"functionResponse": {"name": "f", "response": {"a": "first", "a": "last"}}}]}],
            "tools": [{"functionDeclarations": [{"name": "first"}], "functionDeclarations": [
                {"name": "f", "parameters": {"type": "OBJECT", "properties":
                    {"a": {"type": "first"}, "a": {"type": "NUMBER"}}}}]}]}"#,
        r#"{"candidates": [{"content": {"role": "model", "parts": [
            {"functionCall": {"name": "f", "args": {"a": "first", "b": 1, "a": "last"}}},
            {"text": "first", "text": "last"}, {"executableCode": {"code": "first", "code": "last"}}]},
            "finishReason": "STOP"}], "modelVersion": "m"}"#,
    ),
    (
        "aws.bedrock",
        r#"{"modelId": "m", "messages": [{"role": "user", "content": [{"text": "first", "text": "last"},
            {"toolResult": {"toolUseId": "1", "content": [{"json": {"a": "first", "a": "last"}}]}}]}]}"#,
        r#"{"output": {"message": {"role": "assistant", "content": [
            {"toolUse": {"toolUseId": "2", "name": "f", "input": {"a": "first", "a": "last"}}},
            {"text": "first", "text": "last"}]}}, "stopReason": "end_turn"}"#,
    ),
    (
        "cohere",
        r#"{"model": "m", "messages": [{"role": "user", "content": "first", "content": "last"}]}"#,
        r#"{"id": "r", "message": {"role": "assistant", "content": [
            {"type": "text", "text": "first", "text": "last"}]}, "finish_reason": "COMPLETE"}"#,
    ),
    (
        "ollama",
        r#"{"model": "m", "messages": [{"role": "user", "content": "first", "content": "last"}]}"#,
        r#"{"model": "m", "message": {"role": "assistant", "content": "first", "content": "last", "tool_calls": [
            {"function": {"name": "f", "arguments": {"a": "first", "a": "last"}}}]}, "done": true}"#,
    ),
];

#[test]
fn the_last_of_equal_keys_is_exported_from_text_as_from_a_value() {
    let open = Policy::new().capture(Capture::Span);
    let scrubbed = open.clone().scrub(|text, _| text.contains("last").then(|| text.replace("last", "latest")));
    let hashed = open.clone().mask_input(true).mask_output(true).style(Style::hash("key"));
    for (policy, shown) in [(open, Some("last")), (scrubbed, Some("latest")), (hashed, None)] {
        for (provider, request, answer) in CASES {
            let parsed = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
            let text = exported(&policy, provider, |call| _ = call.request_json(request).response_json(answer));
            let value =
                exported(&policy, provider, |call| _ = call.request(&parsed(request)).response(&parsed(answer)));
            assert_eq!(text, value, "{provider} {request}");
            let all = Value::Object(text).to_string();
            assert!(!all.contains("first") && shown.is_none_or(|shown| all.contains(shown)), "{all}");
        }
    }
}

#[test]
fn chunks_are_read_alike() {
    let policy = Policy::new().capture(Capture::Span);
    let (provider, _, text) = CASES.into_iter().find(|(provider, ..)| *provider == "gcp.gemini").expect("a case");
    let chunk: Value = serde_json::from_str(text).expect("JSON");
    let value = exported(&policy, provider, |call| _ = call.chunk(&chunk));
    let line = text.replace('\n', " ");
    let bytes = exported(&policy, provider, |call| _ = call.chunk_bytes(format!("data: {line}\n\n")));
    let [value, bytes] = [value, bytes].map(|all| all["gen_ai.output.messages"].to_string());
    assert!(value == bytes && bytes.contains("last"), "{bytes}");
}
