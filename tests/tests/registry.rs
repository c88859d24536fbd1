//! The tables of facts and metrics match the conventions, and the pages generated from them are up to date.

use std::path::{Path, PathBuf};

use llm_trace::internal::tables::{attributes, metrics};
use llm_trace_tests::registry::{dir, example, pages};
use serde_json::Value;

/// The conventions as data, one per profile, from `LLM_TRACE_SEMCONV` or from the folder next to the repository.
fn conventions() -> Option<[Value; 2]> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/semconv");
    let dir = std::env::var_os("LLM_TRACE_SEMCONV").map_or_else(beside, PathBuf::from);
    let read = |file: &str| {
        let file = dir.join(file);
        if !file.is_file() {
            eprintln!("skipped: no {}", file.display());
            return None;
        }
        Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
    };
    Some([read("core-1.41.1.json")?, read("genai-latest.json")?])
}

fn type_name(attribute: &Value) -> &str {
    let value = &attribute["type"];
    value.as_str().or_else(|| value["base"].as_str()).unwrap()
}

/// Names of the core registry outside of the GenAI conventions.
const ELSEWHERE: [&str; 5] = ["user.id", "user.email", "enduser.id", "session.id", "http.response.status_code"];

/// The values of `key` in a file of our registry.
fn of_registry(file: &str, key: &str) -> Vec<String> {
    let (_, text) = pages().into_iter().find(|(name, _)| *name == file).unwrap();
    let values = text.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key));
    values.map(str::to_owned).collect()
}

/// Names of the newest conventions that the core profile uses because core has no equivalent.
const EARLY: [&str; 0] = [];

#[test]
fn each_attribute_is_the_conventions_of_that_type_or_ours() {
    let Some(data) = conventions() else { return };
    let mut wrong = Vec::new();
    let ours = of_registry("registry/attributes.yaml", "id: ");
    for (at, data) in data.iter().enumerate() {
        for row in attributes() {
            let Some(name) = [row.core, row.latest][at] else { continue };
            let known = &data["attributes"][name];
            if known.is_null() {
                let is_ours = ours.iter().any(|known| known == name.trim_end_matches(".<key>"));
                if !is_ours && !ELSEWHERE.contains(&name) && !EARLY.contains(&name) {
                    wrong.push(format!("{name}: not of {} nor of our registry", data["convention"]));
                }
                continue;
            }
            if ours.iter().any(|known| known == name) {
                wrong.push(format!("{name}: of {} and of our registry", data["convention"]));
            }
            if known["deprecated"] == true {
                wrong.push(format!("{name}: deprecated in {}", data["convention"]));
            }
            let (ours, theirs) = (row.value[at], type_name(known));
            let is_text = theirs == "any" || theirs == "string";
            if ours != theirs && !(row.kind == "content" && is_text) {
                wrong.push(format!("{name}: {ours}, in {} {theirs}", data["convention"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_metric_is_the_conventions_with_that_instrument_and_unit_or_ours() {
    let Some(data) = conventions() else { return };
    let mut wrong = Vec::new();
    let ours = of_registry("registry/metrics.yaml", "metric_name: ");
    for (at, data) in data.iter().enumerate() {
        for row in metrics() {
            let Some(name) = [row.core, row.latest][at] else { continue };
            let known = &data["metrics"][name];
            if known.is_null() {
                if !ours.iter().any(|known| known == name) && !name.starts_with("mcp.") {
                    wrong.push(format!("{name}: not of {} nor of our registry", data["convention"]));
                }
            } else if (known["instrument"].as_str(), known["unit"].as_str()) != (Some(row.instrument), Some(row.unit)) {
                wrong.push(format!("{name}: {} in {}", row.instrument, row.unit));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_fact_has_an_example_of_its_type() {
    for row in attributes().iter().filter(|row| row.kind != "content") {
        let name = row.core.or(row.latest).unwrap();
        let example = example(name);
        let fits = match row.value[0] {
            "string" => example.is_string(),
            "string[]" => example.as_array().is_some_and(|values| values.iter().all(Value::is_string)),
            "int" => example.is_i64(),
            "double" => example.is_f64(),
            "boolean" => example.is_boolean(),
            "any" => !example.is_null(),
            other => panic!("{name}: no type {other}"),
        };
        assert!(fits, "{name}: {example} is no {}", row.value[0]);
    }
}

#[test]
fn the_pages_are_up_to_date() {
    for (name, text) in pages() {
        let written = std::fs::read_to_string(dir().join(name)).unwrap_or_default();
        assert!(written == text, "docs/semconv/{name} is stale: run `cargo run -p llm-trace-tests --bin registry`");
    }
}
