//! Telemetry on disk: as a destination, and as a buffer while a destination does not accept data.

mod commands;
mod spill;

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use llm_trace::LlmCall;
use llm_trace::export::{Destination, Parts, from_lookup};
use llm_trace_tests::collector::{Answer, Collector};
use opentelemetry::trace::{Tracer as _, TracerProvider as _};
use opentelemetry::{KeyValue, Value};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_sdk::trace::SdkTracer;
use tracing_subscriber::prelude::*;

const LIMIT: Duration = Duration::from_secs(30);

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("llm-trace-files-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }

    fn text(&self) -> String {
        self.0.display().to_string()
    }

    /// The files of a signal, oldest first.
    fn files(&self, signal: &str) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.0) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        paths.retain(|path| name(path).starts_with(signal) && name(path).ends_with(".jsonl"));
        // Numbered files are older.
        paths.sort_by_key(|path| (name(path) == format!("{signal}.jsonl"), name(path)));
        paths
    }

    /// The complete lines of a signal's files.
    fn lines(&self, signal: &str) -> Vec<String> {
        let texts = self.files(signal).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
        let whole = |text: String| text[..text.rfind('\n').map_or(0, |end| end + 1)].to_owned();
        texts.map(whole).flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }

    fn span_names(&self) -> Vec<String> {
        let requests = self.lines("traces").into_iter().map(|line| serde_json::from_str(&line).expect("OTLP JSON"));
        let spans = requests.flat_map(|request: ExportTraceServiceRequest| request.resource_spans);
        spans.flat_map(|r| r.scope_spans).flat_map(|s| s.spans).map(|span| span.name).collect()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn parts(vars: &[(&str, &str)]) -> Parts {
    let vars: HashMap<&str, &str> = vars.iter().copied().collect();
    from_lookup(&|name| vars.get(name).map(|value| (*value).to_owned())).unwrap_or_else(|e| panic!("{e}"))
}

fn work(parts: &Parts, names: std::ops::Range<usize>) {
    let tracer = parts.provider.tracer("app");
    names.for_each(|number| tracer.in_span(format!("work-{number}"), |_| ()));
}

fn names(range: std::ops::Range<usize>) -> BTreeSet<String> {
    range.map(|number| format!("work-{number}")).collect()
}

/// A port without a listener.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn each_signal_has_its_own_file_of_otlp_json_lines() {
    let directory = Directory::new("signals");
    let url = format!("file://{}", directory.text());
    for vars in [
        &[("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", &url)][..],
        &[("OTEL_EXPORTER_OTLP_ENDPOINT", &url)],
        &[("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", &directory.text())],
    ] {
        let more = [
            ("OTEL_METRICS_EXPORTER", "otlp_file"),
            ("OTEL_LOGS_EXPORTER", "otlp_file"),
            ("OTEL_HEADERS", "x-key=sesame"),
        ];
        let vars: Vec<_> = vars.iter().copied().chain(more).collect();
        let parts = parts(&vars);
        let stats = parts.telemetry.stats_handle();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
            LlmCall::builder("chat").provider("openai").model("gpt-4o").run(|_| ());
        });
        assert!(parts.telemetry.shutdown(LIMIT));
        assert_eq!((stats.get().spans.exported, stats.get().log_records.exported), (1, 1));
        for (signal, key) in [("traces", "resourceSpans"), ("logs", "resourceLogs"), ("metrics", "resourceMetrics")] {
            let lines = directory.lines(signal);
            assert!(!lines.is_empty(), "{signal}");
            for line in &lines {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(value[key].is_array() && value.as_object().unwrap().len() == 1, "{line}");
                assert!(!line.contains("sesame"), "{line}");
            }
        }
        assert_eq!(directory.span_names(), ["chat gpt-4o"]);
        // By the OTLP JSON encoding: identifiers in hexadecimal, 64-bit numbers as strings, enumerations as numbers.
        let line: serde_json::Value = serde_json::from_str(&directory.lines("traces")[0]).unwrap();
        let span = &line["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
        assert_eq!(span["traceId"].as_str().unwrap().len(), 32);
        assert!(span["startTimeUnixNano"].as_str().unwrap().parse::<u64>().is_ok());
        assert_eq!(span["kind"], 3);
        std::fs::remove_dir_all(&directory.0).unwrap();
    }
}

#[test]
fn numbers_that_are_not_finite_are_texts_in_json() {
    let numbers = |tracer: &SdkTracer| {
        let list = Value::Array(vec![f64::INFINITY, 0.5].into());
        let attributes = [KeyValue::new("ratio", f64::NAN), KeyValue::new("list", list)];
        drop(tracer.span_builder("work").with_attributes(attributes).start(tracer));
    };
    let directory = Directory::new("numbers");
    let parts = parts(&[("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", &directory.text())]);
    numbers(&parts.provider.tracer("app"));
    assert!(parts.telemetry.shutdown(LIMIT));
    let lines = directory.lines("traces");
    let list = r#"{"arrayValue":{"values":[{"stringValue":"Infinity"},{"doubleValue":0.5}]}}"#;
    for (key, value) in [("ratio", r#"{"stringValue":"NaN"}"#), ("list", list)] {
        assert!(lines[0].contains(&format!(r#"{{"key":"{key}","value":{value}"#)), "{}", lines[0]);
    }
    // Protobuf has these numbers.
    for (exporter, ratio) in [("http/json", "StringValue(\"NaN\")"), ("otlp_http", "DoubleValue(NaN)")] {
        let collector = Collector::start();
        let parts = self::parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]);
        numbers(&parts.provider.tracer("app"));
        assert!(parts.telemetry.shutdown(LIMIT));
        let sent = format!("{:?}", collector.span("work").span.attributes);
        assert!(sent.contains(ratio), "{exporter}: {sent}");
    }
}

#[test]
fn a_directory_is_limited_and_removed_records_are_counted() {
    let directory = Directory::new("bounded");
    let processor = Destination::file(&directory.0).max_disk_bytes(40_000).max_batch_spans(10).build().unwrap();
    let stats = processor.stats();
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().with_span_processor(processor).build();
    let tracer = provider.tracer("app");
    for number in 0..1000 {
        tracer.in_span(format!("work-{number}"), |_| ());
        if number % 100 == 99 {
            provider.force_flush().unwrap();
        }
    }
    provider.shutdown().unwrap();
    let spans = stats.get().spans;
    let left = directory.span_names();
    assert_eq!((spans.exported, spans.dropped()), (1000, 0));
    assert_eq!(left.len() as u64, spans.exported - spans.expired, "{spans:?}");
    assert!(spans.expired > 0 && left.contains(&"work-999".to_owned()));
    let size: u64 = directory.files("traces").iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(size <= 40_000, "{size}");
}

#[test]
fn two_exporters_for_one_directory_are_an_error() {
    let directory = Directory::new("shared");
    let first = Destination::file(&directory.0).build().unwrap();
    let error = Destination::file(&directory.0).build().err().map(|error| error.to_string()).unwrap();
    assert!(error.contains("another process or exporter writes there") && error.contains(&directory.text()), "{error}");
    drop(first);
}

#[test]
fn an_invalid_directory_is_an_error() {
    for (endpoint, expected) in
        [("http://u:sesame@c:4318", "files go to a directory"), ("file://host/x", "not a directory of this machine")]
    {
        let error = from_lookup(&|name| match name {
            "OTEL_EXPORTER" => Some("otlp_file".to_owned()),
            "OTEL_ENDPOINT" => Some(endpoint.to_owned()),
            _ => None,
        });
        let error = error.err().map(|error| error.to_string()).unwrap();
        assert!(error.contains("OTEL_ENDPOINT") && error.contains(expected) && !error.contains("sesame"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_directory_that_cannot_be_used_is_an_error_that_names_its_setting() {
    for (vars, setting) in [
        (
            [("OTEL_ENDPOINT", "http://localhost:1"), ("LLM_TRACE_SPILL_DIRECTORY", "/dev/null")],
            "LLM_TRACE_SPILL_DIRECTORY",
        ),
        (
            [("OTEL_ENDPOINT", "http://localhost:1"), ("LLM_TRACE_SPILL_DIRECTORY", "/dev/null/api_key=sesame")],
            "/dev/null/api_key=[REDACTED]",
        ),
        ([("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", "/dev/null")], "the endpoint"),
    ] {
        let vars = HashMap::from(vars);
        let error =
            from_lookup(&|name| vars.get(name).map(|value| (*value).to_owned())).expect_err("an error").to_string();
        assert!(error.contains("/dev/null") && error.contains(setting) && !error.contains("sesame"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn new_files_and_directories_are_private_and_a_directory_that_is_there_keeps_its_permissions() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for (spill, exists) in [(false, false), (false, true), (true, false), (true, true)] {
        let directory = Directory::new("permissions");
        let file = directory.0.join("traces.jsonl");
        if exists {
            std::fs::create_dir_all(&directory.0).unwrap();
            std::fs::write(&file, "").unwrap();
            set_permissions(&directory.0, Permissions::from_mode(0o755)).unwrap();
            set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        }
        let (nowhere, at) = (nowhere(), directory.text());
        let parts = match spill {
            false => parts(&[("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", &at)]),
            true => parts(&[("OTEL_ENDPOINT", &nowhere), ("LLM_TRACE_SPILL_DIRECTORY", &at)]),
        };
        work(&parts, 0..1);
        parts.telemetry.shutdown(LIMIT);
        assert_eq!(directory.span_names(), ["work-0"]);
        assert_eq!((mode(&file), mode(&directory.0)), (0o600, if exists { 0o755 } else { 0o700 }), "{spill} {exists}");
    }
}

#[test]
fn pipes_and_devices_in_a_directory_hold_up_nobody() {
    for (name, is_pipe) in ["traces.lock", "traces.jsonl", "traces.00000001.jsonl"]
        .into_iter()
        .flat_map(|name| [(name, true), (name, false)])
    {
        for spill in [false, true] {
            let directory = Directory::new("irregular");
            std::fs::create_dir_all(&directory.0).unwrap();
            let path = directory.0.join(name);
            if is_pipe {
                assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
            } else {
                std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
            }
            let (nowhere, at) = (nowhere(), directory.text());
            let vars = match spill {
                false => [("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", at.as_str())],
                true => [("OTEL_ENDPOINT", nowhere.as_str()), ("LLM_TRACE_SPILL_DIRECTORY", at.as_str())],
            };
            let vars: HashMap<_, _> = vars.into_iter().collect();
            let at = format!("{name}, pipe {is_pipe}, spill {spill}");
            let parts = match from_lookup(&|name| vars.get(name).map(|value| (*value).to_owned())) {
                Ok(parts) => parts,
                Err(error) => {
                    assert!(name == "traces.lock" && error.to_string().contains("not a regular file"), "{at}: {error}");
                    continue;
                }
            };
            work(&parts, 0..10);
            let stats = parts.telemetry.stats_handle();
            parts.telemetry.shutdown(LIMIT);
            let spans = stats.get().spans;
            let kept = if spill { spans.spilled } else { spans.exported };
            // The closed file is not one of ours, so it is left alone.
            let lost = if name == "traces.jsonl" { 10 } else { 0 };
            assert_eq!((spans.unreachable, kept), (lost, 10 - lost), "{at}: {spans:?}");
        }
    }
}

#[test]
fn redacted_content_is_not_on_disk() {
    let directory = Directory::new("policy");
    let parts = parts(&[
        ("OTEL_ENDPOINT", &nowhere()),
        ("LLM_TRACE_SPILL_DIRECTORY", &directory.text()),
        ("OTEL_HEADERS", "x-key=sesame"),
    ]);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        let request = serde_json::json!({"model": "m", "messages": [{"role": "user", "content": "a secret prompt"}]});
        LlmCall::builder("chat").provider("openai").request(&request).run(|_| ());
    });
    parts.telemetry.shutdown(LIMIT);
    let lines = directory.lines("traces");
    assert_eq!(lines.len(), 1);
    assert!(!lines[0].contains("secret prompt") && !lines[0].contains("sesame"), "{}", lines[0]);
}

/// Kills a running program; returns the number of spans that were acknowledged as written to disk.
fn kill_in_the_middle(vars: &[(&str, &str)]) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ending"))
        .arg("acknowledge")
        .env_clear()
        .envs(vars.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = 0;
    while acknowledged < 100 {
        acknowledged = lines.next().expect("it works on").unwrap().parse().unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // The output that the program printed before it was killed.
    lines.map_while(Result::ok).filter_map(|line| line.parse().ok()).max().unwrap_or(acknowledged)
}

#[test]
fn a_killed_program_keeps_all_acknowledged_records_on_disk() {
    let directory = Directory::new("killed");
    let acknowledged = kill_in_the_middle(&[("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", &directory.text())]);
    let found: BTreeSet<_> = directory.span_names().into_iter().collect();
    assert!(found.is_superset(&names(0..acknowledged)), "{acknowledged} acknowledged, {} found", found.len());
}
