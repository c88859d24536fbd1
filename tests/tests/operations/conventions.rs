//! Every emitted attribute is defined by the conventions, with the right type and on the right span. All required
//! attributes are present, and those relevant for sampling are set at span creation.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use llm_trace::{Capture, Policy, Profile};
use llm_trace_tests::collector::ReceivedSpan;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Map, Value};

use crate::mcp::messages;
use crate::support::{Asked, PROFILES, everything, export, export_sampled, keys};

/// The conventions as data, from `LLM_TRACE_SEMCONV` or from the folder next to the repository.
fn conventions(profile: Profile) -> Option<Value> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/semconv");
    let dir = std::env::var_os("LLM_TRACE_SEMCONV").map_or_else(beside, PathBuf::from);
    let file = dir.join(if profile == Profile::Latest { "genai-latest.json" } else { "core-1.41.1.json" });
    if !file.is_file() {
        eprintln!("skipped: no {}", file.display());
        return None;
    }
    Some(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
}

/// The conventions' name for a span, if it has one.
fn span_type(profile: Profile, span: &ReceivedSpan) -> Option<&'static str> {
    let latest = profile == Profile::Latest;
    let kind = SpanKind::try_from(span.span.kind).unwrap();
    if span.attribute("mcp.method.name").is_some() && !span.span.name.starts_with("execute_tool") {
        return Some(if kind == SpanKind::Server { "mcp.server" } else { "mcp.client" });
    }
    let operation = span.attribute("gen_ai.operation.name").unwrap();
    Some(match (operation.as_str().unwrap(), kind) {
        ("chat" | "text_completion", _) if latest => "gen_ai.client.inference",
        ("chat" | "text_completion", _) => "gen_ai.inference.client",
        ("embeddings", _) => "gen_ai.embeddings.client",
        ("retrieval", _) => "gen_ai.retrieval.client",
        ("execute_tool", _) => "gen_ai.execute_tool.internal",
        ("create_agent", _) => "gen_ai.create_agent.client",
        ("invoke_agent", SpanKind::Client) => "gen_ai.invoke_agent.client",
        ("invoke_agent", _) => "gen_ai.invoke_agent.internal",
        ("invoke_workflow", _) => "gen_ai.invoke_workflow.internal",
        ("fetch_response", _) if latest => "gen_ai.fetch_response.client",
        ("plan", _) if latest => "gen_ai.plan.internal",
        (memory, _) if latest && memory.contains("memory") => "gen_ai.memory.client",
        _ => return None,
    })
}

/// llm-trace attributes and attributes allowed on any span: see docs/operations.md.
fn is_documented(key: &str) -> bool {
    key.starts_with("llm_trace.") || key == "error.type"
}

fn is_of_mcp(key: &str) -> bool {
    ["mcp.", "jsonrpc.", "rpc.", "network.", "server."].iter().any(|prefix| key.starts_with(prefix))
}

fn has_type(value: &Value, kind: &Value) -> bool {
    match kind.as_str() {
        Some("string") => value.is_string(),
        Some("int") => value.is_i64(),
        Some("double") => value.is_f64(),
        Some("boolean") => value.is_boolean(),
        Some("string[]") => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        // Structured values are JSON text on spans.
        Some("any") => value.is_string(),
        Some(_) => false,
        None => value.is_string(),
    }
}

fn check(span: &ReceivedSpan, profile: Profile, data: &Value, wrong: &mut Vec<String>) {
    let kind_of = span_type(profile, span);
    let spec = kind_of.map(|kind_of| {
        let spec = &data["spans"][kind_of];
        assert!(spec.is_object(), "{kind_of}");
        spec["attributes"].as_object().unwrap()
    });
    let name = &span.span.name;
    for (key, value) in span.attributes() {
        if is_documented(&key) {
            continue;
        }
        match data["attributes"].get(&key) {
            None => wrong.push(format!("{profile:?} {name}: {key} is no name of the conventions'")),
            Some(known) if !has_type(&value, &known["type"]) => {
                wrong.push(format!("{profile:?} {name}: {key} = {value} is no {}", known["type"]));
            }
            // Attributes specific to one provider.
            _ if key.starts_with("openai.") => {}
            // A tool's span has attributes of the MCP server that it calls.
            _ if kind_of == Some("gen_ai.execute_tool.internal") && is_of_mcp(&key) => {}
            _ if spec.is_some_and(|spec| !spec.contains_key(&key)) => {
                wrong.push(format!("{profile:?} {name}: {key} does not stand on {}", kind_of.unwrap_or_default()));
            }
            _ => {}
        }
    }
    for (key, rule) in spec.into_iter().flatten() {
        if rule["level"] == "required" && span.attribute(key).is_none() {
            wrong.push(format!("{profile:?} {name}: {key} is missing"));
        }
    }
}

#[test]
fn every_attribute_is_defined_and_every_required_one_is_present() {
    let mut wrong = Vec::new();
    for profile in PROFILES {
        let Some(data) = conventions(profile) else { return };
        let policy = Policy::new().capture(Capture::Span);
        let run = || {
            everything();
            messages();
        };
        let collector = export(policy, |layer| layer.with_profile(profile), run);
        let schema_url = &collector.spans()[0].schema_url;
        assert_eq!(*schema_url, profile.schema_url());
        collector.spans().iter().for_each(|span| check(span, profile, &data, &mut wrong));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn attributes_for_samplers_are_set_at_the_start() {
    for profile in PROFILES {
        let Some(data) = conventions(profile) else { return };
        let asked = Asked::default();
        let collector = export_sampled(Policy::new(), asked.clone(), |layer| layer.with_profile(profile), everything);
        let asked = asked.0.lock().unwrap();
        let mut by_name: BTreeMap<&str, Vec<Map<String, Value>>> = BTreeMap::new();
        asked.iter().for_each(|(name, _, attributes)| by_name.entry(name).or_default().push(keys(attributes)));
        for span in collector.spans() {
            let Some(kind_of) = span_type(profile, &span) else { continue };
            let started = &by_name[span.span.name.as_str()];
            for (key, rule) in data["spans"][kind_of]["attributes"].as_object().unwrap() {
                let learned = key == "gen_ai.provider.name" && kind_of == "gen_ai.invoke_agent.internal";
                if rule["sampling_relevant"] == true && span.attribute(key).is_some() && !learned {
                    let given =
                        span.attribute(key).map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
                    let same = |start: &Map<String, Value>| start.get(key).and_then(Value::as_str) == given.as_deref();
                    assert!(started.iter().any(same), "{profile:?} {}: {key} came late", span.span.name);
                }
            }
        }
    }
}

#[test]
fn structured_attributes_are_valid_by_the_schemas() {
    let schemas = [
        ("gen_ai.retrieval.documents", "gen-ai-retrieval-documents.json"),
        ("gen_ai.memory.records", "gen-ai-memory-records.json"),
        ("gen_ai.tool.call.arguments", "gen-ai-tool-call-arguments.json"),
        ("gen_ai.input.messages", "gen-ai-input-messages.json"),
        ("gen_ai.output.messages", "gen-ai-output-messages.json"),
    ];
    for masked in [false, true] {
        let policy = Policy::new().capture(Capture::Span).mask_input(masked).mask_output(masked);
        let collector = export(policy, |layer| layer.with_profile(Profile::Latest), everything);
        for (key, file) in schemas {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/genai-latest").join(file);
            let schema: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let schema = jsonschema::validator_for(&schema).unwrap();
            let mut seen = 0;
            for span in collector.spans() {
                let Some(text) = span.attribute(key) else { continue };
                let text = text.as_str().unwrap();
                // A mask can replace the whole value, and a tool's arguments can be plain text.
                if key.ends_with("arguments") && !text.starts_with('{') {
                    continue;
                }
                let value: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{key}: {error}: {text}"));
                assert!(schema.is_valid(&value), "{} {key}: {text}", span.span.name);
                seen += 1;
            }
            assert!(seen > 0 || (masked && key.ends_with("arguments")), "{key}");
        }
    }
}
