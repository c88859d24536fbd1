//! The records of a batch: spans or log records.

use opentelemetry::trace::Status;
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use crate::guard::shrink;

/// A record that can be queued.
pub(crate) trait Record: Send + 'static {
    /// The plural name in messages.
    const RECORDS: &'static str;

    /// An upper bound of the protobuf size in bytes, computed without encoding.
    fn size(&self) -> usize;

    /// Drops the content and notes that in the record. Returns whether there was any.
    fn drop_content(&mut self) -> bool;
}

/// Bytes for ids, times, kind, flags and lengths.
const FRAME: usize = 128;
const EVENT: usize = 32;
const LINK: usize = 64;
/// Bytes for the tags and lengths around a key and its value.
const PAIR: usize = 20;

impl Record for SpanData {
    const RECORDS: &'static str = "spans";

    fn size(&self) -> usize {
        span_size(self)
    }

    fn drop_content(&mut self) -> bool {
        shrink::drop_content(self)
    }
}

/// An upper bound in bytes, computed without allocating.
pub(crate) fn span_size(span: &SpanData) -> usize {
    let status = match &span.status {
        Status::Error { description } => total([description.len(), 8]),
        _ => 0,
    };
    let events = span.events.iter().map(|event| total([EVENT, event.name.len(), attributes(&event.attributes)]));
    let links = span.links.iter().map(|link| total([LINK, attributes(&link.attributes)]));
    let state = span.span_context.trace_state().header().len();
    let own = [FRAME, span.name.len(), state, status, attributes(&span.attributes)];
    total(own.into_iter().chain(events).chain(links))
}

/// A sum that cannot overflow.
fn total(sizes: impl IntoIterator<Item = usize>) -> usize {
    sizes.into_iter().fold(0, usize::saturating_add)
}

fn attributes(attributes: &[KeyValue]) -> usize {
    total(attributes.iter().map(|kv| total([PAIR, kv.key.as_str().len(), value(&kv.value)])))
}

fn value(value: &Value) -> usize {
    match value {
        Value::String(text) => text.as_str().len(),
        Value::Array(Array::String(texts)) => total(texts.iter().map(|text| total([text.as_str().len(), PAIR]))),
        Value::Array(Array::Bool(all)) => all.len().saturating_mul(8),
        Value::Array(Array::I64(all)) => all.len().saturating_mul(16),
        Value::Array(Array::F64(all)) => all.len().saturating_mul(16),
        _ => 10,
    }
}

#[cfg(feature = "logs")]
pub(crate) use log::{LogData, log_size};

#[cfg(feature = "logs")]
mod log {
    use opentelemetry::InstrumentationScope;
    use opentelemetry::logs::AnyValue;
    use opentelemetry_sdk::logs::SdkLogRecord;

    use super::{FRAME, PAIR, Record, total};
    use crate::guard::log_record;

    /// A log record with its scope.
    #[derive(Clone, Debug)]
    pub(crate) struct LogData {
        pub(crate) record: SdkLogRecord,
        pub(crate) scope: InstrumentationScope,
    }

    impl Record for LogData {
        const RECORDS: &'static str = "log records";

        fn size(&self) -> usize {
            log_size(&self.record)
        }
        fn drop_content(&mut self) -> bool {
            match log_record::without_content(&self.record) {
                Some(record) => {
                    self.record = record;
                    true
                }
                None => false,
            }
        }
    }

    /// An upper bound in bytes, computed without allocating.
    pub(crate) fn log_size(record: &SdkLogRecord) -> usize {
        let texts = [record.event_name(), record.severity_text(), record.target().map(AsRef::as_ref)];
        let texts = texts.into_iter().flatten().map(str::len);
        let attributes = record.attributes_iter().map(|(key, any)| total([PAIR, key.as_str().len(), value(any)]));
        total([FRAME, record.body().map_or(0, value)].into_iter().chain(texts).chain(attributes))
    }

    fn value(any: &AnyValue) -> usize {
        match any {
            AnyValue::String(text) => text.as_str().len(),
            AnyValue::Bytes(bytes) => bytes.len(),
            AnyValue::ListAny(list) => total(list.iter().map(|any| total([PAIR, value(any)]))),
            AnyValue::Map(map) => total(map.iter().map(|(key, any)| total([2 * PAIR, key.as_str().len(), value(any)]))),
            _ => 10,
        }
    }
}
