//! The counts as metrics, by the names that OpenTelemetry's conventions have for what an SDK says of itself.

use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::stats::{Ledger, Stats};

type Read = fn(&Stats) -> u64;

/// Spans that an exporter is done with, by what went wrong.
const EXPORTED: &[(&str, Read)] = &[
    ("", |s| s.exported),
    ("rejected", |s| s.rejected),
    ("too_large", |s| s.too_large),
    ("unreachable", |s| s.unreachable),
];

/// Spans that the processor is done with: what it has handed to the exporter, and what it has not.
const PROCESSED: &[(&str, Read)] = &[
    ("", |s| s.exported + s.rejected + s.too_large + s.unreachable),
    ("queue_full", |s| s.queue_full),
    ("already_shutdown", |s| s.shutdown),
];

/// Spans that went without some or all of their content; no convention has a word for it.
const WITHOUT_CONTENT: &[(&str, Read)] = &[("queue_full", |s| s.content_dropped), ("too_large", |s| s.content_cut)];

const TYPE: &str = "llm_trace_batching_span_processor";

/// Has `meter` read the counts whenever it is collected from.
pub(crate) fn observe(ledger: &Ledger, meter: &Meter) {
    // Several destinations are told apart by this.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let component =
        [KeyValue::new("otel.component.type", TYPE), KeyValue::new("otel.component.name", format!("{TYPE}/{number}"))];
    let counter = |name: &'static str, description: &'static str, unit: &'static str, rows: &'static [(&str, Read)]| {
        let ledger = ledger.clone();
        let labels: Vec<_> = rows
            .iter()
            .map(|(error, _)| {
                let error = (!error.is_empty()).then(|| KeyValue::new("error.type", *error));
                component.iter().cloned().chain(error).collect::<Vec<_>>()
            })
            .collect();
        meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                let stats = ledger.stats();
                for ((_, read), labels) in rows.iter().zip(&labels) {
                    observer.observe(read(&stats), labels);
                }
            })
            .build();
    };
    counter("otel.sdk.exporter.span.exported", "Spans whose export has finished", "{span}", EXPORTED);
    counter("otel.sdk.processor.span.processed", "Spans whose processing has finished", "{span}", PROCESSED);
    counter("llm_trace.export.without_content", "Spans sent without their content", "{span}", WITHOUT_CONTENT);
    counter("llm_trace.export.retries", "Batches sent again", "{batch}", &[("", |s| s.retries)]);
}
