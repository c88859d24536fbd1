//! Amazon Bedrock's InvokeModel: every model family's own format, told apart by shape.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>

use super::Reader;
use super::anthropic::AnthropicMessages;
use super::bedrock_converse::{BedrockConverse, GUARDRAIL, bedrock_request};
use super::bedrock_converse_stream::{EVENTS, exception};
use super::cohere_chat::CohereChat;
use super::cohere_embed::CohereEmbed;
use super::fields::find;
use super::openai_chat::OpenAiChat;
use super::prompt::Prompt;
use super::stream::{Event, StreamOutput, StreamReader};
use crate::facts::{RequestFacts, ResponseFacts, Usage};
use crate::json::{Node, any};
use crate::message::{InputContent, Messages};

pub(crate) struct BedrockInvoke;

impl Reader for BedrockInvoke {
    fn request(&self, doc: Node<'_>, facts: &mut RequestFacts) {
        request_reader(doc).request(doc, facts);
        // What the maker's own API is called is no fact of this one.
        facts.extra.clear();
        bedrock_request(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        request_reader(doc).input(doc, out);
    }

    fn response(&self, doc: Node<'_>, facts: &mut ResponseFacts) {
        response_reader(doc).response(doc, facts);
        facts.extra.clear();
        bedrock_response(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        response_reader(doc).output(doc, out);
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(InvokeStream { family: None })
    }
}

fn request_reader(doc: Node<'_>) -> &'static dyn Reader {
    if any!(doc, "message", "chat_history").is_some() {
        &CohereChat
    } else if any!(doc, "texts", "input_type", "query").is_some() {
        &CohereEmbed
    } else if doc.get("messages").is_none() {
        &Prompt
    } else if doc.get("anthropic_version").is_some() {
        &AnthropicMessages
    } else if any!(doc, "inferenceConfig", "schemaVersion", "toolConfig").is_some() || is_converse(doc) {
        &BedrockConverse
    } else {
        &OpenAiChat
    }
}

/// Converse's content blocks have no type: the member's name tells it.
fn is_converse(doc: Node<'_>) -> bool {
    let content = doc.get("messages").and_then(Node::first).and_then(|message| message.get("content"));
    content.and_then(Node::first).is_some_and(|block| block.is_object() && block.get("type").is_none())
}

fn response_reader(doc: Node<'_>) -> &'static dyn Reader {
    let choice = || doc.get("choices").and_then(Node::first);
    if find(doc, &["output.message"]).is_some() {
        &BedrockConverse
    } else if doc.get_str("type") == Some("message") {
        &AnthropicMessages
    } else if choice().is_some_and(|choice| any!(choice, "message", "delta").is_some()) {
        &OpenAiChat
    } else if any!(doc, "response_id", "chat_history", "event_type", "is_finished").is_some() {
        &CohereChat
    } else if doc.get("response_type").is_some() {
        &CohereEmbed
    } else {
        &Prompt
    }
}

/// What Bedrock adds to every family's answers and last events.
fn bedrock_response(doc: Node<'_>, facts: &mut ResponseFacts) {
    if let Some(metrics) = doc.get("amazon-bedrock-invocationMetrics") {
        // What the model counted itself goes before: it knows of cached tokens.
        let mut usage = Usage {
            input: metrics.get_i64("inputTokenCount"),
            output: metrics.get_i64("outputTokenCount"),
            cache_read: metrics.get_i64("cacheReadInputTokenCount"),
            cache_creation: metrics.get_i64("cacheWriteInputTokenCount"),
            ..Usage::default()
        };
        let cached = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_creation.unwrap_or(0));
        usage.input = usage.input.map(|input| input.saturating_add(cached));
        usage.update(facts.usage);
        facts.usage = usage;
    }
    // The guardrail is named in a header of the request; its report repeats it.
    let report = find(doc, &["amazon-bedrock-trace.guardrail.input", "amazon-bedrock-trace.guardrail.inputAssessment"]);
    if let Some(id) = report.and_then(Node::first).map(Node::key).filter(|id| !id.is_empty())
        && !facts.extra.iter().any(|(name, _)| *name == GUARDRAIL)
    {
        facts.extra.push((GUARDRAIL, id.to_owned().into()));
    }
}

/// Reads each event as the family that the first event showed.
struct InvokeStream {
    family: Option<Box<dyn StreamReader>>,
}

impl StreamReader for InvokeStream {
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        if let Some(error) = exception(name, doc) {
            facts.error = Some(error);
            return Event { end: true, ..Event::default() };
        }
        let family = self.family.get_or_insert_with(|| family(doc).stream());
        let mut event = family.event(None, doc, facts, out);
        bedrock_response(doc, facts);
        // The last event has the counts of the whole answer.
        event.end |= any!(doc, "amazon-bedrock-invocationMetrics", "totalOutputTextTokenCount").is_some();
        event
    }

    fn is_complete(&self, facts: &ResponseFacts) -> bool {
        self.family.as_ref().is_some_and(|family| family.is_complete(facts))
    }
}

fn family(event: Node<'_>) -> &'static dyn Reader {
    match event.get_str("type") {
        Some(kind) if kind != "completion" => &AnthropicMessages,
        _ if event.items().any(|field| EVENTS.contains(&field.key())) => &BedrockConverse,
        _ => response_reader(event),
    }
}
