//! Values that are identical in every run.

use opentelemetry::{Array, Value};
use serde_json::Value as Json;

/// A value with its own type, as JSON.
pub(super) fn json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::I64(value) => Json::from(*value),
        Value::F64(value) => Json::from(*value),
        Value::Array(Array::Bool(values)) => values.iter().copied().collect(),
        Value::Array(Array::I64(values)) => values.iter().copied().collect(),
        Value::Array(Array::F64(values)) => values.iter().copied().collect(),
        Value::Array(Array::String(values)) => values.iter().map(|value| value.as_str()).collect(),
        other => Json::from(other.as_str().into_owned()),
    }
}

/// A value for snapshots: measured times and local ports are replaced, and JSON text is parsed.
pub(super) fn stable(key: &str, value: &Value, is_local: bool) -> Json {
    match (key, json(value)) {
        ("server.port", Json::Number(_)) if is_local => Json::from("[port]"),
        (key, Json::Number(_)) if key.ends_with(".time_to_first_chunk") => Json::from("[duration]"),
        (key, Json::String(text)) if is_json(key) => serde_json::from_str(&text).unwrap_or(Json::String(text)),
        (_, Json::String(text)) => Json::from(without_ports(&text)),
        (_, other) => other,
    }
}

/// Whether an attribute holds JSON text by the conventions.
fn is_json(key: &str) -> bool {
    matches!(
        key,
        "gen_ai.input.messages"
            | "gen_ai.output.messages"
            | "gen_ai.system_instructions"
            | "gen_ai.tool.definitions"
            | "gen_ai.tool.call.arguments"
            | "gen_ai.tool.call.result"
            | "gen_ai.retrieval.documents"
    )
}

const LOCAL: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

pub(super) fn is_local(host: &str) -> bool {
    host == "::1" || LOCAL.contains(&host)
}

/// Replaces local ports in a text.
pub(super) fn without_ports(text: &str) -> String {
    let mut out = text.to_owned();
    for host in LOCAL {
        let with_colon = format!("{host}:");
        let mut pieces = out.split(with_colon.as_str());
        let mut replaced = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let rest = piece.trim_start_matches(|c: char| c.is_ascii_digit());
            replaced.push_str(&with_colon);
            replaced.push_str(if rest.len() < piece.len() { "[port]" } else { "" });
            replaced.push_str(rest);
        }
        out = replaced;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_ports_are_replaced() {
        for (text, expected) in [
            ("http://127.0.0.1:4318/v1", "http://127.0.0.1:[port]/v1"),
            ("localhost:1, localhost:2", "localhost:[port], localhost:[port]"),
            ("[::1]:80", "[::1]:[port]"),
            ("localhost: refused", "localhost: refused"),
            ("api.example.com:443", "api.example.com:443"),
        ] {
            assert_eq!(without_ports(text), expected);
        }
    }
}
