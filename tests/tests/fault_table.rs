//! Faulty collectors, for each signal: the counts add up to the records created and to the records received.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use llm_trace::export::{Parts, SignalStats, from_lookup};
use llm_trace::{LlmCall, Usage};
use llm_trace_tests::collector::{Answer, Collector, Request};
use llm_trace_tests::faults::Fault;
use tracing_subscriber::prelude::*;

const EXPORTERS: [&str; 3] = ["http/protobuf", "http/json", "grpc"];
const LIMIT: Duration = Duration::from_secs(30);

/// The server's answers to the requests of one signal.
type Answers = Box<dyn FnMut(&Request) -> Answer + Send>;

/// Exports every signal to the collector by the same protocol.
fn parts(endpoint: &str, more: &[(&str, &str)]) -> Parts {
    let mut vars: HashMap<&str, &str> = HashMap::from([
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
        ("OTEL_METRICS_EXPORTER", "otlp"),
        ("OTEL_LOGS_EXPORTER", "otlp"),
        ("OTEL_BSP_SCHEDULE_DELAY", "20"),
        ("OTEL_BLRP_SCHEDULE_DELAY", "20"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "16"),
        ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "16"),
    ]);
    vars.extend(more.iter().copied());
    from_lookup(&|name| vars.get(name).map(|value| (*value).to_owned())).unwrap_or_else(|e| panic!("{e}"))
}

fn make_calls(parts: &Parts, calls: usize) {
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        for _ in 0..calls {
            LlmCall::builder("chat").provider("openai").model("gpt-4o").run(|call| {
                call.usage(Usage::new().input_tokens(4).output_tokens(2));
            });
        }
    });
}

fn made(stats: &SignalStats) -> u64 {
    stats.exported + stats.dropped() + stats.in_flight
}

fn of<'a>(requests: &'a [Request], signal: &'static str) -> impl Iterator<Item = &'a Request> {
    requests.iter().filter(move |request| request.signal() == signal)
}

#[test]
fn the_counts_of_each_signal_add_up_with_every_fault() {
    const CALLS: usize = 40;
    for exporter in EXPORTERS {
        for fault in Fault::ALL {
            let collector = Collector::start();
            // Each signal has its own sequence of faults.
            let mut by_signal: HashMap<&str, Answers> = HashMap::new();
            collector.answer_by(move |request| {
                let answers = by_signal.entry(request.signal()).or_insert_with(|| Box::new(fault.answers()));
                answers(request)
            });
            let hangs = fault == Fault::BlackHole;
            let timeout = ("OTEL_EXPORTER_OTLP_TIMEOUT", if hangs { "200" } else { "10000" });
            let parts = parts(&collector.endpoint(), &[("OTEL_EXPORTER_OTLP_PROTOCOL", exporter), timeout]);
            let stats = parts.telemetry.stats_handle();
            let at = format!("{exporter}, {}", fault.name());
            for _ in 0..3 {
                make_calls(&parts, CALLS);
                parts.telemetry.flush();
            }
            let all = parts.telemetry.shutdown(LIMIT);
            let stats = stats.get();
            assert_eq!(stats.in_flight(), 0, "{at}: {stats:?}");
            assert_eq!(all, stats.dropped() == 0, "{at}: {stats:?}");
            assert_eq!(made(&stats.spans), 3 * CALLS as u64, "{at}: {stats:?}");
            assert_eq!(made(&stats.log_records), 3 * CALLS as u64, "{at}: {stats:?}");
            let requests = collector.requests();
            for (signal, stats) in
                [("traces", stats.spans), ("logs", stats.log_records), ("metrics", stats.data_points)]
            {
                let accepted = of(&requests, signal).filter(|request| request.accepted);
                let arrived: i64 = accepted.map(|request| request.records() as i64 - request.rejected).sum();
                // An interrupted gRPC response counts as a failure, although the collector has the batch.
                let unsure = matches!(fault, Fault::Half | Fault::Mixed) && exporter == "grpc";
                assert!(
                    stats.exported as i64 == arrived || unsure && arrived >= stats.exported as i64,
                    "{at}: {stats:?}"
                );
                assert_eq!(stats.exported == 0, hangs, "{at}, {signal}: {stats:?}");
                if matches!(fault, Fault::None | Fault::Slow) {
                    assert_eq!((stats.dropped(), stats.retries), (0, 0), "{at}, {signal}: {stats:?}");
                }
                if matches!(fault, Fault::Later | Fault::Unavailable) {
                    assert_eq!((stats.dropped(), stats.retries > 0), (0, true), "{at}, {signal}: {stats:?}");
                }
            }
            // Each collection of metrics was sent in one request, perhaps several times.
            let mut collections = HashSet::new();
            let collected = of(&requests, "metrics").filter(|request| collections.insert(request.body.as_slice()));
            let points: usize = collected.map(Request::records).sum();
            assert_eq!(made(&stats.data_points), points as u64, "{at}: {stats:?}");
        }
    }
}

#[test]
fn a_burst_that_overflows_the_queue_is_counted() {
    let collector = Collector::start();
    collector.answer_by(Fault::Slow.answers());
    let parts =
        parts(&collector.endpoint(), &[("OTEL_BLRP_MAX_QUEUE_SIZE", "50"), ("OTEL_BSP_MAX_QUEUE_SIZE", "5000")]);
    let stats = parts.telemetry.stats_handle();
    make_calls(&parts, 2000);
    assert!(!parts.telemetry.shutdown(LIMIT));
    let records = stats.get().log_records;
    assert_eq!((made(&records), records.in_flight), (2000, 0), "{records:?}");
    assert!(records.queue_full > 0 && records.exported > 0, "{records:?}");
    assert_eq!(collector.logs().len() as u64, records.exported);
}

#[test]
fn large_batches_are_split_and_large_records_cut_until_accepted() {
    // The policy truncates very long texts, so a large record contains many texts.
    let message = |texts: usize| {
        let message = serde_json::json!({"role": "user", "content": "x".repeat(30_000)});
        serde_json::json!({"model": "m", "messages": vec![message; texts]})
    };
    for exporter in EXPORTERS {
        let collector = Collector::start();
        collector.refuse_above(100_000);
        let content = ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "EVENT_ONLY");
        let parts = parts(
            &collector.endpoint(),
            &[
                ("OTEL_EXPORTER_OTLP_PROTOCOL", exporter),
                ("OTEL_BLRP_SCHEDULE_DELAY", "60000"),
                ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "512"),
                content,
            ],
        );
        let stats = parts.telemetry.stats_handle();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            for texts in std::iter::repeat_n(2, 40).chain([6]) {
                let request = message(texts);
                LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
            }
        });
        assert!(parts.telemetry.shutdown(LIMIT), "{exporter}: {:?}", stats.get());
        let records = stats.get().log_records;
        assert_eq!((records.exported, records.content_cut), (41, 1), "{exporter}: {records:?}");
        let logs = collector.logs();
        let with_content =
            |log: &&llm_trace_tests::collector::ReceivedLog| log.attribute("gen_ai.input.messages").is_some();
        assert_eq!((logs.len(), logs.iter().filter(with_content).count()), (41, 40), "{exporter}");
        let cut = logs.iter().find(|log| !with_content(log)).unwrap();
        assert!(cut.attribute("llm_trace.redaction").unwrap().to_string().contains("cut:content"), "{cut:?}");
    }
}

#[test]
fn a_hanging_endpoint_does_not_delay_other_signals() {
    let (hangs, healthy) = (Collector::start(), Collector::start());
    hangs.answer_by(Fault::BlackHole.answers());
    for signal in ["TRACES", "LOGS", "METRICS"] {
        healthy.clear();
        let endpoint = format!("OTEL_EXPORTER_OTLP_{signal}_ENDPOINT");
        let path = signal.to_lowercase();
        let url = format!("{}/v1/{path}", hangs.endpoint());
        let later = [("OTEL_BSP_SCHEDULE_DELAY", "60000"), ("OTEL_BLRP_SCHEDULE_DELAY", "60000")];
        let vars: Vec<_> = later.into_iter().chain([(endpoint.as_str(), url.as_str())]).collect();
        let parts = parts(&healthy.endpoint(), &vars);
        let stats = parts.telemetry.stats_handle();
        make_calls(&parts, 10);
        let start = Instant::now();
        assert!(!parts.telemetry.shutdown(Duration::from_secs(2)), "{signal}");
        // The counts are final at once: records sent to the endpoint that hangs are in flight or dropped.
        let at_once = stats.get();
        assert!(start.elapsed() < Duration::from_secs(10), "{signal}: {:?}", start.elapsed());
        for (name, stats) in
            [("TRACES", at_once.spans), ("LOGS", at_once.log_records), ("METRICS", at_once.data_points)]
        {
            let lost = stats.dropped() + stats.in_flight;
            assert_eq!(lost > 0, name == signal, "{signal}: {name}: {stats:?}");
            assert_eq!(stats.exported > 0, name != signal, "{signal}: {name}: {stats:?}");
            if name != "METRICS" {
                assert_eq!(made(&stats), 10, "{signal}: {name}: {stats:?}");
            }
        }
    }
}
