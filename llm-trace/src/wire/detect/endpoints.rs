//! The endpoints of the providers' APIs: whether a request is a call, and its operation.

use crate::model::Operation;
use crate::wire::Format;

/// The meaning of a request to an endpoint.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Is {
    /// A call in this format. Endpoints of several formats have one whose operation is that of all of them.
    Call(Format),
    /// Fetching of a response, with a `GET` request.
    FetchResponse,
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
    ("chat/completions", Is::Call(Format::OpenAiChat)),
    ("responses", Is::Call(Format::OpenAiResponses)),
    ("responses/compact", Is::Call(Format::OpenAiResponses)),
    ("responses/*", Is::FetchResponse),
    ("completions", Is::Call(Format::OpenAiCompletions)),
    ("embeddings", Is::Call(Format::OpenAiEmbeddings)),
    // Anthropic.
    ("messages", Is::Call(Format::AnthropicMessages)),
    ("complete", Is::Call(Format::AnthropicComplete)),
    // Google.
    ("*:generateContent", Is::Call(Format::Gemini)),
    ("*:streamGenerateContent", Is::Call(Format::Gemini)),
    ("*:rawPredict", Is::Call(Format::AnthropicMessages)),
    ("*:streamRawPredict", Is::Call(Format::AnthropicMessages)),
    ("*:embedContent", Is::Call(Format::GeminiEmbed)),
    ("*:batchEmbedContents", Is::Call(Format::GeminiEmbed)),
    ("*:asyncBatchEmbedContent", Is::Call(Format::GeminiEmbed)),
    ("*:predict", Is::Call(Format::GeminiEmbed)),
    // Bedrock.
    ("converse", Is::Call(Format::BedrockConverse)),
    ("converse-stream", Is::Call(Format::BedrockConverse)),
    ("model/*/invoke", Is::Call(Format::BedrockInvoke)),
    ("model/*/invoke-with-response-stream", Is::Call(Format::BedrockInvoke)),
    ("retrieveAndGenerate", Is::Call(Format::BedrockInvoke)),
    // Cohere, Ollama, watsonx and text-generation-inference.
    ("v1/chat", Is::Call(Format::CohereChatV1)),
    ("v2/chat", Is::Call(Format::CohereChat)),
    ("api/chat", Is::Call(Format::OllamaChat)),
    ("text/chat", Is::Call(Format::OpenAiChat)),
    ("text/chat_stream", Is::Call(Format::OpenAiChat)),
    ("embed", Is::Call(Format::CohereEmbed)),
    ("rerank", Is::Call(Format::CohereRerank)),
    ("completion", Is::Call(Format::TextGeneration)),
    ("generate", Is::Call(Format::TextGeneration)),
    ("generate_stream", Is::Call(Format::TextGeneration)),
    ("predictions", Is::Call(Format::TextGeneration)),
    ("text/generation", Is::Call(Format::TextGeneration)),
    ("text/generation_stream", Is::Call(Format::TextGeneration)),
];

fn find(path: &str) -> Option<Is> {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    ENDPOINTS.iter().find(|(end, _)| ends_with(path, end)).map(|(_, is)| *is)
}

/// The operation of a request by method and path, or `None` if it is not a call.
pub(crate) fn operation(is_get: bool, path: &str) -> Option<Operation> {
    match find(path)? {
        Is::Call(format) if !is_get => Some(format.operation()),
        Is::FetchResponse if is_get => Some(Operation::FetchResponse),
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

#[cfg(test)]
mod tests {
    use super::{ENDPOINTS, Is};
    use crate::json::Found;
    use crate::wire::detect::{Family, path};
    use crate::wire::paths::PATHS;

    #[test]
    fn an_endpoint_has_the_operation_of_its_format() {
        let body = Found::from_json(&PATHS, br#"{"messages":[],"prompt":"x","input":"x","inputs":"x"}"#);
        for (end, is) in ENDPOINTS {
            let Is::Call(format) = is else { continue };
            let place = format!("/x/{}", end.replace('*', "m"));
            // Elsewhere the body determines the format.
            let Some(read) = path::format(&place, Family::Other, body.root()) else { continue };
            assert_eq!(format.operation(), read.operation(), "{place}");
        }
    }
}
