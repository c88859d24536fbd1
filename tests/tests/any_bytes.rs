//! For any bytes, the readers do not panic and write only attributes that are valid by the schemas.

use std::sync::LazyLock;

use llm_trace::internal::{self, Body, Content, Exchange, PATHS};
use llm_trace_tests::corpus::exchange::corpus;
use llm_trace_tests::corpus::schemas::{ATTRIBUTES, Schemas};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use serde_json::{Map, Value};

/// A path for each wire format, and an empty one.
const PROVIDERS: &[&str] = &["", "openai", "anthropic", "gcp.gemini", "aws.bedrock", "cohere", "ollama", "mistral_ai"];
const BODIES: &[Body] = &[Body::Whole, Body::Value, Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream];
const CONTENTS: &[Content] = &[Content::Off, Content::Full, Content::Masked];

static SCHEMAS: LazyLock<Schemas> = LazyLock::new(Schemas::load);

/// Keys and short values of the known wire formats.
static WORDS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let known = ["type", "role", "content", "parts", "text", "tool_use", "function_call", "output", "choices", "delta"];
    let mut words = known.map(str::to_owned).to_vec();
    for exchange in corpus().unwrap_or_default() {
        for body in [exchange.request().unwrap_or_default(), exchange.response()] {
            for line in body.split(|byte| *byte == b'\n') {
                let line = line.strip_prefix(b"data:").unwrap_or(line);
                collect(&serde_json::from_slice(line).unwrap_or_default(), &mut words);
            }
            collect(&serde_json::from_slice(&body).unwrap_or_default(), &mut words);
            words.sort();
            words.dedup();
        }
    }
    words
});

fn collect(value: &Value, words: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            words.push(key.clone());
            collect(value, words);
        }),
        Value::Array(array) => array.iter().for_each(|value| collect(value, words)),
        Value::String(word) if word.len() < 24 && !word.contains(' ') => words.push(word.clone()),
        _ => {}
    }
}

/// JSON made of the keys and values of the wire formats.
fn plausible() -> impl Strategy<Value = Value> {
    let word = || select(&**WORDS);
    let leaf = prop_oneof![
        4 => word().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(Value::from("data:image/png;base64,AAAA")),
        1 => Just(Value::from("{\"a\":[1]}")),
    ];
    leaf.prop_recursive(6, 96, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// A recorded exchange with some bytes or values replaced.
fn exchange(
    request: &[u8],
    response: &[u8],
    (path, provider, body, content): (&str, &str, Body, Content),
) -> Result<(), TestCaseError> {
    let reading = internal::read(&Exchange {
        provider: Some(provider).filter(|provider| !provider.is_empty()),
        path: Some(path).filter(|path| !path.is_empty()),
        request: Some(request),
        response,
        body,
        status: None,
        content,
        fragments: &[13],
    });
    for name in ATTRIBUTES {
        // Tool parameters are recorded as the caller wrote them, even if they are not a valid schema.
        if *name != "gen_ai.tool.definitions" {
            let wrong = SCHEMAS.invalid(&reading.attributes, name);
            prop_assert!(wrong.is_none(), "{wrong:?}");
        }
        prop_assert!(content != Content::Off || !reading.attributes.contains_key(*name));
    }
    Ok(())
}

fn how() -> impl Strategy<Value = (&'static str, &'static str, Body, Content)> {
    (select(PATHS), select(PROVIDERS), select(BODIES), select(CONTENTS))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_read_without_a_panic(
        request in prop::collection::vec(any::<u8>(), 0..200),
        response in prop::collection::vec(any::<u8>(), 0..400),
        how in how(),
    ) {
        exchange(&request, &response, how)?;
    }

    #[test]
    fn json_of_the_formats_keys_gives_valid_messages(
        request in plausible(),
        response in prop::collection::vec(plausible(), 1..6),
        how in how(),
    ) {
        let (path, provider, body, content) = how;
        let response = match body {
            Body::Whole | Body::Value | Body::AwsEventStream => response[0].to_string(),
            Body::Sse | Body::Stream => response.iter().map(|event| format!("data: {event}\n\n")).collect(),
            Body::Json => response.iter().map(|event| format!("{event}\n")).collect(),
        };
        exchange(request.to_string().as_bytes(), response.as_bytes(), (path, provider, body, content))?;
    }
}

#[test]
fn exchanges_with_values_of_another_type_give_valid_messages() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strange = plausible();
    for recorded in corpus().unwrap() {
        let path = recorded.meta("url_path").to_owned();
        let provider = recorded.meta("provider").to_owned();
        let request: Value = serde_json::from_slice(&recorded.request().unwrap_or_default()).unwrap_or_default();
        let response = recorded.response();
        for turn in 0..3 {
            let mut changed = |text: &[u8]| {
                // In a long stream most events stay unchanged.
                if text.len() < 2000 && runner.rng().random_range(0..4) > 0 {
                    return text.to_vec();
                }
                let Ok(mut value) = serde_json::from_slice::<Value>(text) else { return text.to_vec() };
                let other = strange.new_tree(&mut runner).unwrap().current();
                let places = count(&value);
                replace(&mut value, &mut (runner.rng().random_range(0..places)), &other);
                value.to_string().into_bytes()
            };
            let request = changed(request.to_string().as_bytes());
            let response = match recorded.body() {
                Body::Whole => changed(&response),
                Body::Sse => {
                    let lines = response.split(|byte| *byte == b'\n').map(|line| match line.strip_prefix(b"data: ") {
                        Some(data) => [b"data: ", &*changed(data)].concat(),
                        None => line.to_vec(),
                    });
                    lines.collect::<Vec<_>>().join(&b'\n')
                }
                Body::Json => response.split(|byte| *byte == b'\n').map(&mut changed).collect::<Vec<_>>().join(&b'\n'),
                _ => response[..response.len() * turn / 3].to_vec(),
            };
            let content = CONTENTS[turn % CONTENTS.len()];
            let checked = exchange(&request, &response, (&path, &provider, recorded.body(), content));
            assert!(checked.is_ok(), "{}: {checked:?}", recorded.dir.display());
        }
    }
}

/// The number of values in a document.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Object(object) => object.values().map(count).sum(),
        Value::Array(array) => array.iter().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the value at index `at`, in document order.
fn replace(value: &mut Value, at: &mut usize, other: &Value) {
    if *at == 0 {
        *value = other.clone();
    }
    *at = at.wrapping_sub(1);
    match value {
        Value::Object(object) => object.values_mut().for_each(|value| replace(value, at, other)),
        Value::Array(array) => array.iter_mut().for_each(|value| replace(value, at, other)),
        _ => {}
    }
}
