//! Invalid numbers, files and answers from outside cause a clear error, or at worst a lost span.

use std::collections::HashMap;
use std::process::Command;
use std::time::{Duration, Instant};

use llm_trace::export::{Destination, InitError, Parts, from_lookup};
use llm_trace_tests::collector::{Answer, Collector};
use opentelemetry::trace::{Tracer, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanProcessor as _};

fn parts(vars: &[(&str, &str)]) -> Result<Parts, InitError> {
    let vars: HashMap<String, String> = vars.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
    from_lookup(&move |name| vars.get(name).cloned())
}

fn span(provider: &SdkTracerProvider, name: &'static str) {
    provider.tracer("app").in_span(name, |_| {});
}

fn error(destination: Destination) -> String {
    destination.build().expect_err("an error").to_string()
}

#[test]
fn a_number_that_is_out_of_bounds_is_an_error_that_names_it_and_the_bound() {
    let to = || Destination::http("http://127.0.0.1:9");
    assert_eq!(
        error(to().max_queue_spans(usize::MAX)),
        format!("`max_queue_spans` is `{}`: use at most 1000000 spans", usize::MAX)
    );
    assert!(error(to().max_batch_spans(10_000_000_000)).contains("`max_batch_spans`"));
    assert!(error(to().max_queue_bytes(usize::MAX)).contains("use at most 1000000000000 bytes"));
    assert!(error(to().max_batch_bytes(usize::MAX)).contains("use at most 1000000000 bytes"));
}

#[test]
fn the_longest_durations_do_not_panic() {
    let collector = Collector::start();
    for to in [Destination::http(collector.endpoint()), Destination::grpc(collector.endpoint())] {
        let processor = to.timeout(Duration::MAX).delay(Duration::MAX).build().expect("a processor");
        let stats = processor.stats();
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        span(&provider, "one");
        provider.force_flush().expect("sent");
        span(&provider, "two");
        provider.shutdown_with_timeout(Duration::MAX).expect("sent");
        assert_eq!((stats.get().spans.exported, stats.get().spans.dropped()), (2, 0));
    }
    let parts = parts(&[("OTEL_ENDPOINT", &collector.endpoint())]).expect("parts");
    span(&parts.provider, "three");
    assert!(parts.telemetry.shutdown(Duration::MAX));
}

#[test]
fn a_flush_after_the_shutdown_returns_at_once() {
    let collector = Collector::start();
    for to in [Destination::http(collector.endpoint()), Destination::grpc(collector.endpoint())] {
        let processor = to.build().expect("a processor");
        processor.shutdown_with_timeout(Duration::from_secs(20)).expect("an end");
        let begun = Instant::now();
        for _ in 0..10 {
            assert!(processor.force_flush().is_err() && processor.shutdown().is_err());
        }
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
}

#[test]
fn immediate_retries_asked_for_by_a_collector_are_delayed() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let grpc = exporter == "otlp_grpc";
        let collector = Collector::start();
        collector.answer_by(move |_| if grpc { Answer::Grpc(14) } else { Answer::Status(429, Some(0)) });
        let parts = parts(&[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]).expect("parts");
        span(&parts.provider, "work");
        let flushing = std::thread::spawn({
            let provider = parts.provider.clone();
            move || provider.force_flush()
        });
        std::thread::sleep(Duration::from_secs(2));
        let requests = collector.requests().len();
        assert!((1..=20).contains(&requests), "{exporter}: {requests} requests in two seconds");
        collector.answer_by(|_| Answer::Ok);
        let _ = flushing.join();
        assert!(parts.telemetry.shutdown(Duration::from_secs(20)), "{exporter}");
    }
}

/// A named pipe without a writer: opening it would block forever.
fn pipe(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("llm-trace-{name}-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    path
}

#[test]
fn pipes_and_devices_are_rejected_as_files() {
    let pipe = pipe("pem");
    for path in [pipe.to_str().expect("a path"), "/dev/zero"] {
        for exporter in ["otlp_http", "otlp_grpc"] {
            let vars = [
                ("OTEL_EXPORTER", exporter),
                ("OTEL_ENDPOINT", "https://localhost:1"),
                ("OTEL_EXPORTER_OTLP_CERTIFICATE", path),
            ];
            let error = parts(&vars).expect_err("an error").to_string();
            let expected = format!("`OTEL_EXPORTER_OTLP_CERTIFICATE` names {path}: it is not a regular file");
            assert!(error.starts_with(&expected), "{error}");
        }
        let error = parts(&[("LLM_TRACE_PRICES", path)]).expect_err("an error").to_string();
        assert!(error.contains("LLM_TRACE_PRICES") && error.contains("it is not a regular file"), "{error}");
    }
    let _ = std::fs::remove_file(pipe);
}

#[test]
fn a_file_without_pem_is_an_error_with_its_variable_and_no_contents() {
    let path = std::env::temp_dir().join(format!("llm-trace-no-pem-{}", std::process::id()));
    let texts = ["sesame", "-----BEGIN CERTIFICATE-----\nsesame!\n-----END CERTIFICATE-----\n"];
    let name = path.to_str().expect("a path");
    for (text, exporter) in texts.into_iter().flat_map(|text| ["otlp_http", "otlp_grpc"].map(|to| (text, to))) {
        std::fs::write(&path, text).expect("a file");
        let to = ("OTEL_ENDPOINT", "https://localhost:1");
        for names in [&["CERTIFICATE"][..], &["CLIENT_CERTIFICATE", "CLIENT_KEY"]] {
            let names: Vec<String> = names.iter().map(|name| format!("OTEL_EXPORTER_OTLP_{name}")).collect();
            let mut vars = vec![("OTEL_EXPORTER", exporter), to];
            vars.extend(names.iter().map(|variable| (variable.as_str(), name)));
            let error = parts(&vars).expect_err("an error").to_string();
            assert!(error.starts_with(&format!("`{}` names {name}: ", names[0])), "{exporter}: {error}");
            assert!(!error.contains("sesame"), "{exporter}: {error}");
        }
    }
    let _ = std::fs::remove_file(path);
}

#[test]
fn an_untrusted_server_is_not_retried() {
    let pem = |names: Vec<String>| {
        let key = rcgen::KeyPair::generate().expect("a key");
        let certificate =
            rcgen::CertificateParams::new(names).expect("names").self_signed(&key).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    };
    let ((certificate, key), (other, _)) = (pem(vec!["localhost".to_owned()]), pem(vec!["localhost".to_owned()]));
    let path = std::env::temp_dir().join(format!("llm-trace-other-{}.pem", std::process::id()));
    std::fs::write(&path, other).expect("a file");
    let collector = Collector::start_tls(&certificate, &key, None);
    let endpoint = format!("https://localhost:{}", collector.port());
    for exporter in ["otlp_http", "otlp_grpc"] {
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_ENDPOINT", endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", path.to_str().expect("a path")),
        ];
        let parts = parts(&vars).expect("parts");
        span(&parts.provider, "work");
        parts.telemetry.flush();
        let stats = parts.telemetry.stats();
        assert_eq!(
            (stats.spans.rejected, stats.spans.retries, stats.spans.unreachable),
            (1, 0, 0),
            "{exporter}: {stats:?}"
        );
    }
    let _ = std::fs::remove_file(path);
}

#[test]
fn our_own_code_does_not_panic_on_hostile_input() {
    let output = Command::new(env!("CARGO_BIN_EXE_hostile")).output().expect("the program runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout.ends_with(b"done\n"), "{}: {said}", output.status);
    assert!(!said.contains('\u{1b}'), "{said}");
}
