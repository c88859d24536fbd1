//! Exports the counts as metrics, with the names of OpenTelemetry's SDK metrics.

use std::sync::atomic::{AtomicUsize, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;

use super::counters::QueueState;
use super::exporter::Signal;
use super::stats::{Counted, StatsHandle};
use crate::CallHooks;
use crate::semconv::{Fact, Metric, Profile};

/// The `error.type` of a count, and the function that reads it.
type Row = (&'static str, fn(&QueueState) -> u64);

const EXPORTED: &[Row] = &[
    ("", |s| s.stats().exported),
    ("rejected", |s| s.stats().rejected),
    ("too_large", |s| s.stats().too_large),
    ("unreachable", |s| s.stats().unreachable),
    ("spill_full", |s| s.stats().spill_full),
    ("_OTHER", |s| s.stats().failed),
];

/// A record is processed once the processor has passed it to the exporter or dropped it.
const PROCESSED: &[Row] = &[
    ("", |s| {
        let stats = s.stats();
        let dropped = [stats.rejected, stats.too_large, stats.unreachable, stats.failed, stats.spill_full];
        let here = [stats.exported, stats.spilled, s.in_flight().1 as u64];
        // The processor of an earlier process had the recovered ones.
        dropped.into_iter().chain(here).sum::<u64>().saturating_sub(stats.recovered)
    }),
    ("queue_full", |s| s.stats().queue_full),
    ("already_shutdown", |s| s.stats().shutdown),
];

/// The conventions do not define a metric for records without content.
const WITHOUT_CONTENT: &[Row] =
    &[("queue_full", |s| s.stats().content_dropped), ("too_large", |s| s.stats().content_cut)];

/// The conventions' names for a signal's records.
struct Words {
    /// The part of the metric names.
    name: &'static str,
    unit: &'static str,
    processor: Option<&'static str>,
}

fn words(signal: Signal) -> Words {
    let (name, unit, processor) = match signal {
        Signal::Traces => ("span", "{span}", Some("llm_trace_batching_span_processor")),
        Signal::Logs => ("log", "{log_record}", Some("llm_trace_batching_log_processor")),
        Signal::Metrics => ("metric_data_point", "{data_point}", None),
    };
    Words { name, unit, processor }
}

impl StatsHandle {
    /// Adds the counts to this meter as the conventions' SDK metrics: `otel.sdk.processor.span.processed`,
    /// `…queue.size` and `…queue.capacity`, `otel.sdk.exporter.span.exported` and `…inflight`, the same with `log` and,
    /// for the exporter, with `metric_data_point`; `otel.sdk.exporter.operation.duration`; and as
    /// `llm_trace.export.without_content`, `….retries`, `….restarts` and `….spilled`.
    ///
    /// [`init()`](crate::export::init()) calls this if metrics are enabled.
    pub fn observe(&self, meter: &Meter) {
        observe(&self.0, meter);
    }
}

/// Registers callbacks that read the counts when `meter` is collected.
fn observe(all: &[Counted], meter: &Meter) {
    // Distinguishes several destinations.
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    // The console has no queue and does not count the spans that it prints.
    for counted in all.iter().filter(|counted| counted.capacity > 0) {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        observe_signal(counted, meter, number);
    }
}

/// Has `meter` read the counts of the hooks, once there are any.
pub(crate) fn observe_hooks(hooks: &CallHooks, meter: &Meter) {
    let hooks = hooks.clone();
    let metric = Metric::HookCalls;
    meter
        .u64_observable_counter(metric.name_or_other(Profile::Core))
        .with_unit(metric.unit())
        .with_description(metric.doc())
        .with_callback(move |observer| {
            if hooks.is_empty() {
                return;
            }
            observer.observe(hooks.handed_over(), &[]);
            observer.observe(hooks.queue_full(), &[KeyValue::new(Fact::ErrorType.key(), "queue_full")]);
            observer.observe(hooks.panicked(), &[KeyValue::new(Fact::ErrorType.key(), "panic")]);
        })
        .build();
}

fn observe_signal(counted: &Counted, meter: &Meter, number: usize) {
    let Words { name, unit, processor } = words(counted.signal);
    let component = |kind: &'static str| {
        [KeyValue::new("otel.component.type", kind), KeyValue::new("otel.component.name", format!("{kind}/{number}"))]
    };
    let exporter: Vec<_> =
        component(counted.exporter.kind).into_iter().chain(counted.exporter.server.iter().cloned()).collect();
    let at = Instruments { meter, counted };
    at.counter(
        format!("otel.sdk.exporter.{name}.exported"),
        "Records whose export has ended",
        unit,
        &exporter,
        EXPORTED,
    );
    at.level(format!("otel.sdk.exporter.{name}.inflight"), "Records being exported", unit, &exporter, |s| {
        s.in_flight().1
    });
    if let Some(kind) = processor {
        let labels = component(kind);
        let processed = format!("otel.sdk.processor.{name}.processed");
        at.counter(processed, "Records whose processing has ended", unit, &labels, PROCESSED);
        at.level(format!("otel.sdk.processor.{name}.queue.size"), "Records in the queue", unit, &labels, |s| {
            s.in_flight().0
        });
        let capacity = counted.capacity;
        let queue_capacity = format!("otel.sdk.processor.{name}.queue.capacity");
        at.level(queue_capacity, "Maximum number of records in the queue", unit, &labels, move |_| capacity);
        at.own_counter(Metric::ExportWithoutContent, &labels, WITHOUT_CONTENT);
    }
    at.own_counter(Metric::ExportRetries, &exporter, &[("", |s| s.stats().retries)]);
    at.own_counter(Metric::ExportRestarts, &exporter, &[("", |s| s.stats().restarts)]);
    let spilled = Metric::ExportSpilled;
    let name = spilled.name_or_other(Profile::Core).to_owned();
    at.level(name, spilled.doc(), spilled.unit(), &exporter, |s| {
        usize::try_from(s.stats().spilled).unwrap_or(usize::MAX)
    });
    counted.counters.durations.observe(meter, exporter);
}

struct Instruments<'a> {
    meter: &'a Meter,
    counted: &'a Counted,
}

impl Instruments<'_> {
    /// A counter of the table of metrics.
    fn own_counter(&self, metric: Metric, component: &[KeyValue], rows: &'static [Row]) {
        let name = metric.name_or_other(Profile::Core).to_owned();
        self.counter(name, metric.doc(), metric.unit(), component, rows);
    }

    fn counter(
        &self,
        name: String,
        description: &'static str,
        unit: &'static str,
        component: &[KeyValue],
        rows: &'static [Row],
    ) {
        let counters = self.counted.counters.clone();
        let labels: Vec<_> = rows
            .iter()
            .map(|(error, _)| {
                let error = (!error.is_empty()).then(|| KeyValue::new("error.type", *error));
                component.iter().cloned().chain(error).collect::<Vec<_>>()
            })
            .collect();
        self.meter
            .u64_observable_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                let state = *counters.lock();
                for ((_, read), labels) in rows.iter().zip(&labels) {
                    observer.observe(read(&state), labels);
                }
            })
            .build();
    }

    fn level(
        &self,
        name: String,
        description: &'static str,
        unit: &'static str,
        component: &[KeyValue],
        read: impl Fn(&QueueState) -> usize + Send + Sync + 'static,
    ) {
        let counters = self.counted.counters.clone();
        let labels = component.to_vec();
        self.meter
            .i64_observable_up_down_counter(name)
            .with_unit(unit)
            .with_description(description)
            .with_callback(move |observer| {
                let state = *counters.lock();
                observer.observe(i64::try_from(read(&state)).unwrap_or(i64::MAX), &labels);
            })
            .build();
    }
}
