//! Formats by the keys of a request.

use super::super::Format;
use super::Family;
use crate::json::{Node, any};

pub(super) fn format(family: Family, doc: Node<'_>) -> Option<Format> {
    if family == Family::Bedrock {
        return bedrock(doc);
    }
    if any!(doc, "contents").is_some() {
        return Some(Format::Gemini);
    }
    if text_generation(doc) {
        return Some(Format::TextGeneration);
    }
    if any!(doc, "requests", "instances").is_some() || doc.get("content").is_some_and(Node::is_object) {
        return Some(Format::GeminiEmbed);
    }
    if any!(doc, "messages").is_some() {
        return Some(messages(family, doc));
    }
    if any!(doc, "message").is_some() {
        return Some(Format::CohereChatV1);
    }
    if any!(doc, "query").is_some() && any!(doc, "documents").is_some() {
        return Some(Format::CohereRerank);
    }
    if any!(doc, "texts").is_some() || (any!(doc, "images", "inputs").is_some() && any!(doc, "input_type").is_some()) {
        return Some(Format::CohereEmbed);
    }
    if doc.path(&["prompt", "id"]).is_some() {
        return Some(Format::OpenAiResponses);
    }
    if any!(doc, "prompt").is_some() {
        return Some(match family {
            _ if any!(doc, "max_tokens_to_sample").is_some() => Format::AnthropicComplete,
            Family::Ollama => Format::OllamaGenerate,
            _ if any!(doc, "options", "keep_alive", "raw", "template", "context").is_some() => Format::OllamaGenerate,
            // Everyone else's requests name the model; Bedrock's have it in the URL.
            _ if bedrock_keys(doc) || any!(doc, "model").is_none() => Format::BedrockInvoke,
            Family::Cohere => Format::CohereGenerate,
            _ if any!(doc, "k", "p", "num_generations").is_some() => Format::CohereGenerate,
            _ => Format::OpenAiCompletions,
        });
    }
    if any!(doc, "input").is_some() || any!(doc, "previous_response_id", "conversation").is_some() {
        return Some(input(family, doc));
    }
    if bedrock_keys(doc) {
        return bedrock(doc);
    }
    None
}

/// Requests of text-generation-inference, watsonx, Replicate and llama.cpp's own API.
fn text_generation(doc: Node<'_>) -> bool {
    let watsonx = || any!(doc, "model_id", "project_id", "space_id").is_some() && any!(doc, "parameters").is_some();
    doc.get("inputs").is_some_and(Node::is_str)
        || doc.get("input").is_some_and(|input| input.is_object() || watsonx())
        || (any!(doc, "prompt").is_some() && any!(doc, "n_predict").is_some())
}

/// Keys of the model makers' own formats on Bedrock.
fn bedrock_keys(doc: Node<'_>) -> bool {
    any!(doc, "inputText", "textGenerationConfig", "max_gen_len", "taskType", "schemaVersion").is_some()
}

fn bedrock(doc: Node<'_>) -> Option<Format> {
    let converse = ["inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "modelId"];
    let own = ["anthropic_version", "max_tokens", "prompt", "model"];
    let invoke = bedrock_keys(doc) || doc.any(&own).is_some();
    Some(match any!(doc, "messages", "system").is_some() {
        true if !invoke || (doc.get("schemaVersion").is_none() && doc.any(&converse).is_some()) => {
            Format::BedrockConverse
        }
        _ => Format::BedrockInvoke,
    })
}

fn messages(family: Family, doc: Node<'_>) -> Format {
    let has = |keys: &[&str]| doc.any(keys).is_some();
    if any!(doc, "schemaVersion").is_some() {
        return Format::BedrockInvoke;
    }
    if any!(doc, "inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "modelId")
        .is_some()
    {
        return Format::BedrockConverse;
    }
    if family == Family::Ollama || any!(doc, "options", "keep_alive").is_some() || doc.get_bool("think").is_some() {
        return Format::OllamaChat;
    }
    let model = doc.get_str("model");
    let is = |prefix: &str| model.is_some_and(|model| model.starts_with(prefix));
    let cohere = ["citation_options", "safety_mode", "strict_tools", "k", "p"];
    if family == Family::Cohere || has(&cohere) || is("command-") {
        return Format::CohereChat;
    }
    let only_converse = |field: Node<'_>| matches!(field.key(), "messages" | "system");
    if family != Family::Anthropic && doc.items().all(only_converse) {
        return Format::BedrockConverse;
    }
    // OpenAI chat has no instructions beside the messages, and calls stop sequences `stop`.
    let anthropic = any!(doc, "system", "anthropic_version", "stop_sequences").is_some()
        || (any!(doc, "max_tokens").is_some() && is("claude"));
    if family == Family::Anthropic || anthropic {
        return Format::AnthropicMessages;
    }
    Format::OpenAiChat
}

/// Responses and embeddings both have a model and an input.
fn input(family: Family, doc: Node<'_>) -> Format {
    let has = |keys: &[&str]| doc.any(keys).is_some();
    let embeds = || {
        let model = doc.get_str("model").unwrap_or_default().to_ascii_lowercase();
        ["embed", "voyage", "bge-", "gte-", "e5-", "minilm"].iter().any(|word| model.contains(word))
    };
    let vectors = ["encoding_format", "dimensions", "input_type", "output_dimension", "output_dtype", "truncate"];
    match family {
        Family::Ollama => Format::OllamaEmbed,
        _ if any!(doc, "keep_alive", "options").is_some() => Format::OllamaEmbed,
        _ if has(&vectors) || embeds() => Format::OpenAiEmbeddings,
        _ => Format::OpenAiResponses,
    }
}
