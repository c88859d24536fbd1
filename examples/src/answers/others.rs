//! Answers of APIs other than chat completions.

use serde_json::{Value, json};

use super::dated;

const TEXT: &str = "A span is one timed step of a trace.";

/// An answer of Anthropic's messages API.
pub(crate) fn message(body: &Value) -> Value {
    json!({
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant", "model": body["model"],
        "content": [{"type": "text", "text": TEXT}], "stop_reason": "end_turn", "stop_sequence": null,
        "usage": {"input_tokens": 12, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 0, "output_tokens": 9}
    })
}

/// An answer of OpenAI's responses API.
pub(crate) fn responses(body: &Value) -> Value {
    json!({
        "id": "resp_67ccd2bed1ec8190", "object": "response", "created_at": 1_790_000_000, "status": "completed",
        "error": null, "incomplete_details": null, "instructions": null, "max_output_tokens": null,
        "model": dated(body), "parallel_tool_calls": true, "previous_response_id": null, "store": true,
        "output": [{"type": "message", "id": "msg_67ccd2bf17f0", "status": "completed", "role": "assistant",
            "content": [{"type": "output_text", "text": TEXT, "annotations": []}]}],
        "reasoning": {"effort": null, "summary": null}, "temperature": 1.0, "text": {"format": {"type": "text"}},
        "tool_choice": "auto", "tools": [], "top_p": 1.0, "truncation": "disabled", "metadata": {},
        "usage": {"input_tokens": 13, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 11,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 24}
    })
}

/// An answer of Ollama's chat API.
pub(crate) fn ollama(body: &Value) -> Value {
    json!({
        "model": body["model"], "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": TEXT},
        "done": true, "done_reason": "stop", "total_duration": 150_000_000, "load_duration": 1_000_000,
        "prompt_eval_count": 14, "prompt_eval_duration": 20_000_000, "eval_count": 10, "eval_duration": 120_000_000
    })
}

/// An answer of Bedrock's Converse API.
pub(crate) fn converse() -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": [{"text": TEXT}]}}, "stopReason": "end_turn",
        "usage": {"inputTokens": 12, "outputTokens": 10, "totalTokens": 22}, "metrics": {"latencyMs": 150}
    })
}
