//! The shell commands of the page on data at rest.

use super::*;

/// The `number`th shell snippet of a section of the page, run with these variables; `None` if its tools are missing.
fn run_documented(section: &str, number: usize, tools: &[&str], vars: &[(&str, &str)]) -> Option<String> {
    let found = |tool: &&&str| Command::new("sh").args(["-c", &format!("command -v {tool}")]).output();
    if let Some(missing) = tools.iter().find(|tool| !found(tool).is_ok_and(|output| output.status.success())) {
        eprintln!("skipped: {missing} is not installed");
        return None;
    }
    let page = include_str!("../../../docs/data-at-rest.md");
    let section = page.split("\n## ").find(|text| text.starts_with(section)).expect("a section");
    let snippet =
        section.split("```sh\n").nth(number + 1).and_then(|rest| rest.split("```").next()).expect("a snippet");
    let output = Command::new("sh").args(["-euc", snippet]).envs(vars.iter().copied()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn a_users_traces_are_erased_from_the_files_by_the_documented_commands() {
    let directory = Directory::new("erase");
    let parts = parts(&[
        ("OTEL_EXPORTER", "otlp_file"),
        ("OTEL_LOGS_EXPORTER", "otlp_file"),
        ("OTEL_ENDPOINT", &directory.text()),
    ]);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(parts.layer()), || {
        for user in ["ann", "bob"] {
            let call = || LlmCall::builder("chat").provider("openai").model(user).run(|_| ());
            tracing::info_span!("request").in_scope(|| llm_trace::scope().user(user).run(call));
        }
    });
    assert!(parts.telemetry.shutdown(LIMIT));
    assert_eq!(
        (directory.span_names().len(), directory.lines("logs").join("").matches("\"ann\"").count() > 0),
        (4, true)
    );

    let vars = [("DIRECTORY", &*directory.text()), ("USER_ID", "ann")];
    if run_documented("Erase", 0, &["jq"], &vars).is_some() {
        assert_eq!(directory.span_names(), ["chat bob", "request"]);
        let logs = directory.lines("logs").join("");
        assert!(!logs.contains("\"ann\"") && logs.contains("\"bob\""), "{logs}");
    }
}

#[test]
fn the_documented_command_finds_the_hash_of_a_user() {
    let directory = Directory::new("hashed");
    let processor =
        Destination::file(&directory.0).policy(llm_trace::Policy::new().hash_identity("key")).build().unwrap();
    let provider = opentelemetry_sdk::trace::SdkTracerProvider::builder().with_span_processor(processor).build();
    let layer = llm_trace::layer().with_tracer_provider(&provider);
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        llm_trace::scope().user("ann").run(|| LlmCall::builder("chat").provider("openai").run(|_| ()));
    });
    provider.shutdown().unwrap();
    if let Some(hash) = run_documented("Erase", 1, &["openssl", "sed"], &[("USER_ID", "ann"), ("KEY", "key")]) {
        let lines = directory.lines("traces").join("");
        assert!(lines.contains(hash.trim()) && !lines.contains("\"ann\""), "{hash} {lines}");
    }
}
