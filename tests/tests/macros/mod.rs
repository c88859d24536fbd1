//! Runs code with its own subscriber and returns the exported spans.
#![allow(dead_code)]

use std::collections::BTreeMap;
use std::future::Future;

use opentelemetry::Value;
use opentelemetry::trace::{SpanId, Status};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::layer::SubscriberExt;

#[derive(Debug)]
pub struct Exported {
    pub name: String,
    pub id: SpanId,
    pub parent: SpanId,
    pub status: &'static str,
    pub attributes: BTreeMap<String, Value>,
}

impl Exported {
    /// An attribute as text; the empty string if it is absent.
    pub fn get(&self, key: &str) -> String {
        self.attributes.get(key).map(ToString::to_string).unwrap_or_default()
    }
}

pub fn trace(run: impl FnOnce()) -> Vec<Exported> {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), run);
    let spans = exporter.get_finished_spans().unwrap();
    spans
        .into_iter()
        .map(|span| Exported {
            name: span.name.to_string(),
            id: span.span_context.span_id(),
            parent: span.parent_span_id,
            status: match span.status {
                Status::Unset => "unset",
                Status::Ok => "ok",
                Status::Error { .. } => "error",
            },
            attributes: span.attributes.into_iter().map(|kv| (kv.key.to_string(), kv.value)).collect(),
        })
        .collect()
}

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
