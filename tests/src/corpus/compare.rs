//! Compares the attributes of a span with the known facts of an exchange.

use serde_json::{Value, json};

use super::Reading;

/// The result of comparing one fact.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Verdict {
    /// As expected.
    Right,
    /// Present, but not as expected.
    Wrong,
    /// Expected, but absent.
    Missing,
    /// Present, without an expected value.
    Extra,
}

/// One fact of one exchange.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its name, as in `expected.json`.
    pub fact: String,
    /// The result of the comparison.
    pub verdict: Verdict,
    /// The expected value.
    pub expected: Value,
    /// The value that was read.
    pub actual: Value,
}

/// Facts that are one attribute each.
const ATTRIBUTES: &[(&str, &str)] = &[
    ("request_model", "gen_ai.request.model"),
    ("response_model", "gen_ai.response.model"),
    ("response_id", "gen_ai.response.id"),
    ("input_tokens", "gen_ai.usage.input_tokens"),
    ("output_tokens", "gen_ai.usage.output_tokens"),
    ("cache_read_input_tokens", "gen_ai.usage.cache_read.input_tokens"),
    ("cache_creation_input_tokens", "gen_ai.usage.cache_creation.input_tokens"),
    ("reasoning_output_tokens", "gen_ai.usage.reasoning.output_tokens"),
    ("dimension_count", "gen_ai.embeddings.dimension.count"),
];

/// Request facts that are one attribute each. `previous_response_id` has no attribute in the default profile.
const PARAMETERS: &[(&str, &str)] = &[
    ("temperature", "gen_ai.request.temperature"),
    ("top_p", "gen_ai.request.top_p"),
    ("top_k", "gen_ai.request.top_k"),
    ("max_tokens", "gen_ai.request.max_tokens"),
    ("frequency_penalty", "gen_ai.request.frequency_penalty"),
    ("presence_penalty", "gen_ai.request.presence_penalty"),
    ("seed", "gen_ai.request.seed"),
    ("stop_sequences", "gen_ai.request.stop_sequences"),
    ("choice_count", "gen_ai.request.choice.count"),
    ("stream", "gen_ai.request.stream"),
    ("output_type", "gen_ai.output.type"),
    ("encoding_formats", "gen_ai.request.encoding_formats"),
    ("dimensions", "gen_ai.embeddings.dimension.count"),
];

/// The schema's part types; a part of any other type is a generic one.
const PART_TYPES: &[&str] = &[
    "text",
    "reasoning",
    "tool_call",
    "tool_call_response",
    "server_tool_call",
    "server_tool_call_response",
    "blob",
    "uri",
    "file",
];

/// The items of the Responses API whose parts are listed under `output_part_types`.
const PLAIN_ITEMS: &[&str] = &["message", "reasoning", "function_call", "custom_tool_call"];

/// Compares each known fact of an exchange with the value that was read.
pub fn compare(expected: &Value, reading: &Reading) -> Vec<Finding> {
    let mut findings = Findings(Vec::new());
    let attribute = |name: &str| reading.attributes.get(name).cloned();
    for (fact, name) in ATTRIBUTES {
        findings.add(fact, expected.get(*fact), attribute(name), numbers_equal);
    }
    // A span has words only; on the wire a reason can be a number of Google's enum.
    let reasons = expected.get("finish_reasons").and_then(Value::as_array).map(|reasons| {
        reasons
            .iter()
            .map(|reason| if reason.is_number() { finish_word(reason) } else { reason.clone() })
            .collect::<Value>()
    });
    findings.add("finish_reasons", reasons.as_ref(), attribute("gen_ai.response.finish_reasons"), numbers_equal);
    for (fact, name) in PARAMETERS {
        let fact_name = format!("request.{fact}");
        let value = expected.get("request").and_then(|request| request.get(*fact));
        // The answer's own value has the same name.
        if value.is_some() || !matches!(*fact, "output_type" | "dimensions") {
            findings.add(&fact_name, value, attribute(name), numbers_equal);
        }
    }
    let json = |name: &str| -> Vec<Value> {
        let text = reading.attributes.get(name).and_then(Value::as_str);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    if let Some(input) = expected.get("input") {
        let actual = json("gen_ai.input.messages").iter().map(input_row).collect();
        findings.add("input", Some(input), Some(Value::Array(actual)), rows_match);
    }
    if let Some(names) = expected.get("tool_definition_names") {
        let actual = json("gen_ai.tool.definitions").iter().map(|tool| tool["name"].clone()).collect();
        findings.add("tool_definition_names", Some(names), Some(Value::Array(actual)), numbers_equal);
    }
    if let Some(text) = expected.get("system_instructions_text") {
        let actual = texts(&json("gen_ai.system_instructions"), "text");
        findings.add("system_instructions_text", Some(text), Some(actual.into()), same_text);
    }
    output(&mut findings, expected, &json("gen_ai.output.messages"));
    if let Some(error) = expected.get("error") {
        let known = ["code", "type", "status"].iter().filter_map(|key| error.get(*key)).map(word).collect::<Vec<_>>();
        let known = if known.is_empty() { vec![status_word(&error["http_status"])] } else { known };
        let is_known = |expected: &Value, actual: &Value| {
            expected.as_array().is_some_and(|known| known.iter().any(|known| known == actual))
        };
        findings.add("error.type", Some(&json!(known)), attribute("error.type"), is_known);
    } else {
        findings.add(
            "error.type",
            None,
            attribute("error.type").filter(|_| expected["stream_outcome"] != "error"),
            numbers_equal,
        );
    }
    // The corpus names the end of the stream.
    let outcome = reading.outcome.as_deref().map(|word| if word == "completed" { "complete" } else { word }.into());
    findings.add("stream_outcome", expected.get("stream_outcome"), outcome, numbers_equal);
    findings.0
}

fn output(findings: &mut Findings, expected: &Value, messages: &[Value]) {
    let parts = |message: &Value| message["parts"].as_array().cloned().unwrap_or_default();
    let per_choice = |of: &dyn Fn(&[Value]) -> Value| -> Value {
        messages.iter().map(|message| of(&parts(message))).collect::<Vec<_>>().into()
    };
    for (fact, kind) in [("output_text", "text"), ("reasoning_text", "reasoning"), ("refusals", "refusal")] {
        let actual = per_choice(&|parts| texts(parts, kind).into());
        if let Some(known) = expected.get(fact) {
            findings.add(fact, Some(known), Some(actual), texts_match);
        } else if let Some(plan) = expected.get("tool_plan").filter(|_| fact == "reasoning_text") {
            // Cohere documents the plan as the model's chain of thought: a part before the calls it describes.
            findings.add("tool_plan", Some(&json!([plan])), Some(actual), texts_match);
        } else if fact == "reasoning_text" && expected.get("output_text").is_some() {
            let some = Some(actual).filter(|all| all.as_array().is_some_and(|all| all.iter().any(|text| text != "")));
            findings.add(fact, None, some, texts_match);
        }
    }
    if let Some(known) = expected.get("tool_calls") {
        let actual = per_choice(&|parts| {
            parts.iter().filter(|part| part["type"] == "tool_call").map(tool_call).collect::<Vec<_>>().into()
        });
        findings.add("tool_calls", Some(known), Some(actual), tool_calls_match);
    }
    // The Responses API: items other than messages, reasoning and function calls are listed separately.
    let items = expected.get("output_item_types").and_then(Value::as_array);
    let is_item = |kind: &Value| {
        let item = |items: &Vec<Value>| match kind.as_str().unwrap_or_default() {
            "server_tool_call" | "server_tool_call_response" => true,
            kind => items.iter().any(|item| item.as_str() == kind.strip_prefix("generic:")),
        };
        items.is_some_and(item)
    };
    if let Some(known) = items {
        let known = known.iter().filter(|item| !PLAIN_ITEMS.contains(&item.as_str().unwrap_or_default()));
        let known = known.cloned().collect::<Value>();
        let actual = messages.iter().flat_map(parts).map(|part| part_type(&part)).filter(is_item).collect();
        let same_count = |a: &Value, b: &Value| a.as_array().map(Vec::len) == b.as_array().map(Vec::len);
        findings.add("output_item_types", Some(&known), Some(actual), same_count);
    }
    if let Some(known) = expected.get("output_part_types") {
        let actual = per_choice(&|parts| parts.iter().map(part_type).filter(|kind| !is_item(kind)).collect());
        let mut known = known.clone();
        if let Some(row) =
            known.get_mut(0).and_then(Value::as_array_mut).filter(|_| expected.get("tool_plan").is_some())
        {
            row.insert(0, json!("*:tool_plan"));
        }
        findings.add("output_part_types", Some(&known), Some(actual), rows_match);
    }
    if let Some(known) = expected.get("finish_reasons_semconv").filter(|_| !messages.is_empty()) {
        let actual = messages.iter().map(|message| message["finish_reason"].clone()).collect();
        findings.add("finish_reasons_semconv", Some(known), Some(Value::Array(actual)), numbers_equal);
    }
}

struct Findings(Vec<Finding>);

impl Findings {
    fn add(
        &mut self,
        fact: &str,
        expected: Option<&Value>,
        actual: Option<Value>,
        equal: impl Fn(&Value, &Value) -> bool,
    ) {
        let expected = expected.filter(|value| !value.is_null());
        let verdict = match (expected, &actual) {
            (None, None) => return,
            (None, Some(_)) => Verdict::Extra,
            (Some(_), None) => Verdict::Missing,
            (Some(expected), Some(actual)) if equal(expected, actual) => Verdict::Right,
            (Some(expected), Some(Value::Array(actual))) if actual.is_empty() && expected.is_array() => {
                Verdict::Missing
            }
            _ => Verdict::Wrong,
        };
        let expected = expected.cloned().unwrap_or(Value::Null);
        self.0.push(Finding { fact: fact.to_owned(), verdict, expected, actual: actual.unwrap_or(Value::Null) });
    }
}

/// Equal as JSON values, where 1 and 1.0 are the same number.
fn numbers_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => x == y || x.as_f64() == y.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| numbers_equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| numbers_equal(a, b)))
        }
        _ => a == b,
    }
}

fn same_text(a: &Value, b: &Value) -> bool {
    // Texts are separate parts on the wire, and no rule defines how to join them.
    let squeeze = |value: &Value| value.as_str().map(|text| text.split_whitespace().collect::<String>());
    squeeze(a) == squeeze(b)
}

fn texts_match(expected: &Value, actual: &Value) -> bool {
    padded(expected, actual, &json!(""), |a, b| a == b)
}

fn tool_calls_match(expected: &Value, actual: &Value) -> bool {
    padded(expected, actual, &json!([]), |a, b| {
        let (Some(a), Some(b)) = (a.as_array(), b.as_array()) else { return false };
        a.len() == b.len()
            && a.iter().zip(b).all(|(a, b)| {
                a["name"] == b["name"]
                    && (a.get("id").is_none_or(Value::is_null) || a["id"] == b["id"])
                    && arguments_equal(&a["arguments"], &b["arguments"])
            })
    })
}

/// Missing arguments can be written in more than one way.
fn arguments_equal(a: &Value, b: &Value) -> bool {
    let none = |value: &Value| value.is_null() || *value == json!("");
    (none(a) && none(b)) || numbers_equal(a, b)
}

/// Compares choice by choice; a choice without output can be absent.
fn padded(expected: &Value, actual: &Value, nothing: &Value, equal: impl Fn(&Value, &Value) -> bool) -> bool {
    let (Some(expected), Some(actual)) = (expected.as_array(), actual.as_array()) else { return false };
    let len = expected.len().max(actual.len());
    (0..len).all(|at| {
        let of =
            |list: &[Value]| list.get(at).filter(|value| !value.is_null()).cloned().unwrap_or_else(|| nothing.clone());
        equal(&of(expected), &of(actual))
    })
}

/// Compares rows of part types; an expected entry with a star is optional and can have any name.
fn rows_match(expected: &Value, actual: &Value) -> bool {
    padded(expected, actual, &json!([]), |expected, actual| {
        let (Some(expected), Some(actual)) = (expected.as_array(), actual.as_array()) else { return false };
        row_matches(expected, actual)
    })
}

fn row_matches(expected: &[Value], actual: &[Value]) -> bool {
    match (expected, actual) {
        ([], []) => true,
        ([free, rest @ ..], _) if free.as_str().is_some_and(|free| free.starts_with('*')) => {
            row_matches(rest, actual) || actual.split_first().is_some_and(|(_, actual)| row_matches(rest, actual))
        }
        ([first, rest @ ..], [this, others @ ..]) => first == this && row_matches(rest, others),
        _ => false,
    }
}

fn input_row(message: &Value) -> Value {
    let mut row = vec![message["role"].clone()];
    row.extend(message["parts"].as_array().into_iter().flatten().map(part_type));
    row.into()
}

fn part_type(part: &Value) -> Value {
    let kind = part["type"].as_str().unwrap_or_default();
    if PART_TYPES.contains(&kind) { kind.into() } else { format!("generic:{kind}").into() }
}

fn tool_call(part: &Value) -> Value {
    json!({"id": part["id"], "name": part["name"], "arguments": part["arguments"]})
}

fn texts(parts: &[Value], kind: &str) -> String {
    parts.iter().filter(|part| part["type"] == kind).filter_map(|part| part["content"].as_str()).collect()
}

/// The name of a number of Google's `FinishReason`, for the numbers in the corpus.
fn finish_word(number: &Value) -> Value {
    match number.as_u64() {
        Some(1) => "STOP".into(),
        Some(2) => "MAX_TOKENS".into(),
        Some(3) => "SAFETY".into(),
        Some(4) => "RECITATION".into(),
        _ => word(number),
    }
}

fn word(value: &Value) -> Value {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned).into()
}

/// The error type of an unnamed error: the status, unless it is a success.
fn status_word(status: &Value) -> Value {
    if status.as_u64().is_some_and(|status| status >= 400) { word(status) } else { "_OTHER".into() }
}
