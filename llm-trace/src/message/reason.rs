//! Finish reasons by the schema.

/// The schema's name for a provider's finish reason, or the provider's own if none matches.
pub(crate) fn finish_reason(raw: &str) -> &str {
    match raw {
        "stop" | "STOP" | "end_turn" | "stop_sequence" | "COMPLETE" | "complete" | "completed" | "eos"
        | "eos_token" | "finish" | "FINISH" | "FINISHED" | "STOP_SEQUENCE" | "pause_turn" | "endoftext" | "end"
        | "STOP_CRITERIA_MET" | "word" => "stop",
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "max_output_tokens"
        | "model_length"
        | "LENGTH"
        | "model_context_window_exceeded"
        | "max_length"
        | "token_limit"
        | "limit"
        | "ERROR_LIMIT" => "length",
        "tool_calls" | "tool_call" | "tool_use" | "function_call" | "TOOL_CALL" | "tool" => "tool_call",
        "content_filter"
        | "content_filtered"
        | "refusal"
        | "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR"
        | "guardrail_intervened"
        | "ERROR_TOXIC"
        | "CONTENT_FILTERED" => "content_filter",
        "error"
        | "ERROR"
        | "failed"
        | "MALFORMED_FUNCTION_CALL"
        | "MALFORMED_RESPONSE"
        | "UNEXPECTED_TOOL_CALL"
        | "TOO_MANY_TOOL_CALLS"
        | "malformed_tool_use"
        | "malformed_model_output" => "error",
        other => other,
    }
}
