//! Formats by the keys of an answer, or of one event of a stream.

use super::super::Format;
use super::Family;
use crate::json::{Node, any};

pub(super) fn format(family: Family, asked: Option<Format>, event: Option<&str>, doc: Node<'_>) -> Option<Format> {
    // A stream of Gemini's without `alt=sse`, whole.
    let doc = doc.first().filter(|first| doc.is_array() && first.get("candidates").is_some()).unwrap_or(doc);
    if let Some(format) = by_event(event) {
        return Some(format);
    }
    if let Some(format) = doc.get_str("object").and_then(by_object).or_else(|| by_type(doc)) {
        return Some(format);
    }
    if doc.get("event_type").is_some() {
        return Some(cohere_v1(asked, doc));
    }
    if let Some(choices) = doc.get("choices") {
        return Some(match choices.first() {
            Some(choice) if any!(choice, "message", "delta").is_some() => Format::OpenAiChat,
            Some(choice) if choice.get("text").is_some() => Format::OpenAiCompletions,
            _ => asked.filter(|asked| *asked == Format::OpenAiCompletions).unwrap_or(Format::OpenAiChat),
        });
    }
    if any!(doc, "candidates", "promptFeedback", "usageMetadata").is_some() {
        return Some(Format::Gemini);
    }
    if any!(doc, "embedding", "embeddings", "predictions").is_some() {
        return Some(vectors(family, doc));
    }
    if let Some(data) = doc.get("data") {
        let first = data.first()?;
        return match (first.get("embedding"), first.get("relevance_score")) {
            (Some(_), _) => Some(Format::OpenAiEmbeddings),
            (_, Some(_)) => Some(Format::CohereRerank),
            _ => None,
        };
    }
    if doc.get("done").is_some() {
        return match (doc.get("message"), doc.get("response")) {
            (Some(_), _) => Some(Format::OllamaChat),
            (_, Some(_)) => Some(Format::OllamaGenerate),
            _ => None,
        };
    }
    if doc.get("generations").is_some() {
        return Some(Format::CohereGenerate);
    }
    if any!(doc, "generation_id", "response_id").is_some() && any!(doc, "text", "chat_history").is_some() {
        return Some(Format::CohereChatV1);
    }
    if doc.get("message").is_some_and(Node::is_object) && doc.get("finish_reason").is_some() {
        return Some(Format::CohereChat);
    }
    if let Some(format) = text_generation(doc) {
        return Some(format);
    }
    if let Some(results) = doc.get("results") {
        return Some(match results.first() {
            Some(first) if first.get("relevance_score").is_some() => Format::CohereRerank,
            _ => Format::BedrockInvoke,
        });
    }
    let event = any!(doc, "messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop");
    if doc.path(&["output", "message"]).is_some() || doc.get("stopReason").is_some() || event.is_some() {
        return Some(Format::BedrockConverse);
    }
    any!(doc, "generation", "completions", "outputs", "outputText", "inputTextTokenCount")
        .is_some()
        .then_some(Format::BedrockInvoke)
}

/// Answers of text-generation-inference, which may come in a list of one, watsonx, Replicate and
/// llama.cpp's own API.
fn text_generation(doc: Node<'_>) -> Option<Format> {
    let answer = if doc.is_array() { doc.first()? } else { doc };
    let watsonx =
        || answer.get("results").and_then(Node::first).is_some_and(|first| first.get("generated_text").is_some());
    let replicate = || answer.get("urls").is_some() && any!(answer, "version", "output").is_some();
    let known = any!(answer, "generated_text", "tokens_predicted", "stop_type").is_some()
        || answer.path(&["token", "text"]).is_some()
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

fn by_type(doc: Node<'_>) -> Option<Format> {
    let kind = doc.get_str("type")?;
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

/// Chat and generate stream alike, but chat says when it begins.
fn cohere_v1(asked: Option<Format>, doc: Node<'_>) -> Format {
    match asked {
        Some(Format::CohereGenerate) => Format::CohereGenerate,
        None if doc.get_str("event_type") == Some("text-generation") => Format::CohereGenerate,
        _ => Format::CohereChatV1,
    }
}

fn vectors(family: Family, doc: Node<'_>) -> Format {
    let first = any!(doc, "embedding", "embeddings");
    let google =
        |node: Node<'_>| node.get("values").is_some() || node.first().is_some_and(|n| n.get("values").is_some());
    match family {
        _ if doc.get("predictions").is_some() || first.is_some_and(google) => Format::GeminiEmbed,
        _ if doc.get("inputTextTokenCount").is_some() => Format::BedrockInvoke,
        Family::Cohere => Format::CohereEmbed,
        _ if any!(doc, "response_type", "meta", "texts").is_some() => Format::CohereEmbed,
        _ => Format::OllamaEmbed,
    }
}
