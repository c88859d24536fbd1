//! Formats of responses and stream events by their fields.

use super::Family;
use crate::json::{FoundNode, Tree};
use crate::wire::Format;
use crate::wire::paths::{key, keys};

pub(super) fn format(family: Family, asked: Option<Format>, event: Option<&str>, doc: FoundNode<'_>) -> Option<Format> {
    // A complete Gemini stream without `alt=sse`.
    let doc = doc.first().filter(|first| doc.is_array() && first.get(key!("candidates")).is_some()).unwrap_or(doc);
    if let Some(format) = by_event(event) {
        return Some(format);
    }
    if let Some(format) = doc.get_str(key!("object")).and_then(by_object).or_else(|| by_type(doc)) {
        return Some(format);
    }
    if doc.get(key!("event_type")).is_some() {
        return Some(cohere_v1(asked, doc));
    }
    if let Some(choices) = doc.get(key!("choices")) {
        return Some(match choices.first() {
            Some(choice) if choice.any(keys!["message", "delta"]).is_some() => Format::OpenAiChat,
            Some(choice) if choice.get(key!("text")).is_some() => Format::OpenAiCompletions,
            _ => asked.filter(|asked| *asked == Format::OpenAiCompletions).unwrap_or(Format::OpenAiChat),
        });
    }
    if doc.any(keys!["candidates", "promptFeedback", "usageMetadata"]).is_some() {
        return Some(Format::Gemini);
    }
    if doc.any(keys!["embedding", "embeddings", "predictions"]).is_some() {
        return Some(vectors(family, doc));
    }
    if let Some(data) = doc.get(key!("data")) {
        let first = data.first()?;
        return match (first.get(key!("embedding")), first.get(key!("relevance_score"))) {
            (Some(_), _) => Some(Format::OpenAiEmbeddings),
            (_, Some(_)) => Some(Format::CohereRerank),
            _ => None,
        };
    }
    if doc.get(key!("done")).is_some() {
        return match (doc.get(key!("message")), doc.get(key!("response"))) {
            (Some(_), _) => Some(Format::OllamaChat),
            (_, Some(_)) => Some(Format::OllamaGenerate),
            _ => None,
        };
    }
    if doc.get(key!("generations")).is_some() {
        return Some(Format::CohereGenerate);
    }
    if doc.any(keys!["generation_id", "response_id"]).is_some() && doc.any(keys!["text", "chat_history"]).is_some() {
        return Some(Format::CohereChatV1);
    }
    if doc.get(key!("message")).is_some_and(Tree::is_object) && doc.get(key!("finish_reason")).is_some() {
        return Some(Format::CohereChat);
    }
    if let Some(format) = text_generation(doc) {
        return Some(format);
    }
    if let Some(results) = doc.get(key!("results")) {
        return Some(match results.first() {
            Some(first) if first.get(key!("relevance_score")).is_some() => Format::CohereRerank,
            _ => Format::BedrockInvoke,
        });
    }
    let event =
        doc.any(keys!["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop"]);
    if doc.path(keys!["output", "message"]).is_some() || doc.get(key!("stopReason")).is_some() || event.is_some() {
        return Some(Format::BedrockConverse);
    }
    doc.any(keys!["generation", "completions", "outputs", "outputText", "inputTextTokenCount"])
        .is_some()
        .then_some(Format::BedrockInvoke)
}

/// Responses of text-generation-inference (possibly in a list of one), watsonx, Replicate and the llama.cpp API.
fn text_generation(doc: FoundNode<'_>) -> Option<Format> {
    let answer = if doc.is_array() { doc.first()? } else { doc };
    let watsonx = || {
        answer
            .get(key!("results"))
            .and_then(Tree::first)
            .is_some_and(|first| first.get(key!("generated_text")).is_some())
    };
    let replicate = || answer.get(key!("urls")).is_some() && answer.any(keys!["version", "output"]).is_some();
    let known = answer.any(keys!["generated_text", "tokens_predicted", "stop_type"]).is_some()
        || answer.path(keys!["token", "text"]).is_some()
        || watsonx()
        || replicate();
    known.then_some(Format::TextGeneration)
}

fn by_event(event: Option<&str>) -> Option<Format> {
    Some(match event? {
        "messageStart" | "contentBlockStart" | "contentBlockDelta" | "contentBlockStop" | "messageStop"
        | "metadata" => Format::BedrockConverse,
        "chunk" => Format::BedrockInvoke,
        _ => return None,
    })
}

fn by_object(object: &str) -> Option<Format> {
    Some(match object {
        "chat.completion" | "chat.completion.chunk" | "chat.completions" => Format::OpenAiChat,
        "text_completion" | "text_completion.chunk" | "text.completion" => Format::OpenAiCompletions,
        "response" | "response.compaction" => Format::OpenAiResponses,
        _ => return None,
    })
}

fn by_type(doc: FoundNode<'_>) -> Option<Format> {
    let kind = doc.get_str(key!("type"))?;
    Some(match kind {
        _ if kind.starts_with("response.") => Format::OpenAiResponses,
        "message"
        | "message_start"
        | "message_delta"
        | "message_stop"
        | "content_block_start"
        | "content_block_delta"
        | "content_block_stop" => Format::AnthropicMessages,
        "completion" => Format::AnthropicComplete,
        "message-start" | "message-end" | "content-start" | "content-delta" | "content-end" | "tool-plan-delta"
        | "tool-call-start" | "tool-call-delta" | "tool-call-end" | "citation-start" | "citation-end" => {
            Format::CohereChat
        }
        _ => return None,
    })
}

/// Chat and generate have the same events, but only chat has a start event.
fn cohere_v1(asked: Option<Format>, doc: FoundNode<'_>) -> Format {
    match asked {
        Some(Format::CohereGenerate) => Format::CohereGenerate,
        None if doc.get_str(key!("event_type")) == Some("text-generation") => Format::CohereGenerate,
        _ => Format::CohereChatV1,
    }
}

fn vectors(family: Family, doc: FoundNode<'_>) -> Format {
    let first = doc.any(keys!["embedding", "embeddings"]);
    let google = |node: FoundNode<'_>| {
        node.get(key!("values")).is_some() || node.first().is_some_and(|n| n.get(key!("values")).is_some())
    };
    match family {
        _ if doc.get(key!("predictions")).is_some() || first.is_some_and(google) => Format::GeminiEmbed,
        _ if doc.get(key!("inputTextTokenCount")).is_some() => Format::BedrockInvoke,
        _ if doc.get(key!("prompt_eval_count")).is_some() => Format::OllamaEmbed,
        Family::Cohere => Format::CohereEmbed,
        _ if doc.any(keys!["response_type", "meta", "texts"]).is_some() => Format::CohereEmbed,
        _ => Format::OllamaEmbed,
    }
}
