//! Forked children, which have none of the threads that export.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Command, Output, Stdio};

use llm_trace::export::Destination;
use llm_trace_tests::collector::Collector;

fn program(name: &str, vars: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_forked"));
    for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("OTEL_") || n.contains("PROXY")) {
        command.env_remove(name);
    }
    command.arg(name).envs(vars.iter().copied());
    command
}

fn run(name: &str, vars: &[(&str, &str)]) -> Output {
    let output = program(name, vars).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const CHILD: &str = "child: flushed false false
child: with_call_hook 3
child: spans 3 of 3
child: log records 3 of 3
child: exported 0, in flight 0
child: 2 problems
child: shutdown false
parent: shutdown true
";

const WARNING: &str = "llm-trace: spans and log records that end in a forked child are lost";

#[test]
fn records_of_a_forked_child_are_counted_as_lost_and_those_of_its_parent_are_sent_once() {
    for exporter in ["otlp_http", "http/json", "otlp_grpc"] {
        let collector = Collector::start();
        let vars = [
            ("OTEL_EXPORTER", exporter),
            ("OTEL_LOGS_EXPORTER", "otlp"),
            ("OTEL_METRICS_EXPORTER", "otlp"),
            ("OTEL_ENDPOINT", &collector.endpoint()),
            // The parent's records are queued when it forks.
            ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
            ("OTEL_BLRP_SCHEDULE_DELAY", "3600000"),
        ];
        let output = run("inherited", &vars);
        let stderr = text(&output.stderr);
        assert_eq!(text(&output.stdout), CHILD, "{exporter}: {stderr}");
        assert_eq!(stderr.matches(WARNING).count(), 1, "{exporter}: {stderr}");
        let names: Vec<_> = collector.spans().into_iter().map(|span| span.span.name).collect();
        assert_eq!((names, collector.logs().len()), (vec!["chat of-parent".to_owned()], 1), "{exporter}");
    }
}

#[test]
fn files_and_the_console_have_no_spans_of_a_forked_child() {
    let directory = std::env::temp_dir().join(format!("llm-trace-forked-{}", std::process::id()));
    let vars = [
        ("OTEL_EXPORTER", "otlp_file"),
        ("OTEL_LOGS_EXPORTER", "otlp_file"),
        ("OTEL_ENDPOINT", directory.to_str().unwrap()),
    ];
    let output = run("inherited", &vars);
    let written = std::fs::read_to_string(directory.join("traces.jsonl")).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    assert_eq!(text(&output.stdout), CHILD, "{}", text(&output.stderr));
    assert_eq!((written.matches("chat of-parent").count(), written.matches("of-child").count()), (1, 0));

    let output = run("inherited", &[("OTEL_EXPORTER", "console"), ("OTEL_LOGS_EXPORTER", "none")]);
    let printed = text(&output.stderr);
    let without_logs = CHILD.replace("log records 3 of 3", "log records 0 of 0").replace("2 problems", "1 problems");
    assert_eq!(text(&output.stdout), without_logs, "{printed}");
    assert_eq!(printed.matches(WARNING).count(), 1, "{printed}");
    assert_eq!((printed.matches("of-parent").count(), printed.matches("of-child").count()), (1, 0), "{printed}");
}

#[test]
fn telemetry_that_a_forked_child_sets_up_works_and_has_ids_of_its_own() {
    for exporter in ["otlp_http", "otlp_grpc"] {
        let collector = Collector::start();
        let output = run("own", &[("OTEL_EXPORTER", exporter), ("OTEL_ENDPOINT", &collector.endpoint())]);
        let said = text(&output.stdout);
        assert_eq!(said.matches("shutdown true").count(), 3, "{exporter}: {said} {}", text(&output.stderr));
        let spans = collector.spans();
        let names: BTreeSet<_> = spans.iter().map(|span| span.span.name.as_str()).collect();
        assert_eq!(names, BTreeSet::from(["chat of-child-1", "chat of-child-2", "chat of-parent"]));
        let traces: BTreeSet<_> = spans.iter().map(|span| span.span.trace_id.clone()).collect();
        let ids: BTreeSet<_> = spans.iter().map(|span| span.span.span_id.clone()).collect();
        assert_eq!((spans.len(), traces.len(), ids.len()), (3, 3, 3), "{exporter}");
    }
}

#[test]
fn a_directory_is_locked_until_the_parent_and_its_children_have_ended() {
    let directory = std::env::temp_dir().join(format!("llm-trace-outliving-{}", std::process::id()));
    let vars = [("OTEL_EXPORTER", "otlp_file"), ("OTEL_ENDPOINT", directory.to_str().unwrap())];
    let mut parent =
        program("outliving", &vars).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program runs");
    let (stdin, mut stdout) = (parent.stdin.take().unwrap(), parent.stdout.take().unwrap());
    assert!(parent.wait().unwrap().success());
    assert!(Destination::file(&directory).build().is_err());
    drop(stdin);
    // The child had the only other handle of this pipe.
    stdout.read_to_end(&mut Vec::new()).unwrap();
    drop(Destination::file(&directory).build().unwrap());
    std::fs::remove_dir_all(&directory).unwrap();
}
