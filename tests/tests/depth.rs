//! Reading is linear in the input size and bounded in depth, for every nesting of known keys.

use std::collections::BTreeSet;

use llm_trace::internal::{self, Body, Content, Exchange, Work, count_work};
use llm_trace_tests::corpus::exchange::corpus;
use proptest::prelude::*;
use serde_json::Value;

const LEVELS: usize = 10_000;
const BODIES: [Body; 4] = [Body::Whole, Body::Sse, Body::Json, Body::Stream];
const CONTENTS: [Content; 3] = [Content::Off, Content::Full, Content::Masked];

/// The keys that the readers look up, and the keys of the recorded exchanges.
fn keys() -> Vec<String> {
    let mut keys: BTreeSet<String> = internal::keys().into_iter().map(str::to_owned).collect();
    for exchange in corpus().unwrap_or_default() {
        for body in [exchange.request().unwrap_or_default(), exchange.response()] {
            for line in body.split(|byte| *byte == b'\n').chain([&*body]) {
                let line = line.strip_prefix(b"data:").unwrap_or(line);
                collect(&serde_json::from_slice(line).unwrap_or_default(), &mut keys);
            }
        }
    }
    keys.into_iter().collect()
}

fn collect(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| {
            keys.insert(key.clone());
            collect(value, keys);
        }),
        Value::Array(array) => array.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

/// The JSON syntax of one nesting level.
#[derive(Clone, Copy, Debug)]
enum Level {
    Object,
    /// An array around each object.
    Array,
    /// The first letter of the key is written as an escape sequence.
    Escaped,
    /// The object has another field before and after the nested one.
    Crowded,
}

/// Nests `levels` of these keys in turn, with a text of `bottom` bytes at the innermost level.
fn nested(keys: &[&str], level: Level, levels: usize, bottom: usize) -> String {
    let mut out = String::with_capacity(levels * 32 + bottom);
    let mut ends = String::new();
    for key in keys.iter().cycle().take(levels) {
        let (open, close) = match level {
            Level::Object => (format!("{{\"{key}\":"), "}"),
            Level::Array => (format!("{{\"{key}\":["), "]}"),
            Level::Escaped => {
                let first = key.chars().next().map_or(0, u32::from);
                (format!("{{\"\\u{first:04x}{}\":", key.get(1..).unwrap_or_default()), "}")
            }
            Level::Crowded => (format!("{{\"id\":\"a\",\"{key}\":"), ",\"type\":\"b\"}"),
        };
        out.push_str(&open);
        ends.push_str(&close.chars().rev().collect::<String>());
    }
    out.push('"');
    out.extend(std::iter::repeat_n("lorem\\n", bottom / 7));
    out.push('"');
    out.extend(ends.chars().rev());
    out
}

fn work(json: &str, path: &str, body: Body, content: Content) -> Work {
    let response = if body == Body::Sse { format!("data: {json}\n\n") } else { json.to_owned() };
    let exchange = Exchange {
        provider: None,
        path: Some(path).filter(|path| !path.is_empty()),
        request: Some(json.as_bytes()),
        response: response.as_bytes(),
        body,
        status: None,
        content,
        fragments: &[4096, 1],
    };
    count_work(|| internal::read(&exchange)).1
}

/// The maximum number of times that a byte of an exchange is read.
const TIMES: u64 = 12;

#[track_caller]
fn hold(keys: &[&str], level: Level, levels: usize, bottom: usize, (path, body, content): (&str, Body, Content)) {
    let of = |times: usize| {
        let json = nested(keys, level, levels * times, bottom * times);
        (work(&json, path, body, content), 2 * json.len() as u64)
    };
    let ((one, len), (two, _)) = (of(1), of(2));
    let about = format!("{keys:?} {level:?} {path} {body:?} {content:?}: {one:?}, then {two:?}, of {len} bytes");
    assert!(one.bytes <= TIMES * len && one.nodes <= len, "{about}");
    assert!(two.bytes <= one.bytes * 2 + len / 4 + 4096 && two.nodes <= one.nodes * 2 + 4096, "{about}");
}

/// Tests one in eight of the known and recorded keys, each with one of the level syntaxes.
#[test]
fn any_key_alone_is_read_in_linear_time() {
    let keys = keys();
    assert!(keys.len() > 200, "{}", keys.len());
    for (at, key) in keys.iter().step_by(8).enumerate() {
        let level = [Level::Object, Level::Array, Level::Escaped, Level::Crowded][at % 4];
        let (path, body) = (internal::PATHS[at % internal::PATHS.len()], BODIES[at / 4 % 4]);
        hold(&[key], level, LEVELS / 8, 4_000, (path, body, CONTENTS[at % 3]));
    }
}

/// Without content, the default in most programs, every known key is followed to the bottom.
#[test]
fn every_known_key_is_read_to_the_bottom_without_content() {
    for key in internal::keys() {
        hold(&[key], Level::Object, LEVELS / 2, 20_000, ("", Body::Whole, Content::Off));
    }
}

#[test]
fn known_keys_in_turn_with_megabytes_below_are_read_in_linear_time() {
    let keys = keys();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for (turn, content) in CONTENTS.into_iter().enumerate() {
        hold(&keys, Level::Object, LEVELS / 2, 1 << 20, ("", BODIES[turn], content));
    }
}

/// Nests `levels` of one key below each path that the readers follow.
#[test]
fn values_below_a_known_path_are_read_in_linear_time() {
    let places = [
        r#"{"choices":[{"message":{"content":@}}],"object":"chat.completion"}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":@}}]}}]}"#,
        r#"{"messages":[{"role":"user","content":@}],"model":"m"}"#,
        r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":@}}"#,
        r#"{"candidates":[{"content":{"parts":[{"functionCall":{"name":"f","args":@}}]}}]}"#,
        r#"{"contents":[],"tools":[{"functionDeclarations":[{"name":"f","parameters":@}]}]}"#,
        r#"{"type":"response.completed","response":{"output":[{"type":"message","content":@}]}}"#,
        r#"{"error":{"message":@}}"#,
        r#"{"errors":[{"detail":@}]}"#,
        r#"{"message":@}"#,
        r#"{"bytes":@}"#,
    ];
    for place in places {
        for key in ["data", "message", "error", "content", "text", "arguments", "input", "schema"] {
            for (turn, content) in CONTENTS.into_iter().enumerate() {
                let of = |times: usize| {
                    let json = place.replace('@', &nested(&[key], Level::Object, LEVELS * times / 2, 20_000 * times));
                    (work(&json, "", BODIES[turn], content), 2 * json.len() as u64)
                };
                let ((one, len), (two, _)) = (of(1), of(2));
                assert!(one.bytes <= TIMES * len && one.nodes <= len, "{place} {key} {content:?}: {one:?} of {len}");
                assert!(two.bytes <= one.bytes * 2 + len / 4 + 4096, "{place} {key} {content:?}: {one:?}, {two:?}");
            }
        }
    }
}

/// JSON documents in strings of JSON documents: each level escapes the levels below once more.
#[test]
fn arguments_that_are_json_in_a_string_are_read_once() {
    let mut inner = "{}".to_owned();
    for _ in 0..12 {
        inner = serde_json::json!({"arguments": inner}).to_string();
    }
    let answer = serde_json::json!({"choices": [{"message": {"tool_calls": [
        {"id": "c", "function": {"name": "f", "arguments": inner}}]}}]});
    let len = 2 * answer.to_string().len() as u64;
    for content in CONTENTS {
        let work = work(&answer.to_string(), "", Body::Whole, content);
        assert!(work.bytes <= TIMES * len, "{content:?}: {work:?} of {len}");
    }
}

/// `serde_json` and many other readers stop at 128 levels, and messages add levels of their own.
#[test]
fn recorded_content_is_not_deeper_than_json_readers_read() {
    for levels in (100..140).chain([10_000]) {
        let deep = format!("{}1{}", "{\"x\":".repeat(levels), "}".repeat(levels));
        for (path, request) in [
            ("/v1/completions", format!(r#"{{"model":"m","prompt":{deep}}}"#)),
            (
                "/v1/chat/completions",
                format!(r#"{{"messages":[{{"role":"user","content":[{{"type":"new","x":{deep}}}]}}]}}"#),
            ),
        ] {
            let read = internal::read(&Exchange {
                provider: None,
                path: Some(path),
                request: Some(request.as_bytes()),
                response: b"{}",
                body: Body::Whole,
                status: None,
                content: Content::Full,
                fragments: &[],
            });
            let text = read.attributes.get("gen_ai.input.messages").and_then(Value::as_str).expect("messages");
            assert!(serde_json::from_str::<Value>(text).is_ok(), "{path}, {levels} levels: {text}");
        }
    }
}

#[test]
fn a_deeply_nested_value_is_read_to_the_same_depth_as_text() {
    #[derive(serde::Serialize)]
    struct Wrapped(Option<Box<Wrapped>>);

    let mut value = Value::from("bottom");
    for _ in 0..1_000 {
        value = Value::Object([("data".to_owned(), Value::Array(vec![value]))].into_iter().collect());
    }
    let mut wrapped = Wrapped(None);
    for _ in 0..2_000 {
        wrapped = Wrapped(Some(Box::new(wrapped)));
    }
    let captured = llm_trace::testing::capture();
    assert!(ask(value).is_object());
    drop(give(wrapped));
    captured.assert_calls(2);
}

#[llm_trace::llm_call(provider = "openai", model = "m", request = value)]
fn ask(value: Value) -> Value {
    value
}

#[llm_trace::llm_call(provider = "openai", model = "m")]
fn give<T: serde::Serialize>(value: T) -> T {
    value
}

#[test]
fn the_fuzzers_dictionary_has_every_key() {
    let dictionary = include_str!("../../fuzz/dictionaries/keys.dict");
    let line = |key: &str| format!("\"\\\"{key}\\\":\"");
    let missing: Vec<String> =
        internal::keys().into_iter().map(line).filter(|line| !dictionary.contains(line)).collect();
    assert!(missing.is_empty(), "add these lines to fuzz/dictionaries/keys.dict:\n{}", missing.join("\n"));
}

/// Reads the events of a stream, with content.
fn stream_work(events: impl Iterator<Item = String>) -> (internal::Reading, Work, u64) {
    let body: String = events.map(|event| format!("data: {event}\n\n")).collect();
    let exchange = Exchange {
        provider: None,
        path: None,
        request: None,
        response: body.as_bytes(),
        body: Body::Sse,
        status: None,
        content: Content::Full,
        fragments: &[],
    };
    let (reading, work) = count_work(|| internal::read(&exchange));
    (reading, work, body.len() as u64)
}

#[test]
fn a_stream_of_ever_new_parts_is_read_in_linear_time() {
    let blocks = (0..80_000).map(|at| {
        format!(r#"{{"type":"content_block_delta","index":{at},"delta":{{"type":"text_delta","text":"{at}"}}}}"#)
    });
    let (reading, work, len) = stream_work(blocks);
    assert!(reading.attributes.contains_key("gen_ai.output.messages"));
    assert!(work.bytes <= 4 * len, "{work:?} of {len}");
    let calls = (0..200_000).map(|at| format!(r#"{{"index":{at},"id":"c{at}","function":{{"name":"f"}}}}"#));
    let chunk =
        format!(r#"{{"choices":[{{"index":0,"delta":{{"tool_calls":[{}]}}}}]}}"#, calls.collect::<Vec<_>>().join(","));
    let (reading, work, len) = stream_work(std::iter::once(chunk));
    assert!(reading.attributes.contains_key("gen_ai.output.messages"));
    assert!(work.bytes <= 4 * len, "{work:?} of {len}");
    let items = (0..50_000).map(|at| {
        format!(r#"{{"type":"response.output_text.delta","item_id":"i{at}","content_index":0,"delta":"x"}}"#)
    });
    stream_work(items);
}

#[test]
fn list_places_that_paths_skip_take_no_memory() {
    let paths = "[1000]".repeat(30);
    let events = (0..200).map(|at| {
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"functionCall":{{{}"willContinue":true,"partialArgs":[{{"jsonPath":"$[{at}]{paths}","stringValue":"v"}}]}}}}]}}}}]}}"#,
            if at == 0 { r#""name":"f","# } else { "" }
        )
    });
    stream_work(events);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn known_keys_in_any_mix_are_read_in_linear_time(
        picks in prop::collection::vec(any::<prop::sample::Index>(), 1..12),
        level in prop::sample::select(vec![Level::Object, Level::Array, Level::Escaped, Level::Crowded]),
        path in prop::sample::select(internal::PATHS),
        body in prop::sample::select(BODIES.to_vec()),
        content in prop::sample::select(CONTENTS.to_vec()),
    ) {
        static KEYS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(keys);
        let picks: Vec<&str> = picks.iter().map(|pick| pick.get(&KEYS).as_str()).collect();
        hold(&picks, level, LEVELS / 2, 300_000, (path, body, content));
    }
}
