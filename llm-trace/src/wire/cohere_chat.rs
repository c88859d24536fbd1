//! Cohere's chat, versions 1 and 2.
//!
//! <https://docs.cohere.com/reference/chat>, <https://docs.cohere.com/v1/reference/chat>

use std::borrow::Cow;

use super::Reader;
use super::cohere_stream::CohereStream;
use super::fields::{Places, RequestFields, UsageFields, find, places};
use super::paths::{key, keys};
use super::stream::StreamReader;
use super::text_generation::TextGeneration;
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{InputContent, Messages, Modality, Part, Payload, finish_reason, role};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

pub(crate) struct CohereChat;

const REQUEST: RequestFields<Places> = RequestFields::at(
    "",
    RequestFields {
        top_p: &["p"],
        top_k: &["k"],
        stop: &["stop_sequences"],
        choices: &["num_generations"],
        dimensions: &[],
        reasoning_level: &[],
        ..RequestFields::COMMON
    },
);

/// Billed tokens take precedence over used tokens.
const USAGE: UsageFields<Places> = UsageFields::at(
    "usage.",
    UsageFields {
        input: &["billed_units.input_tokens", "tokens.input_tokens"],
        output: &["billed_units.output_tokens", "tokens.output_tokens"],
        cache_read: &["cached_tokens"],
        cache_creation: &[],
        reasoning: &["tokens.reasoning_tokens"],
    },
);

impl Reader for CohereChat {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        facts.update_word(Fact::ConversationId, places!["conversation_id"].find_str(doc));
        let output_type = match places!["response_format.type"].find_str(doc) {
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
        for message in doc.any(&["messages", "chat_history"]).into_iter().flat_map(Node::items) {
            input_message(message, &mut out.messages);
        }
        // Version 1 has the last message in its own field, and `generate` has a single prompt.
        if let Some(text) = find(doc, &["message", "prompt"]).and_then(Node::text).filter(|text| !text.is_empty()) {
            out.messages.text("user", text, None);
        }
        if let Some(results) = doc.get("tool_results") {
            tool_results(results, &mut out.messages);
        }
        for tool in doc.get("tools").into_iter().flat_map(Node::items) {
            let function = tool.get("function").unwrap_or(tool);
            if let Some(name) = function.get_str("name") {
                let kind = tool.get_str("type").unwrap_or("function");
                let parameters = function.any(&["parameters", "parameter_definitions"]);
                out.tool(kind, name, function.get_text("description"), parameters);
            }
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
        message_parts(message.unwrap_or(doc), out);
        out.end(doc.get_str("finish_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(CohereStream::default())
    }
}

/// The fields that a whole response and the last events of both streams share.
pub(super) fn envelope(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    facts.update_text(Fact::ResponseId, places!["response_id", "id", "generation_id"].find_str(doc));
    facts.update_word(Fact::ConversationId, places!["conversation_id"].find_str(doc));
    if let Some(report) = doc.any(keys!["usage", "meta"]) {
        let mut usage = USAGE.read(report);
        // Reasoning is part of the used tokens, not all of which are billed.
        usage.reasoning = usage.reasoning.filter(|reasoning| usage.output.is_none_or(|output| *reasoning <= output));
        usage.searches = places!["usage." => "billed_units.search_units"].find(report).and_then(Tree::i64);
        facts.usage.update(usage);
    }
}

fn input_message(message: Node<'_>, out: &mut Messages) {
    let role = role(message).to_ascii_lowercase();
    if let Some(results) = message.get("tool_results") {
        return tool_results(results, out);
    }
    out.begin(if role == "chatbot" { "assistant" } else { &role }, None);
    if role == "tool" {
        out.part(Part::ToolCallResponse {
            id: message.get_str("tool_call_id"),
            response: message.get("content").map_or(Payload::None, only),
        });
    } else {
        message_parts(message, out);
    }
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

/// A list of one text stands for that text.
fn only<'d>(content: Node<'d>) -> Payload<'d> {
    let mut items = content.items();
    match (items.next().filter(|item| item.get_str("type") == Some("text")), items.next()) {
        (Some(item), None) => Payload::node(item.get("text")),
        _ => Payload::node(Some(content)),
    }
}

fn message_parts(message: Node<'_>, out: &mut Messages) {
    // The model's plan for its tools is reasoning in a field of its own.
    if let Some(plan) = message.get_text("tool_plan") {
        out.part(Part::Reasoning(plan));
    }
    let mut citations = message.get("citations").filter(|citations| citations.len() > 0);
    match message.any(&["content", "message", "text"]) {
        Some(content) if content.is_array() => {
            content.items().for_each(|part| out.part(content_part(part, &mut citations)));
        }
        Some(content) => {
            if let Some(text) = content.text().filter(|text| !text.is_empty()) {
                out.part(cited(text, &mut citations));
            }
        }
        None => {}
    }
    for call in message.get("tool_calls").into_iter().flat_map(Node::items) {
        out.part(tool_call(call));
    }
}

/// The citations of a message are recorded with its first text.
fn cited<'d>(text: Text<'d>, citations: &mut Option<Node<'d>>) -> Part<'d> {
    match citations.take() {
        Some(citations) => Part::Cited { text, key: "citations", citations: Payload::Json(citations) },
        None => Part::Text(text),
    }
}

/// A call of version 2 is a function with its arguments as text; a call of version 1 has parameters.
pub(super) fn tool_call<'d>(call: Node<'d>) -> Part<'d> {
    let function = call.get("function").unwrap_or(call);
    Part::ToolCall {
        id: call.get_str("id"),
        name: Cow::Borrowed(function.get_str("name").unwrap_or_default()),
        arguments: Payload::node(function.any(&["arguments", "parameters"])),
    }
}

fn content_part<'d>(part: Node<'d>, citations: &mut Option<Node<'d>>) -> Part<'d> {
    let text = |key| part.get(key).and_then(Node::text);
    let kind = part.get_str("type").unwrap_or("unknown");
    match (kind, find(part, &["image_url.url", "image_url"])) {
        ("text", _) => match text("text") {
            Some(text) => cited(text, citations),
            None => Part::Generic { kind, fields: Payload::Json(part) },
        },
        ("thinking", _) => match text("thinking") {
            Some(text) => Part::Reasoning(text),
            None => Part::Generic { kind, fields: Payload::Json(part) },
        },
        ("image_url", Some(url)) if url.is_str() => {
            Part::from_url(url.text().unwrap_or(Text::Elided(0)), Some(Modality::Image))
        }
        _ => Part::Generic { kind, fields: Payload::Json(part) },
    }
}
