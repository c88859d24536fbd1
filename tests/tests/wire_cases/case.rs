//! A case: a request, an answer and the expected span.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use llm_trace::{Capture, Compat, Policy, PriceTable, RedactProcessor};
use llm_trace_tests::collector::{Collector, ReceivedSpan};
use opentelemetry_sdk::trace::{SdkTracerProvider, SimpleSpanProcessor};
use serde_json::Value;
use tracing_subscriber::prelude::*;

use crate::expectation::disagreements;

/// The content of one case file.
pub struct Case {
    pub name: String,
    pub fields: Value,
}

const VARIANTS: [&str; 5] = ["value", "bytes", "typed", "tower", "reqwest-middleware"];

impl Case {
    pub fn text(&self, key: &str) -> Option<&str> {
        self.fields[key].as_str()
    }

    pub fn host(&self) -> &str {
        self.text("host").unwrap_or("llm.example")
    }

    /// A client layer knows the path even where the function does not.
    pub fn client_path(&self) -> &str {
        self.text("path").unwrap_or_else(|| match &self.fields["request"] {
            request if request.get("contents").is_some() => "/v1/publishers/google/models/m:generateContent",
            request if request.get("input").is_some() => "/v1/responses",
            _ => "/v1/chat/completions",
        })
    }

    pub fn method(&self) -> http::Method {
        self.text("method").unwrap_or("POST").parse().expect("a method")
    }

    pub fn status(&self) -> u16 {
        self.fields["status"].as_u64().map_or(200, |status| u16::try_from(status).expect("a status"))
    }

    pub fn request(&self) -> Bytes {
        match &self.fields["request"] {
            Value::Null => Bytes::new(),
            request => request.to_string().into(),
        }
    }

    pub fn is_stream(&self) -> bool {
        self.fields.get("chunks").is_some()
    }

    /// The bytes of the answer; a stream event by event.
    pub fn pieces(&self) -> Vec<Bytes> {
        match (&self.fields["chunks"], &self.fields["body"]) {
            (Value::Array(chunks), _) => chunks
                .iter()
                .map(|chunk| match chunk {
                    Value::String(text) => text.clone().into(),
                    chunk => format!("data: {chunk}\n\n").into(),
                })
                .collect(),
            (_, Value::String(text)) => vec![text.clone().into()],
            (_, body) => vec![body.to_string().into()],
        }
    }

    /// The events of a stream as JSON values; other events are omitted.
    pub fn events(&self) -> Vec<Value> {
        let text = self.pieces().concat();
        let text = String::from_utf8(text).expect("text");
        text.lines()
            .filter_map(|line| serde_json::from_str(line.strip_prefix("data:").unwrap_or(line).trim()).ok())
            .collect()
    }

    pub fn content_type(&self) -> &str {
        self.text("content_type").unwrap_or(if self.is_stream() { "text/event-stream" } else { "application/json" })
    }

    /// Runs one variant; `None` where it does not apply.
    pub fn run(&self, variant: &str) -> Option<Vec<ReceivedSpan>> {
        let only: Option<BTreeSet<&str>> =
            self.fields["variants"].as_array().map(|list| list.iter().filter_map(Value::as_str).collect());
        let is_text = self.fields["body"].is_string();
        if only.is_some_and(|only| !only.contains(variant)) || (is_text && matches!(variant, "value" | "typed")) {
            return None;
        }
        let collector = Collector::start();
        let policy = Policy::new().capture(Capture::Span);
        let exporter = SimpleSpanProcessor::new(collector.exporter());
        let provider =
            SdkTracerProvider::builder().with_span_processor(RedactProcessor::new(exporter, policy.clone())).build();
        let mut layer =
            llm_trace::layer().with_policy(policy).with_compat(Compat::UsageCost).with_tracer_provider(&provider);
        if let Some(prices) = self.fields.get("prices") {
            layer = layer.with_prices(PriceTable::from_json(prices.to_string().as_bytes()).expect("prices"));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            runtime.block_on(async {
                match variant {
                    "tower" => self.through_tower().await,
                    "reqwest-middleware" => self.through_reqwest().await,
                    _ => self.annotated(variant).await,
                }
            });
        });
        Some(collector.spans())
    }
}

/// Splits a stream's bytes at positions that are not event boundaries.
pub fn cut(mut bytes: &[u8]) -> Vec<Bytes> {
    let mut out = Vec::new();
    for size in [1, 7, 64, 333].into_iter().cycle() {
        if bytes.is_empty() {
            return out;
        }
        let (piece, rest) = bytes.split_at(size.min(bytes.len()));
        out.push(Bytes::copy_from_slice(piece));
        bytes = rest;
    }
    out
}

pub fn load(dir: &Path) -> Vec<Case> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    let case = |path: &PathBuf| Case {
        name: path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        fields: serde_json::from_slice(&std::fs::read(path).expect("a file"))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display())),
    };
    paths.iter().map(case).collect()
}

pub fn judge(cases: &[Case]) {
    let mut failures = Vec::new();
    for case in cases {
        let expected = case.fields["expected"].as_object().expect("what is expected");
        for variant in VARIANTS {
            let Some(spans) = case.run(variant) else { continue };
            let found = match (&spans[..], case.fields["spans"].as_u64()) {
                ([], Some(0)) => continue,
                ([span], None) => disagreements(expected, span),
                (spans, _) => vec![format!("{} spans", spans.len())],
            };
            failures.extend(found.iter().map(|found| format!("{} by {variant}: {found}", case.name)));
        }
    }
    assert!(failures.is_empty(), "{} disagreements:\n{}", failures.len(), failures.join("\n"));
}
