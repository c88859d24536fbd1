//! Facts of a URL's path: the format, and sometimes the model and whether the response streams.

use super::Family;
use crate::credentials::escapes::decode_bytes;
use crate::json::{FoundNode, Tree};
use crate::semconv::{Fact, Facts};
use crate::wire::Format;
use crate::wire::paths::key;

/// The format of an API path, or `None` for any other path.
pub(super) fn format(path: &str, family: Family, doc: FoundNode<'_>) -> Option<Format> {
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let mut segments = path.rsplit('/');
    let last = segments.next().unwrap_or_default();
    let before = segments.next().unwrap_or_default();
    if let Some((_, method)) = last.rsplit_once([':']).or_else(|| last.rsplit_once("%3A")) {
        return match method {
            "generateContent" | "streamGenerateContent" => Some(Format::Gemini),
            "embedContent" | "batchEmbedContents" | "asyncBatchEmbedContent" | "predict" => Some(Format::GeminiEmbed),
            // Vertex AI passes through the formats of other makers.
            _ => None,
        };
    }
    Some(match (before, last) {
        ("chat", "completions") | ("text", "chat" | "chat_stream") => Format::OpenAiChat,
        ("api", "chat") => Format::OllamaChat,
        ("api", "generate") => Format::OllamaGenerate,
        ("api", "embed" | "embeddings") => Format::OllamaEmbed,
        ("v2", "chat") if doc.get(key!("messages")).is_some() => Format::CohereChat,
        (_, "converse" | "converse-stream") => Format::BedrockConverse,
        (_, "invoke" | "invoke-with-response-stream") if path.contains("/model/") => Format::BedrockInvoke,
        (_, "responses") | ("responses", "compact") => Format::OpenAiResponses,
        (_, "completions") if doc.get(key!("prompt")).is_some() => Format::OpenAiCompletions,
        (_, "embeddings") if doc.get(key!("input")).is_some() => Format::OpenAiEmbeddings,
        (_, "messages") if doc.get(key!("messages")).is_some() => Format::AnthropicMessages,
        (_, "complete") => Format::AnthropicComplete,
        (_, "embed") if family != Family::Ollama => Format::CohereEmbed,
        (_, "generate" | "generate_stream") if doc.get(key!("inputs")).is_some() => Format::TextGeneration,
        ("text", "generation" | "generation_stream") | (_, "predictions" | "completion") => Format::TextGeneration,
        (_, "retrieveAndGenerate") => Format::BedrockInvoke,
        (_, "rerank") => Format::CohereRerank,
        ("v1", "generate") if doc.get(key!("prompt")).is_some() => Format::CohereGenerate,
        _ => return None,
    })
}

/// Adds facts that only the path contains.
pub(crate) fn facts(path: &str, facts: &mut Facts) {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    if !facts.has(Fact::RequestModel) {
        facts.update(Fact::RequestModel, model(path));
    }
    let streams = ["streamGenerateContent", "streamRawPredict", "converse-stream", "invoke-with-response-stream"];
    if streams.iter().any(|method| path.ends_with(method)) {
        facts.set(Fact::RequestStream, true.into());
    }
}

/// The name of the model, or of its deployment.
fn model(path: &str) -> Option<String> {
    let mut segments = path.split('/').skip_while(|segment| !matches!(*segment, "models" | "model" | "deployments"));
    let marker = segments.next()?;
    let segment = segments.next()?;
    // Identifiers in ARNs are percent-encoded, including slashes and colons.
    let decoded = percent_decode(segment);
    let name = if marker == "models" { decoded.split(':').next().unwrap_or_default() } else { &decoded };
    (!name.is_empty()).then(|| name.to_owned())
}

fn percent_decode(text: &str) -> String {
    String::from_utf8(decode_bytes(text, |_| true)).unwrap_or_else(|_| text.to_owned())
}
