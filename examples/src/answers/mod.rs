//! The server's answers, in the providers' formats.

mod others;

use serde_json::{Value, json};

pub(crate) use others::{converse, message, ollama, responses};

/// A chat completion: if tools are offered and not used yet, a call of each tool, otherwise a text.
pub(crate) fn chat(body: &Value) -> Value {
    let (message, reason) = match tools(body) {
        Some(calls) => (json!({"role": "assistant", "content": null, "tool_calls": calls}), "tool_calls"),
        None => (json!({"role": "assistant", "content": text(body)}), "stop"),
    };
    json!({
        "id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": dated(body),
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage(body), "service_tier": "default", "system_fingerprint": "fp_50906f2aac"
    })
}

/// The same completion as stream events, without framing. The last one is the end mark.
pub(crate) fn chat_chunks(body: &Value) -> Vec<String> {
    let chunk = |delta: Value, reason: Value| {
        json!({"id": "chatcmpl-8d40", "object": "chat.completion.chunk", "created": 1_790_000_000,
            "model": dated(body), "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})
        .to_string()
    };
    let mut chunks = vec![chunk(json!({"role": "assistant", "content": ""}), Value::Null)];
    chunks.extend(text(body).split_inclusive(' ').map(|word| chunk(json!({"content": word}), Value::Null)));
    chunks.push(chunk(json!({}), json!("stop")));
    let last = json!({"id": "chatcmpl-8d40", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": dated(body), "choices": [], "usage": usage(body)});
    chunks.push(last.to_string());
    chunks.push("[DONE]".to_owned());
    chunks
}

/// One vector per input.
pub(crate) fn embeddings(body: &Value) -> Value {
    let count = body["input"].as_array().map_or(1, Vec::len);
    let data: Vec<Value> = (0..count)
        .map(|index| json!({"object": "embedding", "index": index, "embedding": [0.1, -0.2, 0.3, 0.05]}))
        .collect();
    json!({"object": "list", "model": body["model"], "data": data, "usage": {"prompt_tokens": 8, "total_tokens": 8}})
}

/// The body of a 429.
pub(crate) fn rate_limited() -> Value {
    json!({"error": {"message": "Rate limit reached for requests", "type": "requests", "param": null,
        "code": "rate_limit_exceeded"}})
}

fn last_message(body: &Value) -> &Value {
    body["messages"].as_array().and_then(|messages| messages.last()).unwrap_or(&Value::Null)
}

fn tools(body: &Value) -> Option<Vec<Value>> {
    if last_message(body)["role"] == "tool" {
        return None;
    }
    let names = body["tools"].as_array()?.iter().filter_map(|tool| tool["function"]["name"].as_str());
    let calls: Vec<Value> = names.zip(["call_2Bx", "call_2By", "call_2Bz"]).map(tool_call).collect();
    (!calls.is_empty()).then_some(calls)
}

fn tool_call((name, id): (&str, &str)) -> Value {
    json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{\"city\":\"Oslo\"}"}})
}

fn text(body: &Value) -> &'static str {
    if last_message(body)["role"] == "tool" {
        "It is 4 degrees and sunny in Oslo."
    } else {
        "A span is one timed step of a trace."
    }
}

/// The dated model name of an alias.
fn dated(body: &Value) -> String {
    match body["model"].as_str() {
        Some("gpt-4o-mini") => "gpt-4o-mini-2024-07-18".to_owned(),
        other => other.unwrap_or("unknown").to_owned(),
    }
}

fn usage(body: &Value) -> Value {
    let words = body["messages"].to_string().split_whitespace().count().max(1);
    json!({"prompt_tokens": words + 7, "completion_tokens": 11, "total_tokens": words + 18,
        "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0}})
}

/// The text deltas in a piece of a stream, for printing. This server's pieces contain complete events.
pub fn deltas(bytes: &[u8]) -> Vec<String> {
    let events = String::from_utf8_lossy(bytes);
    let data = events.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str::<Value>(data).ok())
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned))
        .collect()
}
