//! How large a span will be on the wire, without encoding it: a little more than in protobuf.

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

/// Ids, times, kind, flags and lengths.
const SPAN: usize = 128;
const EVENT: usize = 32;
const LINK: usize = 64;
/// Tags and lengths around a key and its value.
const PAIR: usize = 20;

/// An upper bound, in bytes, that costs no allocation.
pub(crate) fn span_size(span: &SpanData) -> usize {
    let status = match &span.status {
        Status::Error { description } => description.len() + 8,
        _ => 0,
    };
    let events = span.events.iter().map(|event| EVENT + event.name.len() + attributes(&event.attributes));
    let links = span.links.iter().map(|link| LINK + attributes(&link.attributes));
    let state = span.span_context.trace_state().header().len();
    let parts = events.sum::<usize>() + links.sum::<usize>();
    SPAN + span.name.len() + state + status + attributes(&span.attributes) + parts
}

fn attributes(attributes: &[KeyValue]) -> usize {
    attributes.iter().map(|kv| PAIR + kv.key.as_str().len() + value(&kv.value)).sum()
}

fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => texts.iter().map(|text| text.as_str().len() + PAIR).sum(),
        Value::Array(Array::Bool(all)) => all.len() * 8,
        Value::Array(Array::I64(all)) => all.len() * 16,
        Value::Array(Array::F64(all)) => all.len() * 16,
        _ => 10,
    }
}
