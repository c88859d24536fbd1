//! The attributes of a call, for spans that are compared with it. `llm-trace/benches/calls` uses this file too.

use opentelemetry::{Array, KeyValue, Value};

fn strings(value: &'static str) -> Value {
    Value::Array(Array::String(vec![value.into()]))
}

/// The five attributes at the start of a call.
pub(crate) fn early() -> Vec<KeyValue> {
    vec![
        KeyValue::new("gen_ai.operation.name", "chat"),
        KeyValue::new("gen_ai.provider.name", "openai"),
        KeyValue::new("gen_ai.request.model", "gpt-4o-mini".to_owned()),
        KeyValue::new("server.address", "api.openai.com".to_owned()),
        KeyValue::new("server.port", 443_i64),
    ]
}

/// The 15 attributes that a call has in addition.
pub(crate) fn late() -> Vec<KeyValue> {
    vec![
        KeyValue::new("llm_trace.outcome", "completed"),
        KeyValue::new("gen_ai.response.id", "chatcmpl-8d3f".to_owned()),
        KeyValue::new("gen_ai.response.model", "gpt-4o-mini-2024-07-18".to_owned()),
        KeyValue::new("gen_ai.response.finish_reasons", strings("stop")),
        KeyValue::new("gen_ai.usage.input_tokens", 120_i64),
        KeyValue::new("gen_ai.usage.output_tokens", 30_i64),
        KeyValue::new("gen_ai.usage.cache_read.input_tokens", 100_i64),
        KeyValue::new("gen_ai.usage.reasoning.output_tokens", 4_i64),
        KeyValue::new("gen_ai.request.temperature", 0.2),
        KeyValue::new("gen_ai.request.top_p", 0.9),
        KeyValue::new("gen_ai.request.max_tokens", 400_i64),
        KeyValue::new("gen_ai.request.seed", 7_i64),
        KeyValue::new("gen_ai.request.frequency_penalty", 0.1),
        KeyValue::new("gen_ai.request.presence_penalty", 0.1),
        KeyValue::new("gen_ai.request.stop_sequences", strings("END")),
    ]
}
