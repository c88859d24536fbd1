//! A text read without a document has the same effect on the output as the document.

use proptest::prelude::*;
use serde_json::Value;

use crate::json::{Found, JsonView, Mode};
use crate::message::Messages;
use crate::model::facts::ResponseFacts;
use crate::policy::Filter;
use crate::semconv::Profile;
use crate::wire::Format;
use crate::wire::paths::PATHS;
use crate::wire::stream::StreamOutput;

/// JSON that may have duplicate keys.
#[derive(Clone, Debug)]
enum Json {
    Object(Vec<(String, Json)>),
    Array(Vec<Json>),
    Leaf(&'static str),
}

impl Json {
    fn of(value: &Value) -> Self {
        match value {
            Value::Object(fields) => Json::Object(fields.iter().map(|(key, v)| (key.clone(), Json::of(v))).collect()),
            Value::Array(items) => Json::Array(items.iter().map(Json::of).collect()),
            leaf => Json::Leaf(leaf.to_string().leak()),
        }
    }

    fn write(&self, out: &mut String) {
        match self {
            Json::Leaf(text) => out.push_str(text),
            Json::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    out.push_str(if at > 0 { "," } else { "" });
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(fields) => {
                out.push('{');
                for (at, (key, value)) in fields.iter().enumerate() {
                    *out += &format!("{}{}:", if at > 0 { "," } else { "" }, Value::from(key.as_str()));
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// The container at the end of `steps`. A step to a leaf is ignored.
    fn at(&mut self, steps: &[u8]) -> &mut Json {
        let Some((step, rest)) = steps.split_first() else { return self };
        let below: Vec<bool> = match self {
            Json::Object(fields) => fields.iter().map(|(_, value)| !matches!(value, Json::Leaf(_))).collect(),
            Json::Array(items) => items.iter().map(|item| !matches!(item, Json::Leaf(_))).collect(),
            Json::Leaf(_) => Vec::new(),
        };
        let Some(at) = usize::from(*step).checked_rem(below.len()) else { return self };
        if !below[at] {
            return self.at(rest);
        }
        match self {
            Json::Object(fields) => fields[at].1.at(rest),
            Json::Array(items) => items[at].at(rest),
            Json::Leaf(_) => unreachable!("nothing is below a leaf"),
        }
    }
}

/// Events that extend one text, by format.
const EVENTS: &[(Format, &str)] = &[
    (
        Format::OpenAiChat,
        r#"{"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}"#,
    ),
    (Format::OpenAiChat, r#"{"choices":[{"delta":{"role":"assistant","content":"","reasoning":"a\n"},"index":1}]}"#),
    (Format::OpenAiChat, r#"{"choices":[{"index":0,"delta":{"content":null,"reasoning_content":"a"}}]}"#),
    (Format::OpenAiCompletions, r#"{"choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}]}"#),
    (Format::AnthropicMessages, r#"{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"a"}}"#),
    (
        Format::AnthropicMessages,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}}"#,
    ),
    (
        Format::OpenAiResponses,
        r#"{"type":"response.output_text.delta","output_index":1,"content_index":0,"item_id":"i","delta":"a"}"#,
    ),
    (
        Format::OpenAiResponses,
        r#"{"type":"response.reasoning_summary_text.delta","output_index":0,"summary_index":0,"delta":"a"}"#,
    ),
    (
        Format::Gemini,
        r#"{"candidates":[{"content":{"parts":[{"text":"a"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4}}"#,
    ),
    (Format::Gemini, r#"{"candidates":[{"content":{"parts":[{"text":"a","thought":true,"thoughtSignature":"s"}]}}]}"#),
    (Format::OllamaChat, r#"{"model":"m","message":{"role":"assistant","content":"a"},"done":false}"#),
    (Format::OllamaGenerate, r#"{"model":"m","response":"a","done":false}"#),
];

const KEYS: &[&str] = &[
    "choices",
    "index",
    "delta",
    "message",
    "content",
    "role",
    "reasoning",
    "reasoning_content",
    "thinking",
    "refusal",
    "audio",
    "images",
    "annotations",
    "function_call",
    "tool_calls",
    "reasoning_details",
    "finish_reason",
    "stop_reason",
    "finishReason",
    "text",
    "type",
    "item",
    "item_id",
    "output_index",
    "content_index",
    "candidates",
    "parts",
    "thought",
    "functionCall",
    "promptFeedback",
    "finishMessage",
    "response",
    "done_reason",
    "done",
    "x",
    "error",
    "content_block",
];

const LEAVES: &[&str] = &[
    "null",
    r#""""#,
    r#""b""#,
    r#""two\nlines \"é\" \u0041""#,
    "0",
    "1",
    "2.0",
    "-1",
    "true",
    "false",
    "{}",
    "[]",
    r#"["b"]"#,
    r#"[{"type":"text","text":"b"}]"#,
    r#"{"text":"b"}"#,
    r#""stop""#,
    r#""STOP""#,
    r#""assistant""#,
    r#""content_block_delta""#,
    r#""text_delta""#,
    r#""response.refusal.delta""#,
    r#""response.completed""#,
    r#"{"name":"f","arguments":"{}"}"#,
    r#"[{"index":0,"function":{"name":"f"}}]"#,
];

/// Changes an event: the container, the kind of change, the key and the value.
fn change(event: &mut Json, (steps, kind, key, leaf): &(Vec<u8>, u8, usize, usize)) {
    let value = match leaf % (LEAVES.len() + 2) {
        at if at < LEAVES.len() => Json::Leaf(LEAVES[at]),
        at => Json::Leaf(Value::from("long ".repeat(if at == LEAVES.len() { 150 } else { 1500 })).to_string().leak()),
    };
    match event.at(steps) {
        Json::Object(fields) => {
            let at = key % fields.len().max(1);
            match kind % 4 {
                0 if !fields.is_empty() => drop(fields.remove(at)),
                1 if !fields.is_empty() => fields[at].1 = value,
                // Adds a duplicate key.
                2 if !fields.is_empty() => fields.insert(key % (fields.len() + 1), (fields[at].0.clone(), value)),
                _ => fields.push((KEYS[key % KEYS.len()].to_owned(), value)),
            }
        }
        Json::Array(items) if kind % 2 == 0 => items.extend(items.first().cloned()),
        Json::Array(items) => items.push(value),
        Json::Leaf(_) => {}
    }
}

/// The output after an event, read without and with its document. `None` if the reader needs the document.
fn outputs(format: Format, name: Option<&str>, event: &str, found: &Found<'_>) -> Option<[Option<String>; 2]> {
    let before = EVENTS.iter().filter(|(of, _)| *of == format).map(|(_, event)| *event);
    let [mut by_text, mut by_document] = [(); 2].map(|()| (format.reader().stream(), StreamOutput::default()));
    for (reader, out) in [&mut by_text, &mut by_document] {
        for event in before.clone() {
            reader.output(None, JsonView::from_slice(event.as_bytes(), Mode::Full).root(), out);
        }
    }
    let mut facts = ResponseFacts::default();
    for (reader, _) in [&mut by_text, &mut by_document] {
        reader.event(name, found.root(), &mut facts);
    }
    by_text.0.text_delta(name, found.root())?.write(&mut by_text.1);
    by_document.0.output(name, JsonView::from_slice(event.as_bytes(), Mode::Full).root(), &mut by_document.1);
    Some([by_text.1, by_document.1].map(|out| {
        let mut messages = Messages::output(Filter::plain(), Profile::Core);
        out.write(&mut messages);
        messages.finish().0
    }))
}

#[test]
fn a_piece_of_one_text_is_read_without_a_document() {
    for (format, event) in EVENTS {
        let value: Value = serde_json::from_str(event).unwrap();
        for found in [
            Found::from_json_with_content(&PATHS, event.as_bytes()),
            Found::from_value(&PATHS, &value, true),
            Found::from_serialize(&PATHS, &value, true),
        ] {
            let [by_text, by_document] = outputs(*format, None, event, &found).unwrap_or_else(|| panic!("{event}"));
            assert_eq!(by_text, by_document, "{event}");
        }
        assert!(outputs(*format, None, event, &Found::from_json(&PATHS, event.as_bytes())).is_none(), "{event}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn the_text_does_what_the_document_does(
        of in 0..EVENTS.len(),
        name in proptest::option::of(proptest::sample::select(vec!["message", "error", "content_block_delta"])),
        changes in proptest::collection::vec((proptest::collection::vec(0..9_u8, 0..5), 0..4_u8, 0..99_usize, 0..99_usize), 0..4),
    ) {
        let (format, event) = EVENTS[of];
        let mut json = Json::of(&serde_json::from_str(event).unwrap());
        changes.iter().for_each(|change| self::change(&mut json, change));
        let mut event = String::new();
        json.write(&mut event);
        let value: Value = serde_json::from_str(&event).unwrap();
        // A value has no duplicate keys.
        let once = value.to_string();
        for (event, found) in [
            (&event, Found::from_json_with_content(&PATHS, event.as_bytes())),
            (&once, Found::from_value(&PATHS, &value, true)),
            (&once, Found::from_serialize(&PATHS, &value, true)),
        ] {
            if let Some([by_text, by_document]) = outputs(format, name, event, &found) {
                prop_assert_eq!(by_text, by_document, "{}", event);
            }
        }
    }
}
