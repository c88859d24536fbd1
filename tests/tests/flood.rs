//! A flood of spans and of log records with every fault: each record arrives exactly once, or is counted as dropped
//! with its reason.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use llm_trace::LlmCall;
use llm_trace::export::{Parts, from_lookup};
use llm_trace_tests::collector::Collector;
use llm_trace_tests::faults::Fault;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Tracer, TracerProvider};
use serde_json::json;
use tracing_subscriber::prelude::*;

/// The time limit to send all remaining records.
const LIMIT: Duration = Duration::from_secs(300);
/// The collector rejects messages above this size.
const LARGEST: usize = 1_500_000;
const QUEUE: usize = 600;

/// Mostly small; some of 20 and 100 KB, and one in a thousand of 2 MB.
fn size(number: usize) -> usize {
    match number % 1000 {
        999 => 2_000_000,
        rest if rest % 20 == 0 => 100_000,
        rest if rest % 4 == 0 => 20_000,
        rest => 100 + rest,
    }
}

fn span(parts: &Parts, number: usize) {
    // The policy truncates very long texts, so a large span contains many texts.
    let texts = (0..size(number).div_ceil(50_000))
        .map(|at| KeyValue::new(format!("note.{at}"), "x".repeat(50_000.min(size(number) - at * 50_000))));
    let mut attributes: Vec<_> = texts.collect();
    // Half of the large spans exceed the limit only because of their content, which can be removed.
    if number % 2000 == 1999 {
        attributes.truncate(28);
        let message = format!(r#"[{{"role":"user","parts":[{{"type":"text","content":"{}"}}]}}]"#, "x".repeat(60_000));
        attributes
            .extend(["input", "output"].map(|side| KeyValue::new(format!("gen_ai.{side}.messages"), message.clone())));
    }
    let tracer = parts.provider.tracer("app");
    drop(tracer.span_builder(format!("span-{number}")).with_attributes(attributes).start(&tracer));
}

/// A collector with TLS, and the path of its CA certificate.
fn secure(dir: &std::path::Path) -> (Collector, String) {
    let key = rcgen::KeyPair::generate().expect("a key");
    let params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("names");
    let certificate = params.self_signed(&key).expect("a certificate");
    let collector = Collector::start_tls(&certificate.pem(), &key.serialize_pem(), None);
    let file = dir.join(format!("flood-{}.pem", collector.port()));
    std::fs::write(&file, certificate.pem()).expect("a file");
    (collector, file.display().to_string())
}

/// Waits while too many spans are in flight.
fn pace(parts: &Parts, made: u64) {
    loop {
        let stats = parts.telemetry.stats().spans;
        if made.saturating_sub(stats.exported + stats.dropped()) < QUEUE as u64 / 2 {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn flood(exporter: &str, tls: bool, total: usize) {
    let dir = std::env::temp_dir();
    let (collector, file) = if tls { secure(&dir) } else { (Collector::start(), String::new()) };
    collector.count_only();
    collector.refuse_above(LARGEST);
    collector.answer_by(Fault::Mixed.answers());
    let endpoint = if tls { format!("https://localhost:{}", collector.port()) } else { collector.endpoint() };
    let vars: HashMap<&str, String> = HashMap::from([
        ("OTEL_EXPORTER", exporter.to_owned()),
        ("OTEL_ENDPOINT", endpoint),
        ("OTEL_EXPORTER_OTLP_CERTIFICATE", file.clone()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000".to_owned()),
        ("OTEL_BSP_MAX_QUEUE_SIZE", QUEUE.to_string()),
        ("OTEL_BSP_SCHEDULE_DELAY", "50".to_owned()),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true".to_owned()),
    ]);
    let parts = from_lookup(&|name| vars.get(name).cloned()).unwrap_or_else(|e| panic!("{e}"));
    let begun = Instant::now();
    for number in 0..total {
        span(&parts, number);
        // Spans are created as fast as they are exported, except for a burst at the end that overflows the queue.
        if number < total - 2 * QUEUE {
            pace(&parts, number as u64);
        }
    }
    let stats = parts.telemetry.stats_handle();
    parts.telemetry.shutdown(LIMIT);
    let (stats, counted, took) = (stats.get().spans, collector.counted(), begun.elapsed());
    let _ = std::fs::remove_file(file);
    eprintln!(
        "{exporter}{}: {total} spans in {took:.1?}: {stats:?}; {} requests, {} bytes, the largest {}",
        if tls { " over TLS" } else { "" },
        counted.requests,
        counted.bytes,
        counted.largest,
    );

    let twice: Vec<_> = counted.names.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{exporter}: more than once: {twice:?}");
    let arrived = counted.names.len() as u64 - counted.rejected;
    assert_eq!((arrived, total as u64 - arrived), (stats.exported, stats.dropped()), "{exporter}: {stats:?}");
    // Only the expected drop reasons occur: no span was dropped as unreachable or by the shutdown deadline.
    assert_eq!((stats.unreachable, stats.shutdown), (0, 0), "{exporter}: {stats:?}");
    assert!(stats.rejected >= counted.rejected && counted.rejected > 0, "{exporter}: {stats:?} {counted:?}");
    assert!(stats.retries > 0 && stats.too_large > 0 && stats.content_cut > 0, "{exporter}: {stats:?}");
    let most_large = total as u64 / 2000 + 1;
    assert!(stats.too_large <= most_large && stats.content_cut <= most_large, "{exporter}: {stats:?}");
}

/// Log records of calls, some of them with large content.
fn flood_of_records(exporter: &str, total: usize) {
    let collector = Collector::start();
    collector.count_only();
    collector.refuse_above(LARGEST);
    collector.answer_by(Fault::Mixed.answers());
    let vars: HashMap<&str, String> = HashMap::from([
        ("OTEL_EXPORTER", exporter.to_owned()),
        ("OTEL_ENDPOINT", collector.endpoint()),
        ("OTEL_TRACES_EXPORTER", "none".to_owned()),
        ("OTEL_LOGS_EXPORTER", exporter.to_owned()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000".to_owned()),
        ("OTEL_BLRP_MAX_QUEUE_SIZE", QUEUE.to_string()),
        ("OTEL_BLRP_SCHEDULE_DELAY", "50".to_owned()),
        ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "EVENT_ONLY".to_owned()),
    ]);
    let parts = from_lookup(&|name| vars.get(name).cloned()).unwrap_or_else(|e| panic!("{e}"));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        for number in 0..total {
            let messages: Vec<_> = (0..size(number).div_ceil(50_000))
                .map(|at| json!({"role": "user", "content": "x".repeat(50_000.min(size(number) - at * 50_000))}))
                .collect();
            let request = json!({"model": "m", "messages": messages});
            LlmCall::builder("chat").provider("openai").request(&request).run(|call| {
                call.attribute("test.name", format!("record-{number}"));
            });
            let in_flight = || parts.telemetry.stats().log_records.in_flight as usize;
            #[allow(clippy::while_immutable_condition, reason = "the count in flight changes")]
            while number < total - 2 * QUEUE && in_flight() >= QUEUE / 2 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    });
    let stats = parts.telemetry.stats_handle();
    parts.telemetry.shutdown(LIMIT);
    let (stats, counted) = (stats.get().log_records, collector.counted());
    eprintln!("{exporter}: {total} log records: {stats:?}; {} requests, {} bytes", counted.requests, counted.bytes);
    let twice: Vec<_> = counted.names.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{exporter}: more than once: {twice:?}");
    let arrived = counted.names.len() as u64 - counted.rejected;
    assert_eq!((arrived, total as u64 - arrived), (stats.exported, stats.dropped()), "{exporter}: {stats:?}");
    assert_eq!((stats.unreachable, stats.shutdown, stats.in_flight), (0, 0, 0), "{exporter}: {stats:?}");
    // There are few requests, so not every kind of fault occurs.
    assert!(stats.retries > 0 || counted.rejected > 0, "{exporter}: {stats:?}");
}

#[test]
fn log_records_by_each_protocol() {
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        flood_of_records(exporter, 2000);
    }
}

/// `cargo test --release --workspace --all-features --test flood -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; its numbers are in docs/reliability.md"]
fn fifty_thousand_log_records_each_way() {
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        flood_of_records(exporter, 50_000);
    }
}

#[test]
fn spans_by_http_protobuf_over_tls() {
    flood("otlp_http", true, 4000);
}

#[test]
fn spans_by_http_json() {
    flood("http/json", false, 4000);
}

#[test]
fn spans_by_grpc_over_tls() {
    flood("otlp_grpc", true, 4000);
}

/// `cargo test --release --workspace --all-features --test flood -- --ignored --nocapture`
#[test]
#[ignore = "takes minutes; its numbers are in docs/reliability.md"]
fn fifty_thousand_spans_each_way() {
    for (exporter, tls) in [("otlp_http", true), ("http/json", false), ("otlp_grpc", true)] {
        flood(exporter, tls, 50_000);
    }
}
