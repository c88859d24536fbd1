//! Code shared by the fuzz targets. The data of most targets is a body, so that recorded bodies are seeds as they are.

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
#[doc(hidden)]
pub use libfuzzer_sys::fuzz_target;
use llm_trace::internal::{Body, Content, Exchange, PATHS, PROVIDERS, Reading, count_work, keys, read};
use serde_json::Value;

/// Defines a target for the format of this request path.
#[macro_export]
macro_rules! reader {
    ($path:literal, $request:literal) => {
        $crate::fuzz_target!(|data: &[u8]| $crate::run($path, $request, data));
    };
}

/// Reads a document that nests known keys far deeper than byte mutations would. Each three bytes select a key, its
/// number of repetitions and the syntax of the level. The rest of the data is the innermost value.
pub fn run_deep(data: &[u8]) {
    let [path, body, levels, data @ ..] = data else { return };
    let (levels, bottom) = data.split_at(data.len().min(3 * usize::from(*levels)));
    let keys = keys();
    let (mut json, mut ends) = (String::new(), Vec::new());
    for level in levels.as_chunks::<3>().0 {
        let [key, times, how] = level.map(usize::from);
        let key = keys[(key + 256 * (how >> 3)) % keys.len()];
        for _ in 0..times.min(200) {
            let (open, close) = match how & 7 {
                0 => ("[", "]"),
                1 => ("[{\"type\":\"x\"},", "]"),
                2 => ("{\"role\":\"user\",", "}"),
                3 => ("{\"type\":\"text\",", ",\"index\":0}"),
                _ => ("{", "}"),
            };
            json.push_str(open);
            if open.starts_with('{') {
                json.push_str(&format!("\"{key}\":"));
            }
            ends.push(close);
        }
    }
    json.push_str(&Value::from(String::from_utf8_lossy(bottom)).to_string());
    json.extend(ends.into_iter().rev());
    let path = PATHS[usize::from(*path) % PATHS.len()];
    let events = format!("data: {json}\n\n");
    run(path, json.as_bytes(), if body % 2 == 0 { &json } else { &events }.as_bytes());
}

/// A body of frames with valid checksums, which byte mutations would not find. Each line is a frame: a sign of its kind,
/// its name, a space and its payload. `None` for any other data.
fn frames(data: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    for line in data.split(|byte| *byte == b'\n') {
        let kind = match line.first()? {
            b'-' => ":event-type",
            b'!' => ":exception-type",
            b'?' => ":error-code",
            _ => return None,
        };
        let mut parts = line[1..].splitn(2, |byte| *byte == b' ');
        let name = String::from_utf8_lossy(parts.next().unwrap_or_default());
        let payload = parts.next().unwrap_or_default();
        let text = |text: &str| HeaderValue::String(text.to_owned().into());
        let wrapped = format!("{{\"bytes\":\"{}\"}}", BASE64_STANDARD.encode(payload)).into_bytes();
        let message = Message::new(if name == "chunk" { wrapped } else { payload.to_vec() })
            .add_header(Header::new(kind, text(&name)))
            .add_header(Header::new(":error-message", text(&String::from_utf8_lossy(payload))));
        // A name that is too long for a header is not written.
        let _ = write_message_to(&message, &mut out);
    }
    Some(out)
}

/// Reads the data as the body of a request, of a response and of a stream, with and without content. Checks that the
/// output is JSON, that it and the facts do not depend on fragments, on content or on how a document is passed, and that
/// no byte is read often.
pub fn run(path: &str, asked: &[u8], data: &[u8]) {
    // The length selects the provider, the status and the cut.
    let len = data.len();
    let framed = frames(data);
    let exchange = Exchange {
        provider: PROVIDERS[len % PROVIDERS.len()],
        path: Some(path).filter(|path| !path.is_empty()),
        request: Some(asked),
        response: framed.as_deref().unwrap_or(data),
        body: Body::Stream,
        status: len.is_multiple_of(5).then_some(429),
        content: Content::Full,
        fragments: &[],
    };
    let full = hold(&exchange);
    let fragments = &[len / PROVIDERS.len() % 40, 1, 30];
    assert_eq!(measured(&Exchange { fragments, ..exchange }), full, "{fragments:?}");
    for request in [asked, data] {
        let exchange = Exchange { request: Some(request), body: Body::Whole, ..exchange };
        hold(&exchange);
        assert_read_like_a_value(&exchange);
    }
}

/// Reads with and without content.
fn hold(exchange: &Exchange<'_>) -> Reading {
    let full = measured(exchange);
    for (name, value) in &full.attributes {
        if let Some(text) = value.as_str().filter(|_| is_content(name)) {
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{name} is no JSON: {text}");
        }
    }
    let mut facts = full.attributes.clone();
    facts.retain(|name, _| !is_content(name));
    let off = measured(&Exchange { content: Content::Off, ..*exchange });
    assert_eq!(off, Reading { attributes: facts, outcome: full.outcome, error_message: None }, "without content");
    measured(&Exchange { content: Content::Masked, ..*exchange });
    full
}

/// Reads an exchange. Checks that the work is linear.
fn measured(exchange: &Exchange<'_>) -> Reading {
    let (reading, work) = count_work(|| read(exchange));
    let len = exchange.response.len() + exchange.request.map_or(0, <[u8]>::len);
    assert!(work.bytes <= 12 * len as u64 + 4096, "{work:?} of {len} bytes");
    reading
}

fn is_content(name: &str) -> bool {
    ["messages", "instructions", "definitions"].iter().any(|end| name.ends_with(end))
}

/// A document in memory is read like its text.
fn assert_read_like_a_value(exchange: &Exchange<'_>) {
    // The keys of a value are unique, and sorted.
    let sorted = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).ok().map(|value| value.to_string());
    let (Some(request), Some(response)) = (exchange.request.and_then(sorted), sorted(exchange.response)) else {
        return;
    };
    let text = Exchange { request: Some(request.as_bytes()), response: response.as_bytes(), ..*exchange };
    assert_eq!(read(&Exchange { body: Body::Value, ..text }), read(&text), "{request} {response}");
}
