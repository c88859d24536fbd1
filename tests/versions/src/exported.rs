//! A span as a version's exporter got it, in types of no version.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct ExportedSpan {
    pub name: String,
    pub kind: String,
    pub status: String,
    pub trace_id: String,
    pub span_id: String,
    /// Zeros where there is none.
    pub parent_id: String,
    pub attributes: BTreeMap<String, Value>,
    /// Keys that the span has more than once.
    pub repeated: Vec<String>,
    pub duration: Duration,
}

impl ExportedSpan {
    pub fn new(name: &str, kind: String, status: String, attributes: impl Iterator<Item = (String, Value)>) -> Self {
        let (mut unique, mut repeated) = (BTreeMap::new(), Vec::new());
        for (key, value) in attributes {
            if unique.insert(key.clone(), value).is_some() {
                repeated.push(key);
            }
        }
        let (trace_id, span_id, parent_id) = Default::default();
        let duration = Duration::ZERO;
        let (name, attributes) = (name.to_owned(), unique);
        Self { name, kind, status, trace_id, span_id, parent_id, attributes, repeated, duration }
    }

    pub fn is_call(&self) -> bool {
        self.attributes.contains_key("gen_ai.operation.name")
    }
}

/// The spans that an exporter was given.
#[derive(Clone, Debug, Default)]
pub struct Spans(Arc<Mutex<Vec<ExportedSpan>>>);

impl Spans {
    pub fn extend(&self, spans: impl IntoIterator<Item = ExportedSpan>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(spans);
    }

    /// In the order of their end.
    pub fn take(&self) -> Vec<ExportedSpan> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
