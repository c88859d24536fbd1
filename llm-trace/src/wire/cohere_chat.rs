//! Cohere's chat, versions 1 and 2.
//!
//! <https://docs.cohere.com/reference/chat>, <https://docs.cohere.com/v1/reference/chat>

use super::Reader;
use super::chat_input;
use super::chat_message::parts;
use super::cohere_stream::CohereStream;
use super::fields::{UsageFields, field_paths, find};
use super::paths::{key, keys};
use super::request_facts::{RequestFacts, request_facts};
use super::stream::StreamReader;
use super::text_generation::TextGeneration;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Part, Payload, finish_reason, role};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

pub(crate) struct CohereChat;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        (Fact::RequestTopP, &["p"]),
        (Fact::RequestTopK, &["k"]),
        (Fact::RequestStopSequences, &["stop_sequences"]),
        (Fact::RequestChoiceCount, &["num_generations"]),
        (Fact::RequestReasoningLevel, &[]),
    ]
);

/// Billed tokens take precedence over used tokens.
const USAGE: UsageFields = UsageFields {
    input: field_paths!["usage." => "billed_units.input_tokens", "tokens.input_tokens"],
    output: field_paths!["usage." => "billed_units.output_tokens", "tokens.output_tokens"],
    cache_read: field_paths!["usage." => "cached_tokens"],
    cache_creation: field_paths![],
    reasoning: field_paths!["usage." => "tokens.reasoning_tokens"],
};

impl Reader for CohereChat {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        facts.update_word(Fact::ConversationId, field_paths!["conversation_id"].find_str(doc));
        let output_type = match field_paths!["response_format.type"].find_str(doc) {
            Some("json_object" | "json_schema") => Some("json"),
            Some("text") => Some("text"),
            _ => None,
        };
        facts.update_text(Fact::OutputType, output_type);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(preamble) = doc.get_text("preamble") {
            out.system(Part::Text(preamble));
        }
        chat_input::read(doc, out);
        for message in doc.get("chat_history").into_iter().flat_map(Node::items) {
            past_message(message, &mut out.messages);
        }
        // Version 1 has the last message in its own field, and `generate` has a single prompt.
        if let Some(text) = find(doc, &["message", "prompt"]).and_then(Node::text).filter(|text| !text.is_empty()) {
            out.messages.begin("user", None);
            out.messages.part(Part::Text(text));
            out.messages.end(None);
        }
        if let Some(results) = doc.get("tool_results") {
            tool_results(results, &mut out.messages);
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        envelope(doc, facts);
        if doc.get(key!("generations")).is_some() {
            return TextGeneration.response(doc, facts);
        }
        if let Some(reason) = doc.get_str(key!("finish_reason")) {
            facts.set_finish_reason(0, reason);
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        if doc.get("generations").is_some() {
            return TextGeneration.output(doc, out);
        }
        // Version 1 has no message object.
        let message = doc.get("message").filter(|message| message.is_object());
        if message.is_none() && doc.any(&["text", "tool_calls"]).is_none() {
            return;
        }
        out.begin("assistant", None);
        parts(message.unwrap_or(doc), out);
        out.end(doc.get_str("finish_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(CohereStream::default())
    }
}

/// The fields that a whole response and the last events of both streams share.
pub(super) fn envelope(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    facts.update_text(Fact::ResponseId, field_paths!["response_id", "id", "generation_id"].find_str(doc));
    facts.update_word(Fact::ConversationId, field_paths!["conversation_id"].find_str(doc));
    if let Some(report) = doc.any(keys!["usage", "meta"]) {
        let mut usage = USAGE.read(report);
        // Reasoning is part of the used tokens, not all of which are billed.
        usage.reasoning = usage.reasoning.filter(|reasoning| usage.output.is_none_or(|output| *reasoning <= output));
        usage.searches = field_paths!["usage." => "billed_units.search_units"].find(report).and_then(Tree::i64);
        facts.usage.update(usage);
    }
}

/// A message of version 1's history.
fn past_message(message: Node<'_>, out: &mut Messages) {
    if let Some(results) = message.get("tool_results") {
        return tool_results(results, out);
    }
    let role = role(message).to_ascii_lowercase();
    out.begin(if role == "chatbot" { "assistant" } else { &role }, None);
    parts(message, out);
    out.end(None);
}

/// Tool results of version 1, which repeat the call and have no id.
fn tool_results(results: Node<'_>, out: &mut Messages) {
    if results.len() == 0 {
        return;
    }
    out.begin("tool", None);
    for result in results.items() {
        let response = result.get("outputs").map_or(Payload::Json(result), Payload::Json);
        out.part(Part::ToolCallResponse { id: None, response });
    }
    out.end(None);
}
