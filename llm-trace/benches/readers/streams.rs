//! Responses of 300 events.

use std::iter::once;

use llm_trace::internal::Body;
use serde_json::{Value, json};

use super::messages::plain;
use super::payload::Payload;

const EVENTS: usize = 300;

fn words(event: impl Fn(&str) -> Value) -> impl Iterator<Item = Value> {
    (0..EVENTS).map(move |_| event(" a \"word\""))
}

pub(crate) fn all() -> Vec<Payload> {
    vec![chat(), responses(), anthropic(), gemini(), converse(), ollama()]
}

fn chat() -> Payload {
    let chunk = |delta: Value, finish: Value, usage: Value| {
        json!({"id": "chatcmpl-8d40", "object": "chat.completion.chunk", "created": 1_790_000_000,
            "model": "gpt-4o-2024-08-06", "system_fingerprint": "fp_50906f2aac", "usage": usage,
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]})
    };
    let usage = json!({"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500});
    let last = chunk(json!({}), json!("stop"), usage);
    Payload::stream(
        "OpenAI chat completions, SSE",
        ("openai", "/v1/chat/completions"),
        json!({"model": "gpt-4o", "messages": plain(), "stream": true}),
        Body::Sse,
        words(|word| chunk(json!({"content": word}), Value::Null, Value::Null)).chain(once(last)),
    )
}

fn responses() -> Payload {
    let response = |status: &str| {
        json!({"id": "resp_67cc", "object": "response", "status": status, "model": "gpt-4o-2024-08-06", "output": [],
            "usage": {"input_tokens": 1200, "output_tokens": 300, "total_tokens": 1500}})
    };
    let first = [
        json!({"type": "response.created", "response": response("in_progress")}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "msg_67",
            "status": "in_progress", "role": "assistant", "content": []}}),
    ];
    let deltas = words(|word| {
        json!({"type": "response.output_text.delta", "item_id": "msg_67", "output_index": 0, "content_index": 0,
            "delta": word, "logprobs": []})
    });
    let last = json!({"type": "response.completed", "response": response("completed")});
    Payload::stream(
        "OpenAI Responses, SSE",
        ("openai", "/v1/responses"),
        json!({"model": "gpt-4o", "input": plain(), "stream": true}),
        Body::Sse,
        first.into_iter().chain(deltas).chain(once(last)),
    )
}

fn anthropic() -> Payload {
    let first = [
        json!({"type": "message_start", "message": {"id": "msg_01X", "type": "message", "role": "assistant",
            "model": "claude-sonnet-4-5-20250929", "content": [], "stop_reason": null,
            "usage": {"input_tokens": 1200, "output_tokens": 1}}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    ];
    let deltas =
        words(|word| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}));
    let last = [
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 300}}),
        json!({"type": "message_stop"}),
    ];
    Payload::stream(
        "Anthropic messages, SSE",
        ("anthropic", "/v1/messages"),
        json!({"model": "claude-sonnet-4-5", "max_tokens": 400, "messages": plain(), "stream": true}),
        Body::Sse,
        first.into_iter().chain(deltas).chain(last),
    )
}

fn gemini() -> Payload {
    let event = |word: &str, finish: Option<&str>| {
        json!({"candidates": [{"content": {"parts": [{"text": word}], "role": "model"}, "finishReason": finish}],
            "usageMetadata": {"promptTokenCount": 1200, "candidatesTokenCount": 300, "totalTokenCount": 1500},
            "modelVersion": "gemini-2.5-flash", "responseId": "x1"})
    };
    Payload::stream(
        "Gemini streamGenerateContent, SSE",
        ("gcp.gemini", "/v1beta/models/gemini-2.5-flash:streamGenerateContent"),
        json!({"contents": [{"role": "user", "parts": [{"text": super::payload::text(8 << 10)}]}]}),
        Body::Sse,
        words(|word| event(word, None)).chain(once(event(".", Some("STOP")))),
    )
}

/// The events as the AWS SDKs decode them, one per line.
fn converse() -> Payload {
    let deltas = words(|word| json!({"contentBlockDelta": {"delta": {"text": word}, "contentBlockIndex": 0}}));
    let last = [
        json!({"contentBlockStop": {"contentBlockIndex": 0}}),
        json!({"messageStop": {"stopReason": "end_turn"}}),
        json!({"metadata": {"usage": {"inputTokens": 1200, "outputTokens": 300, "totalTokens": 1500}}}),
    ];
    Payload::stream(
        "Bedrock ConverseStream, decoded",
        ("aws.bedrock", "/model/amazon.nova-lite-v1%3A0/converse-stream"),
        json!({"messages": [{"role": "user", "content": [{"text": super::payload::text(8 << 10)}]}],
            "inferenceConfig": {"maxTokens": 400}}),
        Body::Json,
        once(json!({"messageStart": {"role": "assistant"}})).chain(deltas).chain(last),
    )
}

fn ollama() -> Payload {
    let last = json!({"model": "llama3.2", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop",
        "message": {"role": "assistant", "content": ""}, "prompt_eval_count": 1200, "eval_count": 300});
    Payload::stream(
        "Ollama chat, NDJSON",
        ("ollama", "/api/chat"),
        json!({"model": "llama3.2", "messages": plain()}),
        Body::Json,
        words(|word| {
            json!({"model": "llama3.2", "created_at": "2026-01-01T00:00:00Z", "done": false,
                "message": {"role": "assistant", "content": word}})
        })
        .chain(once(last)),
    )
}
