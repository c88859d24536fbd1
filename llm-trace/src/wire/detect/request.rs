//! Formats of requests by their fields.

use super::Family;
use crate::json::{FoundNode, Tree};
use crate::wire::Format;
use crate::wire::paths::{key, keys};

pub(super) fn format(family: Family, doc: FoundNode<'_>) -> Option<Format> {
    if family == Family::Bedrock && !is_compatible_with_others(doc) {
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
        let ollama = keys!["options", "keep_alive", "raw", "template", "context", "images", "system"];
        let cohere = keys!["k", "p", "num_generations"];
        return Some(match family {
            _ if doc.get(key!("max_tokens_to_sample")).is_some() => Format::AnthropicComplete,
            _ if doc.any(ollama).is_some() => Format::OllamaGenerate,
            // All other requests name the model in the body; Bedrock has it in the URL.
            _ if bedrock_keys(doc) || doc.get(key!("model")).is_none() => Format::BedrockInvoke,
            _ if doc.any(cohere).is_some() => Format::CohereGenerate,
            Family::Ollama => Format::OllamaGenerate,
            Family::Cohere if doc.get(key!("stop")).is_none() => Format::CohereGenerate,
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

/// Whether a request to Bedrock has another API's format: its own requests have the model in the URL.
fn is_compatible_with_others(doc: FoundNode<'_>) -> bool {
    let is_own = bedrock_keys(doc) || converse_keys(doc) || doc.get(key!("anthropic_version")).is_some();
    let names_model = doc.any(keys!["model", "model_id"]).is_some();
    !is_own && names_model && doc.any(keys!["messages", "input", "prompt"]).is_some()
}

fn messages(family: Family, doc: FoundNode<'_>) -> Format {
    if doc.get(key!("schemaVersion")).is_some() {
        return Format::BedrockInvoke;
    }
    if converse_keys(doc) {
        return Format::BedrockConverse;
    }
    // Keys of OpenAI's format alone decide before the provider's name: many providers have an endpoint for it.
    let openai = doc.any(keys!["max_completion_tokens", "stop", "n"]).is_some();
    let is_compatible = openai || doc.any(keys!["stop_sequences", "system"]).is_some();
    if (family == Family::Ollama && !is_compatible)
        || doc.any(keys!["options", "keep_alive"]).is_some()
        || doc.get_bool(key!("think")).is_some()
    {
        return Format::OllamaChat;
    }
    let model = doc.get_str(key!("model"));
    let is = |prefix: &str| model.is_some_and(|model| model.starts_with(prefix));
    let cohere = || doc.any(keys!["citation_options", "safety_mode", "strict_tools", "k", "p"]).is_some();
    // Cohere has `p` and `k`, and no `system`.
    let may_be_cohere = !openai && doc.any(keys!["top_p", "top_k", "system"]).is_none();
    if may_be_cohere && (family == Family::Cohere || cohere() || is("command-")) {
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
    let may_be_anthropic = !openai && doc.any(keys!["frequency_penalty", "presence_penalty", "seed"]).is_none();
    if may_be_anthropic && (family == Family::Anthropic || anthropic) {
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
        _ if doc.any(keys!["instructions", "max_output_tokens"]).is_some() => Format::OpenAiResponses,
        _ if doc.get(key!("encoding_format")).is_some() => Format::OpenAiEmbeddings,
        _ if doc.any(keys!["keep_alive", "options"]).is_some() => Format::OllamaEmbed,
        Family::Ollama if vectors.is_some() || embeds() => Format::OllamaEmbed,
        _ if vectors.is_some() || embeds() => Format::OpenAiEmbeddings,
        _ => Format::OpenAiResponses,
    }
}
