//! A collector that refuses, resets and rejects: every span arrives once, or is counted with the reason for its loss.

use std::collections::HashMap;
use std::time::Duration;

use llm_trace::export::{Parts, SignalStats, from_lookup};
use llm_trace_tests::collector::{Answer, Collector};
use opentelemetry::KeyValue;
use opentelemetry::trace::{Tracer, TracerProvider};

const LIMIT: Duration = Duration::from_secs(60);

fn parts(vars: &[(&str, &str)]) -> Parts {
    let vars: HashMap<String, String> = vars.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    from_lookup(&move |name| vars.get(name).cloned()).unwrap_or_else(|e| panic!("{e}"))
}

fn span(parts: &Parts, name: String, key: &'static str, bytes: usize) {
    let tracer = parts.provider.tracer("app");
    let text = KeyValue::new(key, "x".repeat(bytes));
    drop(tracer.span_builder(name).with_attributes([text]).start(&tracer));
}

/// Shuts telemetry down and returns its counts.
fn finish(parts: Parts) -> SignalStats {
    let stats = parts.telemetry.stats_handle();
    // A flush has its own timeout, which a busy machine can exceed.
    let sent = (0..12).any(|_| parts.provider.force_flush().is_ok());
    assert!(sent, "{:?}", stats.get());
    let sent = parts.telemetry.shutdown(LIMIT);
    assert!(sent || stats.get().dropped() > 0);
    stats.get().spans
}

const EXPORTERS: [&str; 3] = ["otlp_http", "http/json", "otlp_grpc"];

#[test]
fn every_span_of_mixed_sizes_arrives_once_or_is_counted() {
    for exporter in EXPORTERS {
        let grpc = exporter == "otlp_grpc";
        let collector = Collector::start();
        collector.refuse_above(1_000_000);
        let later = |http: Answer, code| if grpc { Answer::Grpc(code) } else { http };
        collector.answer_next([
            Answer::Ok,
            later(Answer::Status(429, Some(0)), 14),
            later(Answer::Status(503, None), 1),
            Answer::Ok,
            later(Answer::Reset, 14),
            Answer::Partial(2),
            later(Answer::Half, 15),
            later(Answer::Status(502, Some(0)), 10),
        ]);
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", &collector.endpoint()),
            ("LLM_TRACE_MAX_QUEUE_BYTES", "200000000"),
        ];
        let parts = parts(&vars);
        let total = 600;
        for n in 0..total {
            // Content, so that an oversized span can be truncated. The policy of this test allows all content.
            let bytes = [10, 2_000, 50_000, 2_000_000][if n % 100 == 99 { 3 } else { n % 3 }];
            span(&parts, format!("span-{n}"), "note", bytes);
        }
        let stats = finish(parts);
        assert_eq!(stats.exported + stats.dropped(), total as u64, "{exporter}: {stats:?}");
        let mut names: Vec<_> = collector.spans().into_iter().map(|s| s.span.name).collect();
        let arrived = names.len() as i64;
        names.sort();
        names.dedup();
        assert_eq!(names.len() as i64, arrived, "{exporter}: a span arrived twice");
        let rejected: i64 = collector.requests().iter().map(|r| r.rejected).sum();
        assert_eq!(arrived - rejected, stats.exported as i64, "{exporter}: {stats:?}");
        assert_eq!((stats.rejected, stats.retries > 2), (2, true), "{exporter}: {stats:?}");
        assert_eq!(stats.dropped(), stats.rejected + stats.too_large, "{exporter}: {stats:?}");
    }
}

#[test]
fn a_batch_that_is_too_large_is_halved_until_accepted() {
    for exporter in EXPORTERS {
        let collector = Collector::start();
        collector.refuse_above(100_000);
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]);
        for n in 0..64 {
            span(&parts, format!("span-{n}"), "note", 10_000);
        }
        let stats = finish(parts);
        assert_eq!((stats.exported, stats.dropped()), (64, 0), "{exporter}: {stats:?}");
        assert_eq!(collector.spans().len(), 64, "{exporter}");
    }
}

#[test]
fn a_span_that_is_too_large_alone_is_sent_without_content_and_notes_it() {
    for exporter in EXPORTERS {
        let collector = Collector::start();
        collector.refuse_above(10_000);
        let capture = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true");
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint()), capture]);
        let message = format!(r#"[{{"role":"user","parts":[{{"type":"text","content":"{}"}}]}}]"#, "x".repeat(50_000));
        let tracer = parts.provider.tracer("app");
        let attributes = [
            KeyValue::new("gen_ai.operation.name", "chat"),
            KeyValue::new("gen_ai.usage.input_tokens", 7),
            KeyValue::new("gen_ai.input.messages", message),
        ];
        drop(tracer.span_builder("chat").with_attributes(attributes).start(&tracer));
        span(&parts, "stubborn".into(), "note", 50_000);
        let stats = finish(parts);
        assert_eq!((stats.exported, stats.content_cut, stats.too_large), (1, 1, 1), "{exporter}: {stats:?}");
        let chat = collector.span("chat");
        assert_eq!(chat.attribute("gen_ai.usage.input_tokens").unwrap(), 7);
        assert_eq!(chat.attribute("gen_ai.input.messages"), None);
        assert!(chat.attribute("llm_trace.redaction").unwrap().to_string().contains("cut:content=1"), "{chat:?}");
    }
}

#[test]
fn a_span_above_our_own_limit_is_cut_before_it_is_sent() {
    for exporter in EXPORTERS {
        let collector = Collector::start();
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", &*collector.endpoint()),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true"),
            ("LLM_TRACE_MAX_BATCH_BYTES", "20000"),
        ];
        let parts = parts(&vars);
        let message = format!(r#"[{{"role":"user","parts":[{{"type":"text","content":"{}"}}]}}]"#, "x".repeat(50_000));
        let tracer = parts.provider.tracer("app");
        let attributes =
            [KeyValue::new("gen_ai.operation.name", "chat"), KeyValue::new("gen_ai.input.messages", message)];
        drop(tracer.span_builder("chat").with_attributes(attributes).start(&tracer));
        let stats = finish(parts);
        assert_eq!((stats.exported, stats.content_cut), (1, 1), "{exporter}: {stats:?}");
        let chat = collector.span("chat");
        let messages = chat.attribute("gen_ai.input.messages").unwrap();
        let messages: serde_json::Value = serde_json::from_str(messages.as_str().unwrap()).unwrap();
        assert_eq!(messages[0]["role"], "user");
        assert!(collector.requests()[0].wire_size <= 20_000);
    }
}

#[test]
fn a_black_hole_does_not_delay_calls_and_every_drop_is_counted() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    for exporter in EXPORTERS {
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", endpoint.as_str()),
            ("OTEL_BSP_MAX_QUEUE_SIZE", "50"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "60000"),
        ];
        let parts = parts(&vars);
        for n in 0..1000 {
            span(&parts, format!("span-{n}"), "note", 100);
        }
        let stats = parts.telemetry.stats().spans;
        assert!(stats.queue_full >= 950 && stats.exported == 0, "{exporter}: {stats:?}");
        assert!(!parts.telemetry.shutdown(Duration::from_millis(50)), "{exporter}");
    }
}
