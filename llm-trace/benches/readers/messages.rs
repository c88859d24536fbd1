//! Conversations with a response in one document.

use serde_json::{Value, json};

use super::payload::{Payload, text};

/// Six turns, each built by `turn` from a role and a text.
pub(crate) fn turns(turn: impl Fn(&str, String) -> Value) -> Value {
    (0..6).map(|n| turn(if n % 2 == 0 { "user" } else { "assistant" }, text(2 << 10))).collect()
}

pub(crate) fn plain() -> Value {
    turns(|role, text| json!({"role": role, "content": text}))
}

fn schema() -> Value {
    json!({"type": "object", "properties": {"city": {"type": "string", "description": "The city's name"}},
        "required": ["city"]})
}

pub(crate) fn all() -> Vec<Payload> {
    let mut all = openai();
    all.extend(others());
    all
}

fn openai() -> Vec<Payload> {
    let tools = json!([{"type": "function", "function": {"name": "weather", "parameters": schema()}}]);
    let chat = Payload::whole(
        "OpenAI chat completions",
        "openai",
        "/v1/chat/completions",
        json!({"model": "gpt-4o", "temperature": 0.2, "max_tokens": 400, "messages": plain(), "tools": tools}),
        json!({"id": "chatcmpl-8d3f", "object": "chat.completion", "created": 1_790_000_000, "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "finish_reason": "stop", "logprobs": null,
                "message": {"role": "assistant", "content": text(4 << 10), "refusal": null}}],
            "usage": {"prompt_tokens": 1200, "completion_tokens": 300, "total_tokens": 1500,
                "prompt_tokens_details": {"cached_tokens": 1000}}, "system_fingerprint": "fp_50906f2aac"}),
    );
    let tools = json!([{"type": "function", "name": "weather", "parameters": schema()}]);
    let responses = Payload::whole(
        "OpenAI Responses",
        "openai",
        "/v1/responses",
        json!({"model": "gpt-4o", "instructions": text(500), "input": plain(), "tools": tools}),
        json!({"id": "resp_67cc", "object": "response", "created_at": 1_790_000_000, "status": "completed",
            "model": "gpt-4o-2024-08-06", "output": [{"type": "message", "id": "msg_67", "status": "completed",
                "role": "assistant", "content": [{"type": "output_text", "text": text(4 << 10), "annotations": []}]}],
            "usage": {"input_tokens": 1200, "input_tokens_details": {"cached_tokens": 1000}, "output_tokens": 300,
                "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 1500}}),
    );
    vec![chat, responses]
}

fn others() -> Vec<Payload> {
    let anthropic = Payload::whole(
        "Anthropic messages",
        "anthropic",
        "/v1/messages",
        json!({"model": "claude-sonnet-4-5", "max_tokens": 400, "system": text(500), "messages": plain(),
            "tools": [{"name": "weather", "input_schema": schema()}]}),
        json!({"id": "msg_01X", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
            "content": [{"type": "text", "text": text(4 << 10)}], "stop_reason": "end_turn", "stop_sequence": null,
            "usage": {"input_tokens": 200, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 1000,
                "output_tokens": 300}}),
    );
    let contents = turns(|role, text| json!({"role": role.replace("assistant", "model"), "parts": [{"text": text}]}));
    let gemini = Payload::whole(
        "Gemini generateContent",
        "gcp.gemini",
        "/v1beta/models/gemini-2.5-flash:generateContent",
        json!({"contents": contents, "generationConfig": {"temperature": 0.2, "maxOutputTokens": 400}}),
        json!({"candidates": [{"content": {"parts": [{"text": text(4 << 10)}], "role": "model"},
                "finishReason": "STOP", "index": 0}],
            "usageMetadata": {"promptTokenCount": 1200, "candidatesTokenCount": 300, "totalTokenCount": 1500},
            "modelVersion": "gemini-2.5-flash", "responseId": "x1"}),
    );
    let converse = Payload::whole(
        "Bedrock Converse",
        "aws.bedrock",
        "/model/amazon.nova-lite-v1%3A0/converse",
        json!({"messages": turns(|role, text| json!({"role": role, "content": [{"text": text}]})),
            "inferenceConfig": {"temperature": 0.2, "maxTokens": 400}}),
        json!({"output": {"message": {"role": "assistant", "content": [{"text": text(4 << 10)}]}},
            "stopReason": "end_turn", "usage": {"inputTokens": 1200, "outputTokens": 300, "totalTokens": 1500},
            "metrics": {"latencyMs": 900}}),
    );
    let cohere = Payload::whole(
        "Cohere chat v2",
        "cohere",
        "/v2/chat",
        json!({"model": "command-r-plus", "messages": plain()}),
        json!({"id": "c14c", "finish_reason": "COMPLETE",
            "message": {"role": "assistant", "content": [{"type": "text", "text": text(4 << 10)}]},
            "usage": {"billed_units": {"input_tokens": 1200, "output_tokens": 300},
                "tokens": {"input_tokens": 1270, "output_tokens": 300}}}),
    );
    let v1 = Payload::whole(
        "Cohere chat v1",
        "cohere",
        "/v1/chat",
        json!({"model": "command-r", "message": text(2 << 10), "chat_history": turns(|role, text| {
            json!({"role": if role == "user" { "USER" } else { "CHATBOT" }, "message": text})
        })}),
        json!({"response_id": "r1", "generation_id": "g1", "text": text(4 << 10), "finish_reason": "COMPLETE",
            "meta": {"billed_units": {"input_tokens": 1200, "output_tokens": 300}}}),
    );
    let ollama = Payload::whole(
        "Ollama chat",
        "ollama",
        "/api/chat",
        json!({"model": "llama3.2", "messages": plain(), "stream": false}),
        json!({"model": "llama3.2", "created_at": "2026-01-01T00:00:00Z", "done": true, "done_reason": "stop",
            "message": {"role": "assistant", "content": text(4 << 10)},
            "prompt_eval_count": 1200, "eval_count": 300, "total_duration": 5_000_000_000_u64}),
    );
    vec![anthropic, gemini, converse, cohere, v1, ollama]
}
