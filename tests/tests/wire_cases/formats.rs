//! Formats by evidence, where no path is known: each request of `tests/cases/formats` with each answer over the same
//! names, under each provider's name.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::case::{Case, judge};

/// Names of providers whose formats resemble others, of another one, and none.
const PROVIDERS: [Option<&str>; 7] =
    [None, Some("openai"), Some("anthropic"), Some("aws.bedrock"), Some("cohere"), Some("ollama"), Some("gateway")];

/// The formats whose requests share names.
fn formats(group: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("cases/formats/{group}.json"));
    let text = std::fs::read(&path).expect("a file");
    serde_json::from_slice(&text).expect("a list")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().expect("a text")
}

/// The expectation of the request, and over it the expectation of the answer.
fn merged(asked: &Value, answered: &Value) -> Map<String, Value> {
    let mut expected = asked.as_object().cloned().expect("facts");
    expected.extend(answered.as_object().cloned().expect("facts"));
    if expected.get("absent").is_some_and(|absent| absent.to_string().contains("gen_ai.input.messages")) {
        // Embedded texts are not messages.
        expected.retain(|key, _| !["input_messages", "system"].contains(&key.as_str()));
    }
    expected
}

fn cases(is_chosen: impl Fn(&Value, &Value) -> bool) -> Vec<Case> {
    let mut cases = Vec::new();
    for formats in ["messages", "prompt", "input"].map(formats) {
        for asked in &formats {
            for answered in formats.iter().filter(|answered| is_chosen(asked, answered)) {
                for (number, request) in asked["requests"].as_array().expect("requests").iter().enumerate() {
                    for (provider, answer) in
                        PROVIDERS.iter().flat_map(|name| ["body", "chunks"].map(|key| (name, key)))
                    {
                        if answered.get(answer).is_none() {
                            continue;
                        }
                        let mut expected = merged(&request["expected"], &answered["expected"]);
                        // A request can name the owner of its format as well.
                        if provider.is_none() && asked["format"] == answered["format"] {
                            expected.insert("gen_ai.provider.name".to_owned(), answered["owner"].clone());
                        }
                        let name = [text(asked, "format"), &number.to_string(), text(answered, "format"), answer];
                        cases.push(Case {
                            name: format!("{} as {}", name.join(" "), provider.unwrap_or("no provider")),
                            fields: json!({
                                "provider": provider,
                                "request": request["request"],
                                answer: answered[answer],
                                "variants": ["value", "bytes", "typed"],
                                "expected": expected,
                            }),
                        });
                    }
                }
            }
        }
    }
    cases
}

#[test]
fn a_format_is_read_under_every_providers_name() {
    judge(&cases(|asked, answered| asked["format"] == answered["format"]));
}

#[test]
fn every_answer_to_every_request_is_read() {
    judge(&cases(|asked, answered| asked["format"] != answered["format"]));
}
