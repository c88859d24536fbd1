//! What the fuzz targets share. A target per shape of answer chooses the format by the first byte; one per
//! format, the shape.

#[doc(hidden)]
pub use libfuzzer_sys::fuzz_target;
use llm_trace::internal::{Body, Content, Exchange, PATHS, count_work, keys, read};

/// A target for the format that this request to this path is of.
#[macro_export]
macro_rules! reader {
    ($path:literal, $request:literal) => {
        $crate::fuzz_target!(|data: &[u8]| $crate::run_format($path, $request, data));
    };
}

/// Reads the data as a request and as an answer of this shape, in the format that the first byte tells.
pub fn run(body: Body, data: &[u8]) {
    let [path, cut, data @ ..] = data else { return };
    // A request that names the model, so that each format is reached without luck.
    let asked = br#"{"model":"m","messages":[],"prompt":"x","input":"x"}"#;
    let path = Some(PATHS[usize::from(*path) % PATHS.len()]).filter(|path| !path.is_empty());
    hold(path, asked, body, *cut, data);
}

/// Reads the data as a request and as an answer of this format, in the shape that the first byte tells.
pub fn run_format(path: &'static str, asked: &[u8], data: &[u8]) {
    let [body, cut, data @ ..] = data else { return };
    let bodies = [Body::Whole, Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream];
    hold(Some(path), asked, bodies[usize::from(*body) % bodies.len()], *cut, data);
}

/// Reads a document that nests the keys the readers know, far deeper than any byte mutation would: each three bytes
/// are a key, how often it is repeated, and how the level is written. What is left of the data stands at the bottom.
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
    json.push_str(&serde_json::Value::from(String::from_utf8_lossy(bottom)).to_string());
    json.extend(ends.into_iter().rev());
    let bodies = [Body::Whole, Body::Sse, Body::Json, Body::Stream];
    let body = bodies[usize::from(*body) % bodies.len()];
    let response = if body == Body::Sse { format!("data: {json}\n\n") } else { json.clone() };
    let path = Some(PATHS[usize::from(*path) % PATHS.len()]).filter(|path| !path.is_empty());
    let (_, work) = count_work(|| hold(path, json.as_bytes(), body, 7, response.as_bytes()));
    // Eight readings, each of a request and an answer.
    assert!(work.bytes <= 8 * 12 * (json.len() + response.len()) as u64 + 4096, "{work:?} of {json}");
}

/// Reads with and without content, and holds that a stream is read the same however it is cut, and that what is
/// written is JSON.
fn hold(path: Option<&'static str>, asked: &[u8], body: Body, cut: u8, data: &[u8]) {
    for request in [asked, data] {
        let exchange = Exchange {
            provider: None,
            path,
            request: Some(request),
            response: data,
            body,
            status: None,
            content: Content::Full,
            fragments: &[],
        };
        let full = read(&exchange);
        for (name, value) in &full.attributes {
            let content = ["messages", "instructions", "definitions"].iter().any(|end| name.ends_with(end));
            if let Some(text) = value.as_str().filter(|_| content) {
                assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{name} is no JSON: {text}");
            }
        }
        if body != Body::Whole {
            let fragments = &[usize::from(cut), 1, 30];
            assert_eq!(read(&Exchange { fragments, ..exchange }), full, "cut at {cut}");
        }
        read(&Exchange { content: Content::Off, ..exchange });
        read(&Exchange { content: Content::Masked, ..exchange });
    }
}
