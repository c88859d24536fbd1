//! Formats by the keys of a request.

use super::super::Format;
use super::Family;
use crate::json::{Node, any};

pub(super) fn format(family: Family, doc: Node<'_>) -> Option<Format> {
    if family == Family::Bedrock {
        return bedrock(doc);
    }
    if doc.get("contents").is_some() {
        return Some(Format::Gemini);
    }
    if text_generation(doc) {
        return Some(Format::TextGeneration);
    }
    if any!(doc, "requests", "instances").is_some() || doc.get("content").is_some_and(Node::is_object) {
        return Some(Format::GeminiEmbed);
    }
    if doc.get("messages").is_some() {
        return Some(messages(family, doc));
    }
    if doc.get("message").is_some() {
        return Some(Format::CohereChatV1);
    }
    if doc.get("query").is_some() && doc.get("documents").is_some() {
        return Some(Format::CohereRerank);
    }
    if doc.get("texts").is_some() || (any!(doc, "images", "inputs").is_some() && doc.get("input_type").is_some()) {
        return Some(Format::CohereEmbed);
    }
    if doc.path(&["prompt", "id"]).is_some() {
        return Some(Format::OpenAiResponses);
    }
    if doc.get("prompt").is_some() {
        return Some(match family {
            _ if doc.get("max_tokens_to_sample").is_some() => Format::AnthropicComplete,
            Family::Ollama => Format::OllamaGenerate,
            _ if any!(doc, "options", "keep_alive", "raw", "template", "context").is_some() => Format::OllamaGenerate,
            // Everyone else's requests name the model; Bedrock's have it in the URL.
            _ if bedrock_keys(doc) || doc.get("model").is_none() => Format::BedrockInvoke,
            Family::Cohere => Format::CohereGenerate,
            _ if any!(doc, "k", "p", "num_generations").is_some() => Format::CohereGenerate,
            _ => Format::OpenAiCompletions,
        });
    }
    if doc.get("input").is_some() || any!(doc, "previous_response_id", "conversation").is_some() {
        return Some(input(family, doc));
    }
    if bedrock_keys(doc) {
        return bedrock(doc);
    }
    None
}

/// Requests of text-generation-inference, watsonx, Replicate and llama.cpp's own API.
fn text_generation(doc: Node<'_>) -> bool {
    let watsonx = || any!(doc, "model_id", "project_id", "space_id").is_some() && doc.get("parameters").is_some();
    doc.get("inputs").is_some_and(Node::is_str)
        || doc.get("input").is_some_and(|input| input.is_object() || watsonx())
        || (doc.get("prompt").is_some() && doc.get("n_predict").is_some())
}

/// Keys of the model makers' own formats on Bedrock.
fn bedrock_keys(doc: Node<'_>) -> bool {
    any!(doc, "inputText", "textGenerationConfig", "max_gen_len", "taskType", "schemaVersion").is_some()
}

/// Keys of Bedrock's own format for all models.
fn converse_keys(doc: Node<'_>) -> bool {
    any!(doc, "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "modelId").is_some()
}

fn bedrock(doc: Node<'_>) -> Option<Format> {
    let invoke = bedrock_keys(doc) || any!(doc, "anthropic_version", "max_tokens", "prompt", "model").is_some();
    Some(match any!(doc, "messages", "system").is_some() {
        true if !invoke || (doc.get("schemaVersion").is_none() && converse_keys(doc)) => Format::BedrockConverse,
        _ => Format::BedrockInvoke,
    })
}

fn messages(family: Family, doc: Node<'_>) -> Format {
    if doc.get("schemaVersion").is_some() {
        return Format::BedrockInvoke;
    }
    if converse_keys(doc) {
        return Format::BedrockConverse;
    }
    if family == Family::Ollama || any!(doc, "options", "keep_alive").is_some() || doc.get_bool("think").is_some() {
        return Format::OllamaChat;
    }
    let model = doc.get_str("model");
    let is = |prefix: &str| model.is_some_and(|model| model.starts_with(prefix));
    let cohere = || any!(doc, "citation_options", "safety_mode", "strict_tools", "k", "p").is_some();
    if family == Family::Cohere || cohere() || is("command-") {
        return Format::CohereChat;
    }
    let only_converse = |field: Node<'_>| matches!(field.key(), "messages" | "system");
    if family != Family::Anthropic && doc.items().all(only_converse) {
        return Format::BedrockConverse;
    }
    // OpenAI chat has no instructions beside the messages, and calls stop sequences `stop`.
    let anthropic = any!(doc, "system", "anthropic_version", "stop_sequences").is_some()
        || (doc.get("max_tokens").is_some() && is("claude"));
    if family == Family::Anthropic || anthropic {
        return Format::AnthropicMessages;
    }
    Format::OpenAiChat
}

/// Responses and embeddings both have a model and an input.
fn input(family: Family, doc: Node<'_>) -> Format {
    let embeds = || {
        let model = doc.get_str("model").unwrap_or_default().to_ascii_lowercase();
        ["embed", "voyage", "bge-", "gte-", "e5-", "minilm"].iter().any(|word| model.contains(word))
    };
    let vectors =
        any!(doc, "encoding_format", "dimensions", "input_type", "output_dimension", "output_dtype", "truncate");
    match family {
        Family::Ollama => Format::OllamaEmbed,
        _ if any!(doc, "keep_alive", "options").is_some() => Format::OllamaEmbed,
        _ if vectors.is_some() || embeds() => Format::OpenAiEmbeddings,
        _ => Format::OpenAiResponses,
    }
}
