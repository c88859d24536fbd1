//! OpenAI's Responses API and compatible servers.
//!
//! <https://platform.openai.com/docs/api-reference/responses>

mod items;
mod stream;

use std::borrow::Cow;

use self::items::{input_item, is_client_call, output_item};
use self::stream::ResponseStream;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::openai_usage;
use crate::wire::paths::{key, keys};
use crate::wire::request_facts::{RequestFacts, request_facts};
use crate::wire::stream::StreamReader;

pub(crate) struct OpenAiResponses;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        (Fact::RequestMaxTokens, &["max_output_tokens"]),
        (Fact::RequestReasoningLevel, &["reasoning.effort"]),
        (Fact::RequestStopSequences, &[]),
        (Fact::RequestChoiceCount, &[]),
        (Fact::RequestPreviousResponseId, &["previous_response_id"]),
        (Fact::RequestPromptName, &["prompt.id"]),
        (Fact::RequestPromptVersion, &["prompt.version"]),
        (Fact::RequestServiceTier, &["service_tier"])
    ]
);

impl Reader for OpenAiResponses {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        let output_type = match doc.path(keys!["text", "format", "type"]).and_then(Tree::str) {
            Some("json_object" | "json_schema") => Some("json"),
            Some("text") => Some("text"),
            _ => None,
        };
        facts.update_text(Fact::OutputType, output_type);
        facts.update_word(Fact::ConversationId, conversation(doc));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(text) = doc.get_text("instructions") {
            out.system(Part::Text(text));
        }
        match doc.get("input") {
            Some(input) if input.is_str() => {
                out.messages.begin("user", None);
                if let Some(text) = input.text().filter(|text| !text.is_empty()) {
                    out.messages.part(Part::Text(text));
                }
                out.messages.end(None);
            }
            Some(input) => input.items().for_each(|item| input_item(item, &mut out.messages)),
            None => {}
        }
        for tool in doc.get("tools").into_iter().flat_map(Node::items) {
            define(tool, out);
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        envelope(doc, facts);
        if let Some(reason) = stop(doc) {
            facts.set_finish_reason(0, &reason);
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        let Some(items) = doc.get("output").filter(|items| items.is_array()) else { return };
        // The response has no output yet, or failed.
        if items.len() == 0 && doc.get_str("status").is_some_and(|status| status != "completed") {
            return;
        }
        out.begin("assistant", None);
        items.items().for_each(|item| output_item(item, &mut |_, part| out.part(part)));
        out.end(schema_reason(doc, items.items().any(is_client_call)).as_deref());
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(ResponseStream::default())
    }
}

/// A tool of the request: a function, or an OpenAI tool named by its type.
fn define(tool: Node<'_>, out: &mut InputContent) {
    let kind = tool.get_str("type").unwrap_or("function");
    let name = tool.any(&["name", "server_label"]).and_then(Node::str).unwrap_or(kind);
    // A custom tool has a grammar in place of parameters; a namespace contains tools.
    let parameters = tool.any(&["parameters", "format"]);
    out.tool(kind, name, tool.get_text("description"), parameters);
    if kind == "namespace" {
        tool.get("tools").into_iter().flat_map(Node::items).for_each(|tool| define(tool, out));
    }
}

/// The fields that a response and its lifecycle events share.
fn envelope(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    for (fact, key) in [
        (Fact::ResponseId, key!("id")),
        (Fact::ResponseModel, key!("model")),
        (Fact::ResponseStatus, key!("status")),
        (Fact::ResponseServiceTier, key!("service_tier")),
        (Fact::ResponseSystemFingerprint, key!("system_fingerprint")),
    ] {
        facts.update_text(fact, doc.get_str(key));
    }
    facts.update_word(Fact::ConversationId, conversation(doc));
    openai_usage::of_answer(doc, facts);
}

/// The conversation's id, as a string or in an object.
fn conversation(doc: FoundNode<'_>) -> Option<&str> {
    let conversation = doc.get(key!("conversation"))?;
    conversation.str().or_else(|| conversation.get_str(key!("id")))
}

/// The finish reason: the status of the response, or the reason if it is incomplete.
fn stop<'d, T: Tree<'d>>(doc: T) -> Option<Cow<'d, str>> {
    let status = doc.get_str(key!("status"))?;
    match status {
        "queued" | "in_progress" => None,
        "incomplete" => {
            let reason = doc.path(keys!["incomplete_details", "reason"]).and_then(Tree::str);
            Some(Cow::Borrowed(reason.unwrap_or(status)))
        }
        _ => Some(Cow::Borrowed(status)),
    }
}

/// The finish reason by the schema. A response that waits for tools of the client is complete too.
fn schema_reason(doc: Node<'_>, calls: bool) -> Option<Cow<'_, str>> {
    let stop = stop(doc)?;
    Some(match &*stop {
        "completed" if calls => Cow::Borrowed("tool_call"),
        word => Cow::Owned(finish_reason(word).to_owned()),
    })
}

#[cfg(test)]
mod tests;
