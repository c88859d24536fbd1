//! With `LLM_TRACE_MASK=all`, `replay` prints no text of the corpus, sent or received.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use llm_trace_tests::corpus::exchange::Exchange;
use llm_trace_tests::replay::exchanges;
use serde_json::Value;

/// Shorter texts also occur in facts.
const SHORTEST: usize = 12;

/// Keys whose values are facts and may be printed.
const FACTS: [&str; 24] = [
    "id",
    "model",
    "modelVersion",
    "name",
    "type",
    "object",
    "role",
    "status",
    "code",
    "reason",
    "format",
    "tier",
    "service_tier",
    "encoding_format",
    "system_fingerprint",
    "mime_type",
    "mimeType",
    "media_type",
    "finish_reason",
    "stop_reason",
    "stopReason",
    // A request parameter, recorded as `gen_ai.request.stop_sequences`.
    "stop",
    "stop_sequences",
    "stopSequences",
];

fn is_fact(key: &str) -> bool {
    FACTS.contains(&key) || ["_id", "Id", "Identifier", "_model"].iter().any(|end| key.ends_with(end))
}

/// Collects all strings of a JSON value, including those of JSON inside strings, as texts or as facts.
fn strings(key: &str, value: &Value, texts: &mut BTreeSet<String>, facts: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => strings(key, &inner, texts, facts),
            _ if is_fact(key) => drop(facts.insert(text.clone())),
            _ => drop(texts.insert(text.clone())),
        },
        Value::Array(all) => all.iter().for_each(|value| strings(key, value, texts, facts)),
        Value::Object(map) => map.iter().for_each(|(key, value)| strings(key, value, texts, facts)),
        _ => {}
    }
}

/// The substrings of a text that have no JSON escapes, at any depth of quoting.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let parts =
        text.split(|c: char| c.is_control() || matches!(c, '"' | '\\' | '/' | '<' | '>' | '&' | '\u{7f}'..='\u{9f}'));
    parts.map(str::trim).filter(|piece| piece.chars().count() >= SHORTEST)
}

/// Expected values of the corpus that contain response texts, including those of streams.
const STATED: [&str; 7] = [
    "output_text",
    "output_text_parts",
    "reasoning_text",
    "reasoning_parts",
    "refusals",
    "tool_calls",
    "system_instructions_text",
];

/// The substrings of all texts in these values that are not facts.
fn texts<'v>(values: impl IntoIterator<Item = &'v Value>) -> BTreeSet<String> {
    let (mut texts, mut facts) = (BTreeSet::new(), BTreeSet::new());
    values.into_iter().for_each(|value| strings("", value, &mut texts, &mut facts));
    let pieces = texts.iter().flat_map(|text| pieces(text));
    pieces.filter(|piece| !facts.iter().any(|fact| fact.contains(piece))).map(str::to_owned).collect()
}

/// The request and the response body; a stream's body line by line.
fn bodies(exchange: &Exchange) -> Vec<Value> {
    let json = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok();
    let mut all: Vec<Value> = exchange.request().as_deref().and_then(json).into_iter().collect();
    let response = exchange.response();
    match json(&response) {
        Some(whole) => all.push(whole),
        None => all.extend(String::from_utf8_lossy(&response).lines().filter_map(|line| {
            let line = line.strip_prefix("data:").unwrap_or(line);
            json(line.trim().as_bytes())
        })),
    }
    all
}

/// The response texts that the corpus expects, including the text that a stream's deltas add up to.
fn stated(exchange: &Exchange) -> BTreeSet<String> {
    texts(STATED.iter().filter_map(|key| exchange.expected.get(key)))
}

fn replay(root: &Path, mask: &str, capture: &str) -> (BTreeMap<String, String>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_replay"))
        .arg(root)
        .env("LLM_TRACE_MASK", mask)
        .env("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", capture)
        .output()
        .expect("the replay runs");
    let lines = String::from_utf8(out.stdout).expect("UTF-8");
    let by_id = lines.lines().map(|line| {
        let id = serde_json::from_str::<Value>(line).expect("JSON")["id"].as_str().expect("an id").to_owned();
        let of_span = line.replacen(&id, "", 1);
        (id, of_span)
    });
    (by_id.collect(), String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn a_masked_replay_of_the_corpus_prints_none_of_its_texts() {
    let Some(root) = llm_trace_tests::corpus::exchange::root() else { return };
    // The folder also contains exchanges derived from the given ones.
    let root = Some(root.join("given")).filter(|given| given.is_dir()).unwrap_or(root);
    let all = exchanges(&root).expect("a corpus");
    let (masked, told) = replay(&root, "all", "SPAN_AND_EVENT");
    assert_eq!(masked.len(), all.len());
    let (open, _) = replay(&root, "none", "SPAN_AND_EVENT");
    let (mut searched, mut known, mut shown) = (0, 0, 0);
    let mut leaks = Vec::new();
    for (id, exchange) in &all {
        let stated = stated(exchange);
        known += stated.len();
        shown += stated.iter().filter(|text| open[id].contains(text.as_str())).count();
        for text in texts(&bodies(exchange)).union(&stated) {
            searched += 1;
            if masked[id].contains(text.as_str()) || told.contains(text.as_str()) {
                leaks.push(format!("{id}: {text}"));
            }
        }
    }
    println!("{} exchanges: none of {searched} texts; without masks {shown} of {known} stated ones", all.len());
    assert_eq!(leaks, Vec::<String>::new());
    // Unmasked output contains these texts, so the search works.
    assert!(known > 0 && shown * 100 > known * 95, "{shown} of {known}");
}
