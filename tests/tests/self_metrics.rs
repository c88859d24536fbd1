//! The metrics of the export itself: names, units and values.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use llm_trace::export::{Parts, from_lookup};
use llm_trace::internal::tables;
use llm_trace_tests::collector::{Answer, Collector, Series};
use opentelemetry::trace::{Tracer as _, TracerProvider as _};

const LIMIT: Duration = Duration::from_secs(20);

/// Traces go to one collector, metrics to another one.
fn parts(exporter: &str, traces: &str, metrics: &Collector, more: &[(&str, &str)]) -> Parts {
    let mut vars = HashMap::from([
        ("OTEL_EXPORTER", exporter.to_owned()),
        ("OTEL_ENDPOINT", traces.to_owned()),
        ("OTEL_METRICS_EXPORTER", "http/protobuf".to_owned()),
        ("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", format!("{}/v1/metrics", metrics.endpoint())),
    ]);
    vars.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
    from_lookup(&|name| vars.get(name).cloned()).unwrap_or_else(|error| panic!("{error}"))
}

fn spans(parts: &Parts, count: usize) {
    (0..count).for_each(|_| parts.provider.tracer("app").in_span("work", |_| {}));
    parts.telemetry.flush();
}

fn label(series: &Series, key: &str) -> String {
    let value = series.labels.get(key);
    value.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// The series of a metric whose component contains `component`, by a label.
fn by_label(all: &BTreeMap<String, Vec<Series>>, metric: &str, component: &str, key: &str) -> BTreeMap<String, f64> {
    let found = all[metric].iter().filter(|series| label(series, "otel.component.type").contains(component));
    found.filter(|series| series.sum != 0.0).map(|series| (label(series, key), series.sum)).collect()
}

/// Name, unit and instrument of the conventions' SDK metrics, without the signal.
const CONVENTIONS: &[(&str, &str, bool)] = &[
    ("otel.sdk.exporter.*.exported", "*", false),
    ("otel.sdk.exporter.*.inflight", "*", false),
    ("otel.sdk.exporter.operation.duration", "s", true),
    ("otel.sdk.processor.*.processed", "*", false),
    ("otel.sdk.processor.*.queue.size", "*", false),
    ("otel.sdk.processor.*.queue.capacity", "*", false),
];
const SIGNALS: &[(&str, &str)] = &[("span", "{span}"), ("log", "{log_record}"), ("metric_data_point", "{data_point}")];

#[test]
fn each_metric_is_of_the_conventions_or_of_the_registry() {
    let (traces, metrics) = (Collector::start(), Collector::start());
    let parts = parts("otlp_http", &traces.endpoint(), &metrics, &[("OTEL_LOGS_EXPORTER", "otlp")]);
    spans(&parts, 3);
    // The second collection contains the duration of the first export of metrics.
    spans(&parts, 1);
    parts.telemetry.shutdown(LIMIT);
    let ours: HashMap<_, _> =
        tables::metrics().into_iter().filter_map(|row| Some((row.core?, (row.unit, row.instrument)))).collect();
    let all = metrics.series();
    for series in all.values().flatten() {
        let name = series.metric.as_str();
        let is_histogram = series.count > 0;
        if let Some((unit, instrument)) = ours.get(name) {
            assert_eq!((series.unit.as_str(), is_histogram), (*unit, *instrument == "histogram"), "{name}");
            continue;
        }
        let signal = SIGNALS.iter().find(|(signal, _)| name.contains(&format!(".{signal}.")));
        let pattern = signal.map_or_else(|| name.to_owned(), |(signal, _)| name.replace(&format!(".{signal}."), ".*."));
        let known = CONVENTIONS.iter().find(|(known, ..)| *known == pattern);
        let (_, unit, histogram) = known.unwrap_or_else(|| panic!("{name} is not declared"));
        let unit = if *unit == "*" { signal.expect("a signal").1 } else { unit };
        assert_eq!((series.unit.as_str(), is_histogram), (unit, *histogram), "{name}");
        let kind = label(series, "otel.component.type");
        assert!(label(series, "otel.component.name").starts_with(&format!("{kind}/")), "{name}: {:?}", series.labels);
    }
    let found: Vec<_> = all.keys().filter(|name| name.starts_with("otel.sdk.") && name.contains("span")).collect();
    assert_eq!(found.len(), 5, "{found:?}");
    assert!(all.contains_key("otel.sdk.processor.log.processed"));
    assert_eq!(by_label(&all, "otel.sdk.exporter.operation.duration", "metric", "error.type").len(), 1);
}

#[test]
fn the_duration_of_an_export_has_its_last_status_and_its_failure() {
    for (exporter, refusal, status) in
        [("otlp_http", Answer::Status(400, None), "http"), ("otlp_grpc", Answer::Grpc(3), "rpc")]
    {
        let (traces, metrics) = (Collector::start(), Collector::start());
        let later = if status == "http" { Answer::Status(503, Some(0)) } else { Answer::Grpc(14) };
        // The first export is repeated once, the second one succeeds in part, the third one fails.
        traces.answer_next([later, Answer::Ok, Answer::Partial(1), refusal]);
        let parts = parts(exporter, &traces.endpoint(), &metrics, &[]);
        (0..3).for_each(|_| spans(&parts, 2));
        parts.telemetry.shutdown(LIMIT);
        let all = metrics.series();
        let series = &all["otel.sdk.exporter.operation.duration"];
        let mut found: Vec<_> = series
            .iter()
            .filter(|series| label(series, "otel.component.type").contains("span"))
            .map(|series| {
                assert_eq!(label(series, "server.port"), traces.port().to_string());
                (label(series, "error.type"), label(series, &format!("{status}.response.status_code")), series.count)
            })
            .collect();
        found.sort();
        let [ok, refused] = if status == "http" { ["200", "400"] } else { ["OK", "INVALID_ARGUMENT"] };
        let expected = [("", ok, 1), ("rejected", ok, 1), ("rejected", refused, 1)];
        let expected = expected.map(|(error, status, count)| (error.to_owned(), status.to_owned(), count));
        let mut expected = expected.to_vec();
        expected.sort();
        assert_eq!(found, expected, "{exporter}");
    }
}

#[test]
fn records_on_disk_and_those_removed_from_it_are_counted() {
    let metrics = Collector::start();
    let directory = std::env::temp_dir().join(format!("llm-trace-self-metrics-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&directory);
    // Nobody listens there.
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap();
    let more = [
        ("LLM_TRACE_SPILL_DIRECTORY", directory.to_str().unwrap()),
        ("LLM_TRACE_MAX_SPILL_BYTES", "4000"),
        ("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "http/protobuf"),
    ];
    let parts = parts("otlp_http", &format!("http://{nowhere}"), &metrics, &more);
    (0..20).for_each(|_| spans(&parts, 1));
    let stats = parts.telemetry.stats_handle();
    parts.telemetry.shutdown(LIMIT);
    let (stats, all) = (stats.get().spans, metrics.series());
    assert!(stats.spill_full > 0 && stats.spilled > 0, "{stats:?}");
    assert_eq!(stats.spill_full + stats.spilled, 20, "{stats:?}");
    let spilled = by_label(&all, "llm_trace.export.spilled", "span", "error.type");
    assert_eq!(spilled, BTreeMap::from([(String::new(), stats.spilled as f64)]));
    let exported = by_label(&all, "otel.sdk.exporter.span.exported", "span", "error.type");
    assert_eq!(exported, BTreeMap::from([("spill_full".to_owned(), stats.spill_full as f64)]));
    let processed = by_label(&all, "otel.sdk.processor.span.processed", "span", "error.type");
    assert_eq!(processed, BTreeMap::from([(String::new(), 20.0)]));
    let _ = std::fs::remove_dir_all(&directory);
}
