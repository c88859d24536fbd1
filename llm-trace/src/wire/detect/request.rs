//! Formats of requests by their fields.

use super::Family;
use crate::json::{FoundNode, Tree};
use crate::wire::Format;
use crate::wire::paths::{key, keys};

pub(super) fn format(family: Family, doc: FoundNode<'_>) -> Option<Format> {
    if family == Family::Bedrock {
        return bedrock(doc);
    }
    if doc.get(key!("contents")).is_some() {
        return Some(Format::Gemini);
    }
    if text_generation(doc) {
        return Some(Format::TextGeneration);
    }
    if doc.any(keys!["requests", "instances"]).is_some() || doc.get(key!("content")).is_some_and(Tree::is_object) {
        return Some(Format::GeminiEmbed);
    }
    if doc.get(key!("messages")).is_some() {
        return Some(messages(family, doc));
    }
    if doc.get(key!("message")).is_some() {
        return Some(Format::CohereChatV1);
    }
    if doc.get(key!("query")).is_some() && doc.get(key!("documents")).is_some() {
        return Some(Format::CohereRerank);
    }
    if doc.get(key!("texts")).is_some()
        || (doc.any(keys!["images", "inputs"]).is_some() && doc.get(key!("input_type")).is_some())
    {
        return Some(Format::CohereEmbed);
    }
    if doc.path(keys!["prompt", "id"]).is_some() {
        return Some(Format::OpenAiResponses);
    }
    if doc.get(key!("prompt")).is_some() {
        return Some(match family {
            _ if doc.get(key!("max_tokens_to_sample")).is_some() => Format::AnthropicComplete,
            Family::Ollama => Format::OllamaGenerate,
            _ if doc.any(keys!["options", "keep_alive", "raw", "template", "context"]).is_some() => {
                Format::OllamaGenerate
            }
            // All other requests name the model in the body; Bedrock has it in the URL.
            _ if bedrock_keys(doc) || doc.get(key!("model")).is_none() => Format::BedrockInvoke,
            Family::Cohere => Format::CohereGenerate,
            _ if doc.any(keys!["k", "p", "num_generations"]).is_some() => Format::CohereGenerate,
            _ => Format::OpenAiCompletions,
        });
    }
    if doc.get(key!("input")).is_some() || doc.any(keys!["previous_response_id", "conversation"]).is_some() {
        return Some(input(family, doc));
    }
    if bedrock_keys(doc) {
        return bedrock(doc);
    }
    None
}

/// Requests of text-generation-inference, watsonx, Replicate and the llama.cpp API.
fn text_generation(doc: FoundNode<'_>) -> bool {
    let watsonx =
        || doc.any(keys!["model_id", "project_id", "space_id"]).is_some() && doc.get(key!("parameters")).is_some();
    doc.get(key!("inputs")).is_some_and(Tree::is_str)
        || doc.get(key!("input")).is_some_and(|input| input.is_object() || watsonx())
        || (doc.get(key!("prompt")).is_some() && doc.get(key!("n_predict")).is_some())
}

/// Fields of the model makers' formats on Bedrock.
fn bedrock_keys(doc: FoundNode<'_>) -> bool {
    doc.any(keys!["inputText", "textGenerationConfig", "max_gen_len", "taskType", "schemaVersion"]).is_some()
}

/// Fields of Bedrock's unified format.
fn converse_keys(doc: FoundNode<'_>) -> bool {
    doc.any(keys!["inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "modelId"])
        .is_some()
}

fn bedrock(doc: FoundNode<'_>) -> Option<Format> {
    let invoke = bedrock_keys(doc) || doc.any(keys!["anthropic_version", "max_tokens", "prompt", "model"]).is_some();
    Some(match doc.any(keys!["messages", "system"]).is_some() {
        true if !invoke || (doc.get(key!("schemaVersion")).is_none() && converse_keys(doc)) => Format::BedrockConverse,
        _ => Format::BedrockInvoke,
    })
}

fn messages(family: Family, doc: FoundNode<'_>) -> Format {
    if doc.get(key!("schemaVersion")).is_some() {
        return Format::BedrockInvoke;
    }
    if converse_keys(doc) {
        return Format::BedrockConverse;
    }
    if family == Family::Ollama
        || doc.any(keys!["options", "keep_alive"]).is_some()
        || doc.get_bool(key!("think")).is_some()
    {
        return Format::OllamaChat;
    }
    let model = doc.get_str(key!("model"));
    let is = |prefix: &str| model.is_some_and(|model| model.starts_with(prefix));
    let cohere = || doc.any(keys!["citation_options", "safety_mode", "strict_tools", "k", "p"]).is_some();
    if family == Family::Cohere || cohere() || is("command-") {
        return Format::CohereChat;
    }
    // Azure's path names the model, and OpenAI's format has no `system`.
    let may_be_converse = matches!(family, Family::Bedrock | Family::Unknown) || doc.get(key!("system")).is_some();
    if family != Family::Anthropic && may_be_converse && doc.has_only(keys!["messages", "system"]) {
        return Format::BedrockConverse;
    }
    // OpenAI chat has no instructions beside the messages, and calls stop sequences `stop`.
    let anthropic = doc.any(keys!["system", "anthropic_version", "stop_sequences"]).is_some()
        || (doc.get(key!("max_tokens")).is_some() && is("claude"));
    if family == Family::Anthropic || anthropic {
        return Format::AnthropicMessages;
    }
    Format::OpenAiChat
}

/// Responses and embeddings both have a model and an input.
fn input(family: Family, doc: FoundNode<'_>) -> Format {
    let embeds = || {
        let model = doc.get_str(key!("model")).unwrap_or_default().to_ascii_lowercase();
        ["embed", "voyage", "bge-", "gte-", "e5-", "minilm"].iter().any(|word| model.contains(word))
    };
    let vectors =
        doc.any(keys!["encoding_format", "dimensions", "input_type", "output_dimension", "output_dtype", "truncate"]);
    match family {
        Family::Ollama => Format::OllamaEmbed,
        _ if doc.any(keys!["keep_alive", "options"]).is_some() => Format::OllamaEmbed,
        _ if vectors.is_some() || embeds() => Format::OpenAiEmbeddings,
        _ => Format::OpenAiResponses,
    }
}
