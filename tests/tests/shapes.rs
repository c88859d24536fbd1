//! Results that must not depend on how an exchange is read: masked or unmasked, whole or in fragments.

use llm_trace::internal::Content;
use llm_trace_tests::corpus::Reading;
use llm_trace_tests::corpus::exchange::{How, corpus};
use serde_json::Value;

const MESSAGES: &[&str] = &["gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"];

/// The type of a part. A masked URL is not read, so embedded data (`blob`) looks like any other `uri`.
fn part_type(part: &Value) -> Value {
    if part["type"] == "blob" { "uri".into() } else { part["type"].clone() }
}

/// The roles, part types and finish reasons of an attribute.
fn shape(reading: &Reading, name: &str) -> Value {
    let text = reading.attributes.get(name).and_then(Value::as_str).unwrap_or("[]");
    let list: Value = serde_json::from_str(text).unwrap();
    let of = |value: &Value| match value.get("parts").and_then(Value::as_array) {
        Some(parts) => {
            let types = parts.iter().map(part_type).collect::<Vec<_>>();
            serde_json::json!([value["role"], types, value["finish_reason"]])
        }
        None => part_type(value),
    };
    list.as_array().unwrap().iter().map(of).collect()
}

fn facts(reading: &Reading) -> Vec<(&String, &Value)> {
    let content = |name: &str| MESSAGES.contains(&name) || name == "gen_ai.tool.definitions";
    reading.attributes.iter().filter(|(name, _)| !content(name)).collect()
}

#[test]
fn masked_messages_have_the_shape_of_the_messages_themselves() {
    let mut wrong = Vec::new();
    for exchange in corpus().unwrap() {
        let read = |content| exchange.read(&How { content, ..How::default() });
        let (full, masked) = (read(Content::Full), read(Content::Masked));
        for name in MESSAGES {
            let (full, masked) = (shape(&full, name), shape(&masked, name));
            if full != masked {
                wrong.push(format!("{}: {name}\n  {full:.300}\n  {masked:.300}", exchange.dir.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn facts_are_the_same_whether_content_is_read_or_not() {
    for exchange in corpus().unwrap() {
        let read = |content| exchange.read(&How { content, ..How::default() });
        let (full, masked, off) = (read(Content::Full), read(Content::Masked), read(Content::Off));
        assert_eq!(facts(&full), facts(&off), "{}", exchange.dir.display());
        assert_eq!(facts(&full), facts(&masked), "{}", exchange.dir.display());
        assert_eq!((&full.outcome, &full.outcome), (&off.outcome, &masked.outcome), "{}", exchange.dir.display());
    }
}

#[test]
fn a_stream_reads_the_same_however_it_is_cut_into_fragments() {
    for exchange in corpus().unwrap().iter().filter(|exchange| exchange.meta("kind").starts_with("stream")) {
        let whole = exchange.read(&How::default());
        for fragments in [&[1][..], &[7, 1, 64], &[1000]] {
            let cut = exchange.read(&How { fragments, ..How::default() });
            assert_eq!(whole.attributes, cut.attributes, "{} in {fragments:?}", exchange.dir.display());
            assert_eq!(whole.outcome, cut.outcome, "{} in {fragments:?}", exchange.dir.display());
        }
    }
}
