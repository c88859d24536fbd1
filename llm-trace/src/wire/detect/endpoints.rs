//! The endpoints of the providers' APIs: whether a request is a call, and its operation.

/// The meaning of a request to an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Is {
    /// A call of this operation.
    Call(&'static str),
    /// The same, for a `GET` request.
    Fetch(&'static str),
    /// Not a call: it is not billed by tokens, or the result comes in other requests.
    NoCall,
}

/// Endpoints by the suffix of their path; `*` matches one segment. The first match applies.
const ENDPOINTS: &[(&str, Is)] = &[
    // Counting and validation, which are free.
    ("messages/count_tokens", Is::NoCall),
    ("responses/input_tokens", Is::NoCall),
    ("*:countTokens", Is::NoCall),
    ("*:computeTokens", Is::NoCall),
    ("tokenize", Is::NoCall),
    ("moderations", Is::NoCall),
    // Images, audio and video, for which the conventions have no operation.
    ("images/generations", Is::NoCall),
    ("images/edits", Is::NoCall),
    ("images/variations", Is::NoCall),
    ("audio/speech", Is::NoCall),
    ("audio/transcriptions", Is::NoCall),
    ("audio/translations", Is::NoCall),
    ("videos", Is::NoCall),
    // Batches, whose results come in a file.
    ("batches", Is::NoCall),
    ("messages/batches", Is::NoCall),
    ("*:batchGenerateContent", Is::NoCall),
    // OpenAI and compatible servers.
    ("chat/completions", Is::Call("chat")),
    ("responses", Is::Call("chat")),
    ("responses/compact", Is::Call("chat")),
    ("responses/*", Is::Fetch("fetch_response")),
    ("completions", Is::Call("text_completion")),
    ("embeddings", Is::Call("embeddings")),
    // Anthropic.
    ("messages", Is::Call("chat")),
    ("complete", Is::Call("text_completion")),
    // Google.
    ("*:generateContent", Is::Call("chat")),
    ("*:streamGenerateContent", Is::Call("chat")),
    ("*:rawPredict", Is::Call("chat")),
    ("*:streamRawPredict", Is::Call("chat")),
    ("*:embedContent", Is::Call("embeddings")),
    ("*:batchEmbedContents", Is::Call("embeddings")),
    ("*:asyncBatchEmbedContent", Is::Call("embeddings")),
    ("*:predict", Is::Call("embeddings")),
    // Bedrock.
    ("converse", Is::Call("chat")),
    ("converse-stream", Is::Call("chat")),
    ("model/*/invoke", Is::Call("chat")),
    ("model/*/invoke-with-response-stream", Is::Call("chat")),
    ("retrieveAndGenerate", Is::Call("chat")),
    // Cohere, Ollama, watsonx and text-generation-inference.
    ("v1/chat", Is::Call("chat")),
    ("v2/chat", Is::Call("chat")),
    ("api/chat", Is::Call("chat")),
    ("text/chat", Is::Call("chat")),
    ("text/chat_stream", Is::Call("chat")),
    ("embed", Is::Call("embeddings")),
    ("rerank", Is::Call("rerank")),
    ("completion", Is::Call("text_completion")),
    ("generate", Is::Call("text_completion")),
    ("generate_stream", Is::Call("text_completion")),
    ("predictions", Is::Call("text_completion")),
    ("text/generation", Is::Call("text_completion")),
    ("text/generation_stream", Is::Call("text_completion")),
];

fn find(path: &str) -> Option<Is> {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    ENDPOINTS.iter().find(|(end, _)| ends_with(path, end)).map(|(_, is)| *is)
}

/// The operation of a request by method and path, or `None` if it is not a call.
#[cfg(any(feature = "reqwest-middleware", feature = "tower"))]
pub(crate) fn operation(is_get: bool, path: &str) -> Option<&'static str> {
    match find(path)? {
        Is::Call(operation) if !is_get => Some(operation),
        Is::Fetch(operation) if is_get => Some(operation),
        _ => None,
    }
}

/// Endpoints that are not calls although their requests look like calls.
pub(super) fn is_no_call(path: &str) -> bool {
    find(path) == Some(Is::NoCall)
}

/// Whether a path ends with the segments of a pattern.
fn ends_with(path: &str, pattern: &str) -> bool {
    let mut segments = path.rsplit('/');
    pattern.rsplit('/').all(|wanted| {
        let Some(segment) = segments.next().filter(|segment| !segment.is_empty()) else { return false };
        match wanted.strip_prefix('*') {
            None => segment == wanted,
            Some("") => true,
            // The colon may be percent-encoded.
            Some(method) => {
                let name = method.trim_start_matches(':');
                let rest = segment.strip_suffix(name);
                rest.is_some_and(|rest| rest.ends_with(':') || rest.ends_with("%3A") || rest.ends_with("%3a"))
            }
        }
    })
}
