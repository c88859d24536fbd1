//! Amazon Bedrock's InvokeModel API. Every model family has its own format, detected from the fields of the body.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>

use super::Reader;
use super::anthropic::AnthropicMessages;
use super::bedrock_converse::{BedrockConverse, bedrock_request};
use super::bedrock_converse_stream::{exception, is_event};
use super::cohere_chat::CohereChat;
use super::cohere_embed::CohereEmbed;
use super::fields::field_paths;
use super::openai_chat::OpenAiChat;
use super::paths::{key, keys};
use super::stream::{Event, StreamOutput, StreamReader};
use super::text_generation::TextGeneration;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages};
use crate::model::facts::{ResponseFacts, Usage};
use crate::semconv::{Fact, Facts};

pub(crate) struct BedrockInvoke;

impl Reader for BedrockInvoke {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        request_reader(doc).request(doc, facts);
        bedrock_request(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        request_reader(doc).input(doc, out);
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        response_reader(doc).response(doc, facts);
        bedrock_response(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        response_reader(doc).output(doc, out);
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(InvokeStream { family: None })
    }
}

fn request_reader<'d, T: Tree<'d>>(doc: T) -> &'static dyn Reader {
    if doc.any(keys!["message", "chat_history"]).is_some() {
        &CohereChat
    } else if doc.any(keys!["texts", "input_type", "query"]).is_some() {
        &CohereEmbed
    } else if doc.get(key!("messages")).is_none() {
        &TextGeneration
    } else if doc.get(key!("anthropic_version")).is_some() {
        &AnthropicMessages
    } else if doc.any(keys!["inferenceConfig", "schemaVersion", "toolConfig"]).is_some() {
        &BedrockConverse
    } else {
        &OpenAiChat
    }
}

fn response_reader<'d, T: Tree<'d>>(doc: T) -> &'static dyn Reader {
    let choice = || doc.get(key!("choices")).and_then(Tree::first);
    if field_paths!["output.message"].find(doc).is_some() {
        &BedrockConverse
    } else if doc.get_str(key!("type")) == Some("message") {
        &AnthropicMessages
    } else if choice().is_some_and(|choice| choice.any(keys!["message", "delta"]).is_some()) {
        &OpenAiChat
    } else if doc.any(keys!["response_id", "chat_history", "event_type", "is_finished"]).is_some() {
        &CohereChat
    } else if doc.get(key!("response_type")).is_some() {
        &CohereEmbed
    } else {
        &TextGeneration
    }
}

/// The fields that Bedrock adds to the responses and last events of every family.
fn bedrock_response(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    if let Some(metrics) = doc.get(key!("amazon-bedrock-invocationMetrics")) {
        // The model's own counts take precedence.
        let mut usage = Usage {
            input: metrics.get_i64(key!("inputTokenCount")),
            output: metrics.get_i64(key!("outputTokenCount")),
            cache_read: metrics.get_i64(key!("cacheReadInputTokenCount")),
            cache_creation: metrics.get_i64(key!("cacheWriteInputTokenCount")),
            ..Usage::default()
        };
        let cached = usage.cache_read.unwrap_or(0).saturating_add(usage.cache_creation.unwrap_or(0));
        let total = usage.input.map(|input| input.saturating_add(cached));
        let names_cache = facts.usage.cache_read.or(facts.usage.cache_creation).is_some();
        usage.input = total;
        usage.update(facts.usage);
        if cached > 0 && !names_cache {
            // Without cached tokens, the model's own input is only a part.
            usage.input = total.or(usage.input);
        }
        facts.usage = usage;
    }
    // A request header names the guardrail, and its report repeats the name.
    let report = field_paths!["amazon-bedrock-trace.guardrail.input", "amazon-bedrock-trace.guardrail.inputAssessment"]
        .find(doc);
    facts.update_word(Fact::AwsGuardrailId, report.and_then(|report| report.get_str(key!("*"))));
}

/// Reads each event in the format of the first event.
struct InvokeStream {
    family: Option<Box<dyn StreamReader>>,
}

impl StreamReader for InvokeStream {
    fn event(&mut self, name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        if let Some(error) = exception(name, event) {
            facts.error = Some(error);
            return Event { end: true, ..Event::default() };
        }
        let family = self.family.get_or_insert_with(|| family(event).stream());
        let mut seen = family.event(None, event, facts);
        bedrock_response(event, facts);
        // The last event has the counts of the whole response.
        seen.end |= event.has(keys!["amazon-bedrock-invocationMetrics", "totalOutputTextTokenCount"]);
        seen
    }

    fn output(&mut self, name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        if let Some(family) = self.family.as_mut().filter(|_| exception(name, event).is_none()) {
            family.output(None, event, out);
        }
    }

    fn is_complete(&self, facts: &ResponseFacts) -> bool {
        self.family.as_ref().is_some_and(|family| family.is_complete(facts))
    }
}

fn family(event: FoundNode<'_>) -> &'static dyn Reader {
    match event.get_str(key!("type")) {
        Some(kind) if kind != "completion" => &AnthropicMessages,
        _ if is_event(event) => &BedrockConverse,
        _ => response_reader(event),
    }
}
