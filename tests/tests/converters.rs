//! Phoenix and MLflow accept every message attribute of the corpus.
//!
//! Requires Python (`LLM_TRACE_PYTHON`, or `python3`) with `arize-phoenix` or `mlflow-skinny`.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use llm_trace_tests::corpus::exchange::{How, corpus};
use serde_json::json;

#[test]
fn phoenix_and_mlflow_accept_every_message_attribute_of_the_corpus() {
    let spans = corpus().unwrap().into_iter().filter(|exchange| {
        // Tool parameters that the server rejected are not a valid schema, and Phoenix then drops the whole list.
        exchange.expected.get("error").is_none()
    });
    let lines = spans.map(|exchange| {
        let reading = exchange.read(&How::default());
        json!({"name": exchange.dir, "attributes": reading.attributes}).to_string()
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    let python = std::env::var("LLM_TRACE_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/converters.py");
    let mut command = Command::new(python);
    let command = command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: no Python");
        return;
    };
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    // A process that exits early does not read all of its input.
    let _ = writer.join().unwrap();
    if output.status.code() == Some(3) {
        eprintln!("skipped: neither Phoenix nor MLflow is installed");
        return;
    }
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let (last, wrong) =
        said.lines().collect::<Vec<_>>().split_last().map(|(l, w)| (l.to_string(), w.join("\n"))).unwrap();
    assert!(wrong.is_empty(), "{last}\n{wrong}");
    eprintln!("{last}");
}
