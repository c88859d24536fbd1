//! Formats by the keys of a request.

use super::super::Format;
use super::Family;
use crate::json::Node;

pub(super) fn format(family: Family, doc: Node<'_>) -> Option<Format> {
    let has = |keys: &[&str]| doc.any(keys).is_some();
    if family == Family::Bedrock {
        return bedrock(doc);
    }
    if has(&["contents"]) {
        return Some(Format::Gemini);
    }
    if text_generation(doc) {
        return Some(Format::TextGeneration);
    }
    if has(&["requests", "instances"]) || doc.get("content").is_some_and(Node::is_object) {
        return Some(Format::GeminiEmbed);
    }
    if has(&["messages"]) {
        return Some(messages(family, doc));
    }
    if has(&["message"]) {
        return Some(Format::CohereChatV1);
    }
    if has(&["query"]) && has(&["documents"]) {
        return Some(Format::CohereRerank);
    }
    if has(&["texts"]) || (has(&["images", "inputs"]) && has(&["input_type"])) {
        return Some(Format::CohereEmbed);
    }
    if doc.path(&["prompt", "id"]).is_some() {
        return Some(Format::OpenAiResponses);
    }
    if has(&["prompt"]) {
        return Some(match family {
            _ if has(&["max_tokens_to_sample"]) => Format::AnthropicComplete,
            Family::Ollama => Format::OllamaGenerate,
            _ if has(&["options", "keep_alive", "raw", "template", "context"]) => Format::OllamaGenerate,
            // Everyone else's requests name the model; Bedrock's have it in the URL.
            _ if bedrock_keys(doc) || !has(&["model"]) => Format::BedrockInvoke,
            Family::Cohere => Format::CohereGenerate,
            _ if has(&["k", "p", "num_generations"]) => Format::CohereGenerate,
            _ => Format::OpenAiCompletions,
        });
    }
    if has(&["input"]) || has(&["previous_response_id", "conversation"]) {
        return Some(input(family, doc));
    }
    if bedrock_keys(doc) {
        return bedrock(doc);
    }
    None
}

/// Requests of text-generation-inference, watsonx, Replicate and llama.cpp's own API.
fn text_generation(doc: Node<'_>) -> bool {
    let has = |keys: &[&str]| doc.any(keys).is_some();
    let watsonx = || has(&["model_id", "project_id", "space_id"]) && has(&["parameters"]);
    doc.get("inputs").is_some_and(Node::is_str)
        || doc.get("input").is_some_and(|input| input.is_object() || watsonx())
        || (has(&["prompt"]) && has(&["n_predict"]))
}

/// Keys of the model makers' own formats on Bedrock.
fn bedrock_keys(doc: Node<'_>) -> bool {
    doc.any(&["inputText", "textGenerationConfig", "max_gen_len", "taskType", "schemaVersion"]).is_some()
}

fn bedrock(doc: Node<'_>) -> Option<Format> {
    let converse = ["inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "modelId"];
    let own = ["anthropic_version", "max_tokens", "prompt", "model"];
    let invoke = bedrock_keys(doc) || doc.any(&own).is_some();
    Some(match doc.any(&["messages", "system"]).is_some() {
        true if !invoke || (doc.get("schemaVersion").is_none() && doc.any(&converse).is_some()) => {
            Format::BedrockConverse
        }
        _ => Format::BedrockInvoke,
    })
}

fn messages(family: Family, doc: Node<'_>) -> Format {
    let has = |keys: &[&str]| doc.any(keys).is_some();
    if has(&["schemaVersion"]) {
        return Format::BedrockInvoke;
    }
    if has(&["inferenceConfig", "toolConfig", "guardrailConfig", "additionalModelRequestFields", "modelId"]) {
        return Format::BedrockConverse;
    }
    if family == Family::Ollama || has(&["options", "keep_alive"]) || doc.get_bool("think").is_some() {
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
    let anthropic = has(&["system", "anthropic_version", "stop_sequences"]) || (has(&["max_tokens"]) && is("claude"));
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
        _ if has(&["keep_alive", "options"]) => Format::OllamaEmbed,
        _ if has(&vectors) || embeds() => Format::OpenAiEmbeddings,
        _ => Format::OpenAiResponses,
    }
}
