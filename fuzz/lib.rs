//! Code shared by the fuzz targets. A target for a response body kind selects the format by the first byte; a target
//! for a format selects the body kind.

#[doc(hidden)]
pub use libfuzzer_sys::fuzz_target;
use llm_trace::internal::{Body, Content, Exchange, PATHS, count_work, keys, read};

/// Defines a target for the format of this request path.
#[macro_export]
macro_rules! reader {
    ($path:literal, $request:literal) => {
        $crate::fuzz_target!(|data: &[u8]| $crate::run_format($path, $request, data));
    };
}

/// Reads the data as a request and as a response of this kind. The first byte selects the format.
pub fn run(body: Body, data: &[u8]) {
    let [path, cut, data @ ..] = data else { return };
    // A request that names the model, so that every format is reached.
    let asked = br#"{"model":"m","messages":[],"prompt":"x","input":"x"}"#;
    let path = Some(PATHS[usize::from(*path) % PATHS.len()]).filter(|path| !path.is_empty());
    hold(path, asked, body, *cut, data);
}

/// Reads the data as a request and as a response of this format. The first byte selects the body kind.
pub fn run_format(path: &'static str, asked: &[u8], data: &[u8]) {
    let [body, cut, data @ ..] = data else { return };
    let bodies = [Body::Whole, Body::Sse, Body::Json, Body::AwsEventStream, Body::Stream];
    hold(Some(path), asked, bodies[usize::from(*body) % bodies.len()], *cut, data);
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
    json.push_str(&serde_json::Value::from(String::from_utf8_lossy(bottom)).to_string());
    json.extend(ends.into_iter().rev());
    let bodies = [Body::Whole, Body::Sse, Body::Json, Body::Stream];
    let body = bodies[usize::from(*body) % bodies.len()];
    let response = if body == Body::Sse { format!("data: {json}\n\n") } else { json.clone() };
    let path = Some(PATHS[usize::from(*path) % PATHS.len()]).filter(|path| !path.is_empty());
    let (_, work) = count_work(|| hold(path, json.as_bytes(), body, 7, response.as_bytes()));
    // Eight readings, each of a request and a response.
    assert!(work.bytes <= 8 * 12 * (json.len() + response.len()) as u64 + 4096, "{work:?} of {json}");
}

/// Reads with and without content. Checks that a stream's result does not depend on its fragments, and that the output
/// is JSON.
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
