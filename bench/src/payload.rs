//! The request and response of all rows, as values, as text and as types of a client crate.

use serde::Serialize;
use serde_json::{Value, json};

/// The additional prompt bytes of the rows with content.
pub(crate) const LONG: usize = 16 << 10;

pub(crate) fn request() -> Value {
    json!({
        "model": "gpt-4o-mini", "temperature": 0.2, "top_p": 0.9, "max_tokens": 400, "seed": 7,
        "frequency_penalty": 0.1, "presence_penalty": 0.1, "stop": ["END"],
        "messages": [{"role": "system", "content": "You are brief."}, {"role": "user", "content": "Why is the sky blue?"}]
    })
}

/// A request with a prompt of `bytes` bytes.
pub(crate) fn long_request(bytes: usize) -> Value {
    let text = "The quick brown fox said \"yes\" and jumped over it.\n";
    let mut request = request();
    request["messages"][1]["content"] = text.chars().cycle().take(bytes).collect::<String>().into();
    request
}

pub(crate) fn response() -> Value {
    json!({
        "id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "It scatters."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 120, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 100},
            "completion_tokens_details": {"reasoning_tokens": 4}},
        "service_tier": "default", "system_fingerprint": "fp_50906f2aac"
    })
}

pub(crate) fn chunk() -> Value {
    json!({"id": "chatcmpl-8d40", "object": "chat.completion.chunk", "created": 1_790_000_000,
        "model": "gpt-4o-mini-2024-07-18", "system_fingerprint": "fp_50906f2aac",
        "choices": [{"index": 0, "delta": {"content": " word"}, "logprobs": null, "finish_reason": null}]})
}

/// A hundred chunks, each with its own text and count.
pub(crate) fn differing_chunks() -> Vec<Value> {
    let differing = |count: i64| {
        let mut chunk = chunk();
        chunk["choices"][0]["delta"]["content"] = format!(" word {count}").into();
        chunk["usage"] = json!({"prompt_tokens": 12, "completion_tokens": count});
        chunk
    };
    (0..100).map(differing).collect()
}

/// The request as a type like that of the `genai` crate.
#[derive(Serialize)]
pub(crate) struct TypedRequest {
    system: &'static str,
    messages: [TypedMessage; 1],
}

#[derive(Serialize)]
struct TypedMessage {
    role: &'static str,
    content: &'static str,
}

/// The response facts that the `genai` crate keeps, in OpenAI's format.
#[derive(Serialize)]
pub(crate) struct TypedResponse {
    object: &'static str,
    id: &'static str,
    model: &'static str,
    choices: [TypedChoice; 1],
    usage: TypedUsage,
}

#[derive(Serialize)]
struct TypedChoice {
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct TypedUsage {
    prompt_tokens: i32,
    completion_tokens: i32,
}

pub(crate) fn typed_request() -> TypedRequest {
    let messages = [TypedMessage { role: "User", content: "Why is the sky blue?" }];
    TypedRequest { system: "You are brief.", messages }
}

pub(crate) fn typed_response() -> TypedResponse {
    TypedResponse {
        object: "chat.completion",
        id: "chatcmpl-8d3f",
        model: "gpt-4o-mini-2024-07-18",
        choices: [TypedChoice { finish_reason: "stop" }],
        usage: TypedUsage { prompt_tokens: 120, completion_tokens: 30 },
    }
}
