//! Writes a span as one line of JSON.

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Map, Value, json};

use crate::collector::{ReceivedSpan, attributes_json};

/// A span as one line: the exported data, with each attribute's own type.
pub fn line(id: &str, span: &ReceivedSpan) -> String {
    let kind = SpanKind::try_from(span.span.kind).unwrap_or_default();
    let code = match span.status_code() {
        1 => "OK",
        2 => "ERROR",
        _ => "UNSET",
    };
    let events: Vec<Value> = span
        .span
        .events
        .iter()
        .map(|event| json!({"name": event.name, "attributes": attributes_json(&event.attributes)}))
        .collect();
    let mut out = Map::new();
    out.insert("id".to_owned(), json!(id));
    out.insert("name".to_owned(), json!(span.span.name));
    out.insert("kind".to_owned(), json!(kind.as_str_name().trim_start_matches("SPAN_KIND_")));
    out.insert("status".to_owned(), json!({"code": code, "message": span.status_message()}));
    out.insert("attributes".to_owned(), Value::Object(span.attributes()));
    out.insert("events".to_owned(), Value::Array(events));
    Value::Object(out).to_string()
}
