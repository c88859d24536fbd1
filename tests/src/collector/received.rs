//! Access to received spans.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::{resource::v1::Resource, trace::v1::Span};
use serde_json::{Map, Value, json};

/// A span with its scope and resource.
#[derive(Clone, Debug)]
pub struct ReceivedSpan {
    /// The span itself.
    pub span: Span,
    /// Its instrumentation scope.
    pub scope: InstrumentationScope,
    /// The schema URL of its scope.
    pub schema_url: String,
    /// The resource it came from.
    pub resource: Resource,
}

impl ReceivedSpan {
    /// An attribute's value as JSON.
    pub fn attribute(&self, key: &str) -> Option<Value> {
        attribute(&self.span.attributes, key)
    }

    /// All attributes as JSON.
    pub fn attributes(&self) -> Map<String, Value> {
        attributes_json(&self.span.attributes)
    }

    /// A resource attribute's value as JSON.
    pub fn resource_attribute(&self, key: &str) -> Option<Value> {
        attribute(&self.resource.attributes, key)
    }

    /// The status code: 0 unset, 1 ok, 2 error.
    pub fn status_code(&self) -> i32 {
        self.span.status.as_ref().map_or(0, |s| s.code)
    }

    /// The status message, or the empty string.
    pub fn status_message(&self) -> &str {
        self.span.status.as_ref().map_or("", |s| &s.message)
    }
}

/// An attribute's value as JSON.
pub fn attribute(attributes: &[KeyValue], key: &str) -> Option<Value> {
    attributes.iter().find(|kv| kv.key == key).map(|kv| value_json(kv.value.as_ref()))
}

/// All attributes as JSON, each with its own type.
///
/// # Panics
/// If a key occurs twice, which is invalid on a span.
pub fn attributes_json(attributes: &[KeyValue]) -> Map<String, Value> {
    let mut map = Map::new();
    for kv in attributes {
        let previous = map.insert(kv.key.clone(), value_json(kv.value.as_ref()));
        assert!(previous.is_none(), "attribute {} is there twice", kv.key);
    }
    map
}

/// An OTLP value as JSON with its own type; bytes as an array of numbers.
pub fn value_json(value: Option<&AnyValue>) -> Value {
    match value.and_then(|v| v.value.as_ref()) {
        None => Value::Null,
        Some(Any::StringValue(s)) => json!(s),
        Some(Any::BoolValue(b)) => json!(b),
        Some(Any::IntValue(i)) => json!(i),
        Some(Any::DoubleValue(d)) => json!(d),
        Some(Any::ArrayValue(a)) => a.values.iter().map(|v| value_json(Some(v))).collect(),
        Some(Any::KvlistValue(l)) => Value::Object(attributes_json(&l.values)),
        Some(Any::BytesValue(b)) => json!(b),
        Some(other) => json!(format!("{other:?}")),
    }
}

pub(super) fn flatten(requests: Vec<ExportTraceServiceRequest>) -> Vec<ReceivedSpan> {
    let mut all = Vec::new();
    for resource_spans in requests.into_iter().flat_map(|r| r.resource_spans) {
        let resource = resource_spans.resource.unwrap_or_default();
        for scope_spans in resource_spans.scope_spans {
            let scope = scope_spans.scope.unwrap_or_default();
            all.extend(scope_spans.spans.into_iter().map(|span| ReceivedSpan {
                span,
                scope: scope.clone(),
                schema_url: scope_spans.schema_url.clone(),
                resource: resource.clone(),
            }));
        }
    }
    all
}
