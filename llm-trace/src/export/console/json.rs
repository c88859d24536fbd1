//! Formats a span as one line of JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, Status};
use opentelemetry::{Array, Key, KeyValue, Value as Otel};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use serde_json::{Map, Value, json};

/// The line, including its line break.
pub(super) fn line(span: &SpanData, resource: &Resource) -> String {
    let status = match &span.status {
        Status::Unset => json!({"code": "unset"}),
        Status::Ok => json!({"code": "ok"}),
        Status::Error { description } => json!({"code": "error", "message": description}),
    };
    let parent = (span.parent_span_id != SpanId::INVALID).then(|| span.parent_span_id.to_string());
    let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
    let events = span.events.iter().map(|event| {
        json!({"name": event.name, "time_unix_nano": nanos(event.timestamp), "attributes": attributes(&event.attributes)})
    });
    let line = json!({
        "trace_id": span.span_context.trace_id().to_string(),
        "span_id": span.span_context.span_id().to_string(),
        "parent_span_id": parent,
        "name": span.name,
        "kind": format!("{:?}", span.span_kind).to_lowercase(),
        "start_time_unix_nano": nanos(span.start_time),
        "end_time_unix_nano": nanos(span.end_time),
        "duration_ms": took.as_micros() as f64 / 1000.0,
        "status": status,
        "attributes": attributes(&span.attributes),
        "events": events.collect::<Vec<_>>(),
        "links": span.links.iter().map(|link| json!({
            "trace_id": link.span_context.trace_id().to_string(),
            "span_id": link.span_context.span_id().to_string(),
            "attributes": attributes(&link.attributes),
        })).collect::<Vec<_>>(),
        "scope": {
            "name": span.instrumentation_scope.name(),
            "version": span.instrumentation_scope.version(),
            "schema_url": span.instrumentation_scope.schema_url(),
        },
        "resource": object(&mut resource.iter()),
    });
    format!("{line}\n")
}

fn nanos(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

fn attributes(attributes: &[KeyValue]) -> Map<String, Value> {
    object(&mut attributes.iter().map(|attribute| (&attribute.key, &attribute.value)))
}

fn object<'a>(pairs: &mut dyn Iterator<Item = (&'a Key, &'a Otel)>) -> Map<String, Value> {
    let mut object = Map::new();
    for (key, it) in pairs {
        object.insert(key.as_str().to_owned(), value(it));
    }
    object
}

fn value(value: &Otel) -> Value {
    match value {
        Otel::Bool(b) => json!(b),
        Otel::I64(i) => json!(i),
        Otel::F64(f) => json!(f),
        Otel::String(s) => json!(s.as_str()),
        Otel::Array(Array::Bool(all)) => json!(all),
        Otel::Array(Array::I64(all)) => json!(all),
        Otel::Array(Array::F64(all)) => json!(all),
        Otel::Array(Array::String(all)) => all.iter().map(|s| json!(s.as_str())).collect(),
        other => json!(other.to_string()),
    }
}
