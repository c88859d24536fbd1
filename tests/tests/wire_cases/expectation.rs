//! Comparison of an exported span with the expectation of a case.

use llm_trace_tests::collector::ReceivedSpan;
use serde_json::{Map, Value, json};

/// The differences between the span and the case.
pub fn disagreements(expected: &Map<String, Value>, span: &ReceivedSpan) -> Vec<String> {
    let attributes = span.attributes();
    let json = |name: &str| -> Vec<Value> {
        let text = attributes.get(name).and_then(Value::as_str);
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    };
    let (input, output) = (json("gen_ai.input.messages"), json("gen_ai.output.messages"));
    let mut found = Vec::new();
    for (key, expected) in expected {
        let actual = match key.as_str() {
            "absent" => {
                let there = expected.as_array().into_iter().flatten().filter_map(Value::as_str);
                found.extend(there.filter_map(|key| Some(format!("{key}: {} should be absent", attributes.get(key)?))));
                continue;
            }
            "input" => input.iter().map(types).collect(),
            "output" => output.iter().map(types).collect(),
            "output_text" => output.iter().map(|message| joined(message, "text")).collect(),
            "output_reasoning" => output.iter().map(|message| joined(message, "reasoning")).collect(),
            "input_text" => input.iter().map(|message| joined(message, "text")).collect(),
            "input_reasoning" => input.iter().map(|message| joined(message, "reasoning")).collect(),
            "input_messages" => input.clone().into(),
            "system" => json("gen_ai.system_instructions").into(),
            "tools" => json("gen_ai.tool.definitions").iter().map(tool).collect(),
            "tool_calls" => output.iter().flat_map(parts).filter(is_tool_call).map(tool_call).collect(),
            "status" => span.status_code().into(),
            "name" => span.span.name.clone().into(),
            key => attributes.get(key).cloned().unwrap_or_default(),
        };
        if !same(expected, &actual) {
            found.push(format!("{key}: expected {expected}, found {actual}"));
        }
    }
    found
}

fn parts(message: &Value) -> Vec<Value> {
    message["parts"].as_array().cloned().unwrap_or_default()
}

fn types(message: &Value) -> Value {
    let mut row = vec![message["role"].clone()];
    row.extend(parts(message).iter().map(|part| part["type"].clone()));
    row.into()
}

fn joined(message: &Value, kind: &str) -> Value {
    let of_kind = |part: &&Value| part["type"] == kind;
    parts(message).iter().filter(of_kind).filter_map(|part| part["content"].as_str()).collect::<String>().into()
}

fn is_tool_call(part: &Value) -> bool {
    part["type"] == "tool_call"
}

fn tool(definition: &Value) -> Value {
    json!([definition["type"], definition["name"], definition["description"]])
}

fn tool_call(part: Value) -> Value {
    json!([part["id"], part["name"], part["arguments"]])
}

/// Equal, except that sums of floating-point numbers can differ in the last digits.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}
