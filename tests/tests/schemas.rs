//! Every message attribute is valid by the conventions' schemas, in their strict form.

use std::path::Path;

use jsonschema::Validator;
use llm_trace::internal::Content;
use llm_trace_tests::corpus::exchange::{Exchange, How, corpus};
use serde_json::Value;

const ATTRIBUTES: &[(&str, &str)] = &[
    ("gen_ai.input.messages", "gen-ai-input-messages.json"),
    ("gen_ai.output.messages", "gen-ai-output-messages.json"),
    ("gen_ai.system_instructions", "gen-ai-system-instructions.json"),
    ("gen_ai.tool.definitions", "gen-ai-tool-definitions.json"),
];

fn schemas() -> Vec<(&'static str, Validator)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/core-1.41.1");
    let load = |file: &str| {
        let schema: Value = serde_json::from_slice(&std::fs::read(dir.join(file)).unwrap()).unwrap();
        jsonschema::draft7::new(&schema).unwrap()
    };
    ATTRIBUTES.iter().map(|(name, file)| (*name, load(file))).collect()
}

/// What is wrong with the attributes of the whole corpus.
fn invalid(content: Content, is_tested: impl Fn(&Exchange, &str) -> bool) -> Vec<String> {
    let schemas = schemas();
    let mut wrong = Vec::new();
    for exchange in corpus().unwrap() {
        let reading = exchange.read(&How { content, ..How::default() });
        for (name, schema) in &schemas {
            let Some(text) = reading.attributes.get(*name) else { continue };
            if !is_tested(&exchange, name) {
                continue;
            }
            let value: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            if let Some(error) = schema.iter_errors(&value).next() {
                let part = error.instance_path().to_string();
                let held = value.pointer(&part).map(ToString::to_string).unwrap_or_default();
                wrong.push(format!("{}: {name} at {part}: {:.300}", exchange.dir.display(), held));
            }
        }
    }
    wrong
}

#[test]
fn every_message_attribute_of_the_corpus_is_valid() {
    // Parameters that the server refused need not be a schema.
    let is_refused = |exchange: &Exchange| exchange.expected.get("error").is_some();
    let wrong = invalid(Content::Full, |exchange, name| name != "gen_ai.tool.definitions" || !is_refused(exchange));
    assert!(wrong.is_empty(), "{} invalid:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn masked_messages_of_the_corpus_are_valid_too() {
    let wrong = invalid(Content::Masked, |_, _| true);
    assert!(wrong.is_empty(), "{} invalid:\n{}", wrong.len(), wrong.join("\n"));
}
