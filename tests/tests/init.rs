//! `init()` in separate programs: each test runs one and checks its exports.

use std::io::{BufRead, BufReader};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use llm_trace_tests::collector::Collector;

fn program(name: &str, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ending"));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("OTEL_") || n.contains("PROXY") || n == "RUST_LOG")
    {
        command.env_remove(name);
    }
    command.arg(name).envs(vars.iter().copied()).stdin(Stdio::null());
    command
}

fn run(name: &str, vars: &[(&str, &str)]) -> Output {
    program(name, vars).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn spans_are_sent_for_every_ending_of_a_program() {
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        for end in ["plain", "block-on-current", "block-on-multi", "inside", "error", "panic", "twice", "parts"] {
            let collector = Collector::start();
            let output = run(end, &[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]);
            assert_eq!(output.status.success(), !matches!(end, "error" | "panic"), "{end}: {}", stderr(&output));
            assert_eq!(collector.spans().len(), 1, "{exporter}, {end}: {}", stderr(&output));
            assert_eq!(collector.spans()[0].span.name, "work");
        }
    }
}

#[test]
fn destructors_of_thread_locals_neither_panic_nor_lose_a_call_that_runs() {
    let recorded = ["finished", "dropped", "run", "stream"];
    for end in ["annotated", "built", "future", "scope", "current"].iter().chain(&recorded) {
        let collector = Collector::start();
        let mut command = program("thread", &[("OTEL_ENDPOINT", &collector.endpoint())]);
        let output = command.arg(end).output().unwrap();
        let stderr = stderr(&output);
        assert!(output.status.success() && !stderr.contains("panicked"), "{end}: {stderr}");
        let names: Vec<_> = collector.spans().into_iter().map(|span| span.span.name).collect();
        let expected: &[&str] = if recorded.contains(end) { &["work", "chat m"] } else { &["work"] };
        assert_eq!(names, expected, "{end}");
        let is_missing = !recorded.contains(end);
        assert_eq!(stderr.contains("is not recorded"), is_missing, "{end}: {stderr}");
    }
}

#[test]
fn who_configured_nothing_sees_nothing() {
    for vars in [
        &[][..],
        &[("OTEL_SDK_DISABLED", "true")],
        &[("OTEL_TRACES_EXPORTER", "none")],
        &[("OTEL_EXPORTER_OTLP_HEADERS", "a=b")],
        &[("OTEL_SERVICE_NAME", "tool"), ("RUST_LOG", "no such thing")],
    ] {
        let output = run("if-configured", vars);
        assert!(output.status.success() && output.stdout.is_empty(), "{vars:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "", "{vars:?}");
    }
    let asked = stderr(&run("if-configured", &[("LLM_TRACE_DEBUG", "1")]));
    assert!(asked.contains("no variable names a destination"), "{asked}");
}

#[test]
fn who_configured_a_destination_gets_all() {
    let collector = Collector::start();
    let output = run("if-configured", &[("OTEL_ENDPOINT", &collector.endpoint())]);
    assert_eq!(collector.spans().len(), 1, "{}", stderr(&output));
    let printed = stderr(&run("if-configured", &[("OTEL_EXPORTER", "console")]));
    assert!(printed.contains("work"), "{printed}");
    let (collector, metrics) = (Collector::start(), "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
    let printed = stderr(&run("if-configured", &[(metrics, &format!("{}/v1/metrics", collector.endpoint()))]));
    assert!(!printed.contains("work"), "spans are not printed for who asked for metrics: {printed}");
}

#[test]
fn a_program_that_handles_signals_loses_nothing() {
    for signal in ["-TERM", "-INT"] {
        let collector = Collector::start();
        let mut child =
            program("signal", &[("OTEL_ENDPOINT", &collector.endpoint())]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert!(child.wait().unwrap().success());
        assert_eq!(collector.spans().len(), 3);
        collector.span("work");
        for (name, outcome) in [("chat here", "cancelled"), ("chat in-task", "unfinished")] {
            assert_eq!(collector.span(name).attribute("llm_trace.outcome"), Some(outcome.into()), "{signal}");
        }
    }
}

#[test]
fn the_exporters_own_traffic_is_never_traced() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let collector = Collector::start();
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", &*collector.endpoint()),
            ("RUST_LOG", "trace"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ];
        run("block-on-multi", &vars);
        let names: Vec<_> = collector.spans().into_iter().map(|s| s.span.name).collect();
        assert_eq!(names, ["work"], "{exporter}");
    }
}

#[test]
fn a_second_init_and_an_existing_subscriber_are_errors_with_a_remedy() {
    for name in ["twice", "taken"] {
        let output = run(name, &[("OTEL_EXPORTER", "none")]);
        assert!(output.status.success(), "{}", stderr(&output));
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(said.contains("already set") && said.contains("from_env()"), "{name}: {said}");
    }
}

#[test]
fn a_failed_second_init_does_not_change_check() {
    let collector = Collector::start();
    let output = run("second", &[("OTEL_ENDPOINT", &collector.endpoint())]);
    assert!(output.status.success(), "{}", stderr(&output));
    let said = String::from_utf8_lossy(&output.stdout);
    let (before, after) = said.trim().split_once("\n---\n").unwrap();
    assert_eq!(before, after);
    assert!(after.contains("ok    init()'s guard is alive") && after.contains("1 spans have arrived"), "{after}");
}

#[test]
fn at_no_level_and_over_no_transport_does_the_exporter_trace_itself() {
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        let collector = Collector::start();
        // A host name, so that the exporter also has to resolve it.
        let endpoint = format!("http://localhost:{}", collector.port());
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", endpoint.as_str()),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "100"),
            ("RUST_LOG", "trace"),
            ("OTEL_BSP_SCHEDULE_DELAY", "1"),
        ];
        let output = run("linger", &vars);
        assert!(output.status.success(), "{}", stderr(&output));
        let names: Vec<_> = collector.spans().into_iter().map(|s| s.span.name).collect();
        assert_eq!(names, ["work"], "{exporter}");
    }
}

#[test]
fn an_unread_console_blocks_no_call_and_drops_are_counted() {
    for exporter in ["console", "console_json"] {
        let vars = [("OTEL_EXPORTER", exporter), ("OTEL_EXPORTER_OTLP_TIMEOUT", "300")];
        let mut child = program("chatter", &vars).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let spans = line.split("log_records: ").next().unwrap_or_default();
        assert!(spans.contains("queue_full: ") && !spans.contains("queue_full: 0,"), "{exporter}: {line}");
        let end = Instant::now() + Duration::from_secs(60);
        while child.try_wait().unwrap().is_none() {
            assert!(Instant::now() < end, "{exporter}: it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[test]
fn the_default_prints_a_tree_on_stderr_and_nothing_on_stdout() {
    let output = run("plain", &[]);
    assert!(output.stdout.is_empty());
    let said = stderr(&output);
    assert!(said.starts_with("trace ") && said.contains("\nwork "), "{said}");
}

#[test]
fn a_wrong_value_is_an_error_and_no_panic() {
    for (vars, expected) in [
        ([("OTEL_EXPORTER", "zipkin")], "`OTEL_EXPORTER` is `zipkin`: use one of console"),
        ([("RUST_LOG", "a=b=c")], "`RUST_LOG` is `a=b=c`"),
        ([("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "perhaps")], "CAPTURE_MESSAGE_CONTENT"),
    ] {
        let output = run("plain", &vars);
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains(expected) && !stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn a_dead_endpoint_costs_one_line_and_no_time() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", silent.local_addr().unwrap());
    let closed = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", gone.local_addr().unwrap())
    };
    for (endpoint, exporter) in
        [(&silent, "otlp_http"), (&silent, "otlp_grpc"), (&closed, "otlp_http"), (&closed, "otlp_grpc")]
    {
        let vars =
            [("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", endpoint.as_str()), ("OTEL_EXPORTER_OTLP_TIMEOUT", "300")];
        let start = Instant::now();
        let output = run("plain", &vars);
        assert!(output.status.success());
        // Well below the default timeouts of several seconds; the configured timeout is 300 ms.
        assert!(start.elapsed() < Duration::from_secs(4), "{exporter}: {:?}", start.elapsed());
        let said = stderr(&output);
        assert_eq!(said.lines().count(), 1, "{exporter}: {said}");
        assert!(said.starts_with("llm-trace: "), "{said}");
    }
}

#[test]
fn warnings_name_the_variable_and_never_a_header_value() {
    let vars = [("OTEL_HEADERS", "sesame,authorization=sesame\u{1}"), ("OTEL_ENDPOINT", "http://127.0.0.1:9")];
    let output = run("plain", &[vars[0], vars[1], ("OTEL_EXPORTER_OTLP_TIMEOUT", "100")]);
    let said = stderr(&output);
    assert!(said.contains("llm-trace: `OTEL_HEADERS`: entry 1 is skipped"), "{said}");
    assert!(!said.contains("sesame"), "{said}");
}

#[test]
fn check_reports_the_destination_and_the_counts_of_spans() {
    let collector = Collector::start();
    let headers = ("OTEL_HEADERS", "authorization=sesame");
    let output = run("check", &[("OTEL_ENDPOINT", &collector.endpoint()), headers]);
    let said = String::from_utf8_lossy(&output.stdout);
    let line =
        format!("spans go to {}/v1/traces by http/protobuf, with the headers authorization", collector.endpoint());
    assert!(said.contains(&line) && said.contains("1 spans have arrived") && !said.contains("WRONG"), "{said}");
    assert!(!said.contains("sesame"), "{said}");

    collector.answer_next([llm_trace_tests::collector::Answer::Status(401, None)]);
    let output = run("check", &[("OTEL_ENDPOINT", &collector.endpoint())]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("WRONG 1 spans did not arrive: 0 could not be delivered in time, 1 were refused"), "{said}");
    assert!(
        stderr(&output).contains("answered 401 Unauthorized: check the key in OTEL_HEADERS"),
        "{}",
        stderr(&output)
    );
}
