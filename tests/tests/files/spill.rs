//! Requests on disk while a destination does not accept them.

use super::*;

#[test]
fn rejected_requests_are_kept_on_disk_and_sent_later() {
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        let directory = Directory::new("back");
        let collector = Collector::start();
        let unavailable = if exporter == "otlp_grpc" { Answer::Grpc(14) } else { Answer::Status(503, None) };
        collector.answer_next([unavailable.clone(), unavailable]);
        let parts = parts(&[
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", &collector.endpoint()),
            ("OTEL_BSP_SCHEDULE_DELAY", "10"),
            ("LLM_TRACE_SPILL_DIRECTORY", &directory.text()),
        ]);
        work(&parts, 0..20);
        parts.telemetry.flush();
        let spans = parts.telemetry.stats().spans;
        assert_eq!((spans.exported + spans.spilled, spans.dropped()), (20, 0), "{exporter}: {spans:?}");
        work(&parts, 20..40);
        collector.wait_for_spans(40, LIMIT);
        let stats = parts.telemetry.stats_handle();
        assert!(parts.telemetry.shutdown(LIMIT));
        let spans = stats.get().spans;
        assert_eq!(
            (spans.exported, spans.spilled, spans.recovered, spans.dropped()),
            (40, 0, 0, 0),
            "{exporter}: {spans:?}"
        );
        let arrived: BTreeSet<_> = collector.spans().into_iter().map(|span| span.span.name).collect();
        assert_eq!((arrived, collector.spans().len()), (names(0..40), 40), "{exporter}");
        assert_eq!(directory.lines("traces"), Vec::<String>::new(), "{exporter}");
    }
}

#[test]
fn unsent_requests_are_on_disk_at_exit_and_the_next_program_sends_them() {
    let directory = Directory::new("next");
    let endpoint = nowhere();
    let spill = directory.text();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    for (round, endpoint) in [&endpoint, &silent].into_iter().enumerate() {
        let first = parts(&[
            ("OTEL_ENDPOINT", endpoint),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "500"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
            ("LLM_TRACE_SPILL_DIRECTORY", &spill),
        ]);
        let stats = first.telemetry.stats_handle();
        work(&first, round * 100..round * 100 + 100);
        first.telemetry.shutdown(Duration::from_secs(10));
        let spans = stats.get().spans;
        assert_eq!((spans.spilled, spans.in_flight, spans.dropped()), (100, 0, 0), "{spans:?}");
    }
    assert_eq!(directory.span_names().into_iter().collect::<BTreeSet<_>>(), names(0..200));
    let collector = Collector::start();
    let next = parts(&[("OTEL_ENDPOINT", &collector.endpoint()), ("LLM_TRACE_SPILL_DIRECTORY", &spill)]);
    collector.wait_for_spans(200, LIMIT);
    let stats = next.telemetry.stats_handle();
    assert!(next.telemetry.shutdown(LIMIT));
    let spans = stats.get().spans;
    assert_eq!((spans.exported, spans.recovered, spans.spilled), (200, 200, 0), "{spans:?}");
    assert_eq!(collector.spans().len(), 200);
}

#[test]
fn a_full_spill_directory_drops_the_oldest_and_counts_them() {
    let directory = Directory::new("full");
    let parts = parts(&[
        ("OTEL_ENDPOINT", &nowhere()),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10"),
        ("LLM_TRACE_SPILL_DIRECTORY", &directory.text()),
        ("LLM_TRACE_MAX_SPILL_BYTES", "40000"),
    ]);
    for round in 0..10 {
        work(&parts, round * 100..round * 100 + 100);
        parts.telemetry.flush();
    }
    let stats = parts.telemetry.stats_handle();
    parts.telemetry.shutdown(LIMIT);
    let spans = stats.get().spans;
    assert_eq!((spans.spilled + spans.spill_full, spans.dropped()), (1000, spans.spill_full), "{spans:?}");
    assert!(spans.spill_full > 0, "{spans:?}");
    let left: BTreeSet<_> = directory.span_names().into_iter().collect();
    assert_eq!(left.len() as u64, spans.spilled);
    assert!(left.contains("work-999") && !left.contains("work-0"));
}

#[cfg(unix)]
#[test]
fn spilled_requests_of_a_killed_program_are_sent_at_least_once() {
    let directory = Directory::new("killed-spill");
    let spill = directory.text();
    let acknowledged = kill_in_the_middle(&[("OTEL_ENDPOINT", &nowhere()), ("LLM_TRACE_SPILL_DIRECTORY", &spill)]);
    // Simulates a kill in the middle of a line.
    let torn = directory.0.join("traces.jsonl");
    let mut text = std::fs::read_to_string(&torn).unwrap_or_default();
    text.push_str("{\"resourceSpans\":[{\"sco");
    std::fs::write(&torn, text).unwrap();
    let collector = Collector::start();
    let next = parts(&[("OTEL_ENDPOINT", &collector.endpoint()), ("LLM_TRACE_SPILL_DIRECTORY", &spill)]);
    let arrived = || collector.spans().into_iter().map(|span| span.span.name).collect::<BTreeSet<_>>();
    collector.wait_for(LIMIT, |_| arrived().is_superset(&names(0..acknowledged)));
    assert!(next.telemetry.shutdown(LIMIT));
}

#[test]
fn a_damaged_line_on_disk_is_reported_and_does_not_stop_the_others() {
    let directory = Directory::new("damaged");
    let spill = directory.text();
    let parts = parts(&[("OTEL_ENDPOINT", &nowhere()), ("LLM_TRACE_SPILL_DIRECTORY", &spill)]);
    work(&parts, 0..1);
    parts.telemetry.shutdown(LIMIT);
    let file = directory.0.join("traces.jsonl");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{{\"resourceSpans\":\"sesame\"}}\n{text}")).unwrap();
    let collector = Collector::start();
    let mut next = Command::new(env!("CARGO_BIN_EXE_ending"));
    let vars = [("OTEL_ENDPOINT", collector.endpoint()), ("LLM_TRACE_SPILL_DIRECTORY", spill)];
    let output = next.arg("resume").env_clear().envs(vars).output().unwrap();
    let names: BTreeSet<_> = collector.spans().into_iter().map(|span| span.span.name).collect();
    assert_eq!(names, BTreeSet::from(["work".to_owned(), "work-0".to_owned()]));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said.matches("a line on disk is not a request in JSON: it is removed").count(), 1, "{said}");
    assert!(!said.contains("sesame") && directory.lines("traces").is_empty(), "{said}");
}

#[test]
fn spilled_requests_go_to_the_endpoint_that_is_set_whatever_its_policy() {
    let directory = Directory::new("elsewhere");
    let (collector, spill) = (Collector::start(), directory.text());
    for (endpoint, capture, mask) in [(nowhere(), "span_only", "none"), (collector.endpoint(), "no_content", "all")] {
        let parts = parts(&[
            ("OTEL_ENDPOINT", &endpoint),
            ("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", capture),
            ("LLM_TRACE_MASK", mask),
            ("LLM_TRACE_SPILL_DIRECTORY", &spill),
        ]);
        let request = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": capture}]});
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
        });
        if mask == "all" {
            collector.wait_for_spans(2, LIMIT);
        }
        parts.telemetry.shutdown(LIMIT);
    }
    assert!(collector.saw("span_only") && !collector.saw("no_content"));
}
