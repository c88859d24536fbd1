//! What the fuzz targets share. A target per shape of answer chooses the format by the first byte; one per
//! format, the shape.

#[doc(hidden)]
pub use libfuzzer_sys::fuzz_target;
use llm_trace::internal::{Body, Content, Exchange, PATHS, read};

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
