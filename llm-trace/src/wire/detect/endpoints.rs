//! The endpoints of the providers' APIs: which of them are calls, and of which operation.

/// What a request to an endpoint becomes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Is {
    /// A call of this operation.
    Call(&'static str),
    /// The same, if it is fetched by `GET`.
    Fetch(&'static str),
    /// No call: nothing is billed by the token, or what is asked for comes by other requests.
    NoCall,
}

/// The endpoints by how their paths end: `*` stands for one segment. The first that fits counts.
const ENDPOINTS: &[(&str, Is)] = &[
    // Counting and checking, which cost nothing.
    ("messages/count_tokens", Is::NoCall),
    ("responses/input_tokens", Is::NoCall),
    ("*:countTokens", Is::NoCall),
    ("*:computeTokens", Is::NoCall),
    ("tokenize", Is::NoCall),
    ("moderations", Is::NoCall),
    // Pictures, sound and video: there is no operation of the conventions for them.
    ("images/generations", Is::NoCall),
    ("images/edits", Is::NoCall),
    ("images/variations", Is::NoCall),
    ("audio/speech", Is::NoCall),
    ("audio/transcriptions", Is::NoCall),
    ("audio/translations", Is::NoCall),
    ("videos", Is::NoCall),
    // Batches: their calls are answered by a file.
    ("batches", Is::NoCall),
    ("messages/batches", Is::NoCall),
    ("*:batchGenerateContent", Is::NoCall),
    // OpenAI's formats, and those who speak them.
    ("chat/completions", Is::Call("chat")),
    ("responses", Is::Call("chat")),
    ("responses/compact", Is::Call("chat")),
    ("responses/*", Is::Fetch("fetch_response")),
    ("completions", Is::Call("text_completion")),
    ("embeddings", Is::Call("embeddings")),
    // Anthropic's.
    ("messages", Is::Call("chat")),
    ("complete", Is::Call("text_completion")),
    // Google's.
    ("*:generateContent", Is::Call("chat")),
    ("*:streamGenerateContent", Is::Call("chat")),
    ("*:rawPredict", Is::Call("chat")),
    ("*:streamRawPredict", Is::Call("chat")),
    ("*:embedContent", Is::Call("embeddings")),
    ("*:batchEmbedContents", Is::Call("embeddings")),
    ("*:asyncBatchEmbedContent", Is::Call("embeddings")),
    ("*:predict", Is::Call("embeddings")),
    // Bedrock's.
    ("converse", Is::Call("chat")),
    ("converse-stream", Is::Call("chat")),
    ("model/*/invoke", Is::Call("chat")),
    ("model/*/invoke-with-response-stream", Is::Call("chat")),
    ("retrieveAndGenerate", Is::Call("chat")),
    // Cohere's, Ollama's, watsonx' and those of text-generation-inference.
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

/// What is asked for under a path, where nothing but method and path are known; `None` where it is no call.
#[cfg(any(feature = "reqwest-middleware", feature = "tower"))]
pub(crate) fn operation(is_get: bool, path: &str) -> Option<&'static str> {
    match find(path)? {
        Is::Call(operation) if !is_get => Some(operation),
        Is::Fetch(operation) if is_get => Some(operation),
        _ => None,
    }
}

/// Endpoints that are no calls, and whose requests look like those of others.
pub(super) fn is_no_call(path: &str) -> bool {
    find(path) == Some(Is::NoCall)
}

/// Whether the last segments of a path are those of a pattern.
fn ends_with(path: &str, pattern: &str) -> bool {
    let mut segments = path.rsplit('/');
    pattern.rsplit('/').all(|wanted| {
        let Some(segment) = segments.next().filter(|segment| !segment.is_empty()) else { return false };
        match wanted.strip_prefix('*') {
            None => segment == wanted,
            Some("") => true,
            // A colon may be encoded.
            Some(method) => {
                let name = method.trim_start_matches(':');
                let rest = segment.strip_suffix(name);
                rest.is_some_and(|rest| rest.ends_with(':') || rest.ends_with("%3A") || rest.ends_with("%3a"))
            }
        }
    })
}
