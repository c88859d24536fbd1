//! Readers are total: for any bytes they terminate and write valid JSON.

use llm_trace::internal::{Body, Content, Exchange, PATHS, PROVIDERS, Reading, read};
use llm_trace_tests::corpus::exchange::{self, How};
use proptest::prelude::*;
use serde_json::Value;

const BODIES: &[Body] = &[Body::Whole, Body::Value, Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream];

/// Keys that have a meaning in at least one wire format.
const KEYS: &[&str] = &[
    "model",
    "messages",
    "message",
    "role",
    "content",
    "parts",
    "type",
    "text",
    "index",
    "id",
    "name",
    "function",
    "arguments",
    "tool_calls",
    "tools",
    "input",
    "output",
    "choices",
    "delta",
    "usage",
    "prompt",
    "system",
    "contents",
    "candidates",
    "finish_reason",
    "stop_reason",
    "stopReason",
    "error",
    "code",
    "status",
    "event_type",
    "response",
    "response_id",
    "generations",
    "is_finished",
    "embedding",
    "embeddings",
    "float",
    "data",
    "results",
    "outputText",
    "generation",
    "outputs",
    "completions",
    "completion",
    "contentBlockDelta",
    "contentBlockIndex",
    "contentBlockStart",
    "start",
    "toolUse",
    "toolResult",
    "toolUseId",
    "reasoningContent",
    "reasoningText",
    "citationsContent",
    "citations",
    "image",
    "document",
    "source",
    "bytes",
    "format",
    "messageStop",
    "metadata",
    "trace",
    "guardrail",
    "input_tokens",
    "output_tokens",
    "inputTokens",
    "prompt_tokens",
    "cacheReadInputTokens",
    "billed_units",
    "tokens",
    "meta",
    "done",
    "done_reason",
    "thinking",
    "images",
    "token",
    "generated_text",
    "details",
    "item",
    "item_id",
    "output_index",
    "content_index",
    "part",
    "summary",
    "reasoning",
    "functionCall",
    "functionResponse",
    "inlineData",
    "usageMetadata",
    "content_block",
    "partial_json",
    "tool_plan",
    "options",
    "stream",
    "seed",
    "stop",
    "amazon-bedrock-trace",
    "amazon-bedrock-invocationMetrics",
    "logprobs",
    "temperature",
    "max_tokens",
    "response_format",
    "annotations",
];

const WORDS: &[&str] = &[
    "",
    "user",
    "assistant",
    "tool",
    "text",
    "tool_use",
    "tool_result",
    "function",
    "response.output_text.delta",
    "response.completed",
    "content_block_delta",
    "message_start",
    "message-start",
    "tool-call-delta",
    "stream-end",
    "tool-calls-chunk",
    "image_url",
    "data:image/png;base64,aGk=",
    "{\"a\":",
    "{\"a\":1}",
    "[]",
    "é😀",
    "\u{0}\u{7f}",
    "server_tool_use",
    "length",
    "chat.completion.chunk",
    "response",
    "message",
];

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-2i64..1_100).prop_map(Value::from),
        prop::sample::select(WORDS).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 96, 6, |inner| {
        let field = (prop::sample::select(KEYS), inner.clone());
        prop_oneof![
            1 => prop::collection::vec(inner, 0..5).prop_map(Value::from),
            3 => prop::collection::vec(field, 0..7).prop_map(|fields| {
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<serde_json::Map<_, _>>().into()
            }),
        ]
    })
}

fn is_content(name: &str) -> bool {
    ["messages", "instructions", "definitions"].iter().any(|end| name.ends_with(end))
}

/// Checks that content is JSON, and that the facts are the same without it.
fn check(exchange: &Exchange<'_>) {
    let [off, full, _] = [Content::Off, Content::Full, Content::Masked].map(|content| {
        let reading = read(&Exchange { content, ..*exchange });
        for (name, value) in &reading.attributes {
            if let Some(text) = value.as_str().filter(|_| is_content(name)) {
                let parsed: Result<Value, _> = serde_json::from_str(text);
                assert!(parsed.is_ok_and(|value| value.is_array()), "{name} is no JSON array: {text}");
            }
        }
        reading
    });
    let facts = full.attributes.into_iter().filter(|(name, _)| !is_content(name)).collect();
    assert_eq!(off, Reading { attributes: facts, outcome: full.outcome, error_message: None }, "without content");
}

fn paths() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(PATHS).prop_map(|path| Some(path).filter(|path| !path.is_empty()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_read_without_a_panic(
        request in json(),
        events in prop::collection::vec(json(), 0..5),
        provider in prop::sample::select(PROVIDERS),
        path in paths(),
        body in prop::sample::select(BODIES),
    ) {
        let request = request.to_string();
        let lines: Vec<String> = events.iter().map(|event| match body {
            Body::Sse => format!("event: x\ndata: {event}\n\n"),
            _ => format!("{event}\n"),
        }).collect();
        let response = lines.concat();
        check(&Exchange {
            provider, path, request: Some(request.as_bytes()), response: response.as_bytes(), body,
            status: None, content: Content::Off, fragments: &[5, 64],
        });
    }

    #[test]
    fn a_document_in_memory_is_read_like_its_text(
        request in json(),
        response in json(),
        provider in prop::sample::select(PROVIDERS),
        path in paths(),
        content in prop::sample::select(&[Content::Off, Content::Full, Content::Masked][..]),
    ) {
        let (request, response) = (request.to_string(), response.to_string());
        let text = Exchange {
            provider, path, request: Some(request.as_bytes()), response: response.as_bytes(), body: Body::Whole,
            status: None, content, fragments: &[],
        };
        prop_assert_eq!(read(&Exchange { body: Body::Value, ..text }), read(&text), "{} {}", request, response);
    }

    #[test]
    fn any_bytes_are_read_to_valid_json(
        bytes in prop::collection::vec(any::<u8>(), 0..256),
        provider in prop::sample::select(PROVIDERS),
        path in paths(),
        body in prop::sample::select(BODIES),
    ) {
        check(&Exchange {
            provider, path, request: Some(&bytes), response: &bytes, body,
            status: Some(500), content: Content::Off, fragments: &[1, 9],
        });
    }
}

#[test]
fn damaged_recordings_are_read_without_a_panic() {
    let all = exchange::corpus().expect("the corpus can be listed");
    for (number, exchange) in all.iter().enumerate().step_by(3) {
        let (request, response) = (exchange.request(), exchange.response());
        if response.len() > 100_000 {
            continue;
        }
        for seed in 0..4 {
            let response = damaged(&response, number * 4 + seed);
            let request = request.as_deref().map(|bytes| damaged(bytes, number * 4 + seed + 1));
            check(&Exchange {
                provider: Some(exchange.meta("provider")),
                path: Some(exchange.meta("url_path")),
                request: request.as_deref(),
                response: &response,
                body: exchange.body(),
                status: exchange.status(),
                content: Content::Off,
                fragments: &[97],
            });
        }
    }
}

#[test]
fn recorded_streams_are_read_the_same_however_they_are_cut() {
    for exchange in exchange::corpus().expect("the corpus can be listed") {
        if exchange.body() == Body::Whole || exchange.response().len() > 40_000 {
            continue;
        }
        let whole = exchange.read(&How::default());
        for fragments in [&[1][..], &[13, 4096, 1], &[1000]] {
            let cut = exchange.read(&How { fragments, ..How::default() });
            assert_eq!(cut.attributes, whole.attributes, "{} in {fragments:?}", exchange.dir.display());
            assert_eq!(cut.outcome, whole.outcome, "{} in {fragments:?}", exchange.dir.display());
        }
    }
}

#[test]
fn a_truncated_stream_is_read_up_to_the_cut() {
    for exchange in exchange::corpus().expect("the corpus can be listed") {
        let response = exchange.response();
        // The Responses API repeats everything in the last event, which can differ in hand-made recordings.
        if exchange.body() == Body::Whole || response.len() > 100_000 || exchange.meta("api") == "responses" {
            continue;
        }
        let whole = read_stream(&exchange, &response);
        for step in 1..8 {
            let cut = &response[..response.len() * step / 8];
            let prefix = read_stream(&exchange, cut);
            // A recording can contain several answers in sequence.
            let id = |reading: &Reading| reading.attributes.get("gen_ai.response.id").cloned();
            if id(&prefix) != id(&whole) {
                continue;
            }
            let place = format!("{} at {}", exchange.dir.display(), cut.len());
            let texts = texts(&whole).into_iter().map(Some).chain(std::iter::repeat(None));
            for (part, whole) in self::texts(&prefix).iter().zip(texts) {
                assert!(whole.is_some_and(|whole| whole.starts_with(part.as_str())), "{place}: {part}");
            }
            let model = |reading: &Reading| reading.attributes.get("gen_ai.response.model").cloned();
            // A later event can name another model that continued the answer.
            let named = model(&prefix).is_none_or(|model| String::from_utf8_lossy(cut).contains(&model.to_string()));
            let goes_on = String::from_utf8_lossy(&response).contains("\"fallback\"");
            assert!(
                model(&prefix).is_none() || model(&prefix) == model(&whole) || (goes_on && named),
                "{place}: model"
            );
            let tokens =
                |reading: &Reading| reading.attributes.get("gen_ai.usage.output_tokens").and_then(Value::as_i64);
            assert!(tokens(&prefix) <= tokens(&whole), "{place}: tokens");
        }
    }
}

fn read_stream(exchange: &exchange::Exchange, response: &[u8]) -> Reading {
    read(&Exchange {
        provider: Some(exchange.meta("provider")),
        path: Some(exchange.meta("url_path")),
        request: exchange.request().as_deref(),
        response,
        body: exchange.body(),
        status: exchange.status(),
        content: Content::Full,
        fragments: &[],
    })
}

/// The text of each choice.
fn texts(reading: &Reading) -> Vec<String> {
    let messages = reading.attributes.get("gen_ai.output.messages").and_then(Value::as_str);
    let messages: Vec<Value> = messages.map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default();
    let text = |message: &Value| {
        let parts = message["parts"].as_array().into_iter().flatten().filter(|part| part["type"] == "text");
        parts.filter_map(|part| part["content"].as_str()).collect()
    };
    messages.iter().map(text).collect()
}

#[test]
fn no_text_of_a_recording_passes_a_mask() {
    let all = exchange::corpus().expect("the corpus can be listed");
    let mut seen_without = 0;
    for exchange in &all {
        let mut texts = Vec::new();
        let request = exchange.request().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        request.iter().for_each(|request| long_texts("", request, &mut texts));
        for fact in ["output_text", "reasoning_text", "refusals", "system_instructions_text"] {
            exchange.expected.get(fact).into_iter().for_each(|known| long_texts("text", known, &mut texts));
        }
        let full = exchange.read(&How::default());
        let full: Vec<String> = full.attributes.values().map(Value::to_string).collect();
        seen_without += usize::from(texts.iter().any(|text| full.iter().any(|value| value.contains(text.as_str()))));
        for content in [Content::Off, Content::Masked] {
            let reading = exchange.read(&How { content, ..How::default() });
            for (name, value) in &reading.attributes {
                let value = value.to_string();
                let passed = texts.iter().find(|text| value.contains(text.as_str()));
                assert_eq!(passed, None, "{name} of {} with {content:?}", exchange.dir.display());
            }
        }
    }
    // Most texts are in the unmasked reading, so the search works.
    assert!(seen_without >= all.len() / 2, "{seen_without} of {}", all.len());
}

/// The texts under content keys, with JSON escapes.
fn long_texts(key: &str, value: &Value, found: &mut Vec<String>) {
    const CONTENT: &[&str] =
        &["text", "content", "message", "prompt", "inputText", "input", "system", "thinking", "arguments", "data"];
    match value {
        Value::String(text) if CONTENT.contains(&key) && text.len() >= 24 => {
            let json = Value::from(text.as_str()).to_string();
            // A text inside a JSON string is escaped once more.
            let inner = Value::from(&json[1..json.len() - 1]).to_string();
            found.push(inner[1..inner.len() - 1].to_owned());
        }
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        Value::Array(items) => items.iter().for_each(|item| long_texts(key, item, found)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| long_texts(key, value, found)),
    }
}

/// Changes, drops or repeats a few bytes, determined by the seed.
fn damaged(bytes: &[u8], seed: usize) -> Vec<u8> {
    let mut out = bytes.to_vec();
    let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..5 {
        // Xorshift: the same changes in every run.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        if out.is_empty() {
            break;
        }
        let at = (state % out.len() as u64) as usize;
        match state >> 60 {
            0..=5 => out[at] = (state >> 8) as u8,
            6..=8 => drop(out.remove(at)),
            9..=10 => out.truncate(at),
            11..=12 => out[at] = b"{}[]\",:"[(state >> 20) as usize % 7],
            _ => out.splice(at..at, bytes[at.min(bytes.len())..bytes.len().min(at + 40)].to_vec()).for_each(drop),
        }
    }
    out
}
