//! Cohere's streams: version 1 names its events in `event_type`, version 2 in `type`.
//!
//! <https://docs.cohere.com/docs/streaming>, <https://docs.cohere.com/v1/reference/chat-stream>

use super::Reader;
use super::chat_message::tool_call;
use super::cohere_chat::{CohereChat, envelope};
use super::fields::{field_paths, find};
use super::paths::{key, keys};
use super::stream::{CallFragment, Event, Key, StreamOutput, StreamReader, TextRun};
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::finish_reason;
use crate::model::facts::ResponseFacts;

#[derive(Default)]
pub(super) struct CohereStream {
    /// Part of the output came in deltas.
    pieces: bool,
    /// Tool calls came in deltas. Version 1 repeats them as a whole.
    call_pieces: bool,
}

/// Version 2 names its events in `type`, or by the framing.
fn version_2<'n, 'd: 'n, T: Tree<'d>>(name: Option<&'n str>, event: T) -> Option<&'n str> {
    let kind = event.get_str(key!("type")).or(name)?;
    Some(kind).filter(|_| !event.has(keys!["event_type", "is_finished"]))
}

impl StreamReader for CohereStream {
    fn event(&mut self, name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        match version_2(name, event) {
            Some(kind) => facts_2(kind, event, facts),
            None => facts_1(event, facts),
        }
    }

    fn output(&mut self, name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        match version_2(name, event) {
            Some(kind) => self.output_2(kind, event, out),
            None => self.output_1(event, out),
        }
    }
}

fn facts_2(kind: &str, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
    let content = match kind {
        "message-start" => {
            envelope(event, facts);
            false
        }
        "content-start" | "content-delta" | "tool-plan-delta" => {
            let message = field_paths!["delta.message"].find(event);
            let content = message.and_then(|message| message.get(key!("content")));
            message.is_some_and(|message| message.get_text(key!("tool_plan")).is_some())
                || content.is_some_and(|content| {
                    content.get_text(key!("text")).is_some() || content.get_text(key!("thinking")).is_some()
                })
        }
        "tool-call-start" | "tool-call-delta" => true,
        "message-end" => {
            if let Some(delta) = event.get(key!("delta")) {
                envelope(delta, facts);
                finish(delta, facts);
            }
            return Event { content: false, end: true };
        }
        _ => false,
    };
    Event { content, end: false }
}

fn facts_1(event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
    let end = event.get_bool(key!("is_finished")) == Some(true);
    let content = match event.get_str(key!("event_type")) {
        Some("stream-start") => {
            envelope(event, facts);
            false
        }
        Some("tool-calls-generation" | "tool-calls-chunk") => true,
        Some("citation-generation") => false,
        _ => {
            if let Some(answer) = event.get(key!("response")) {
                CohereChat.response(answer, facts);
            }
            finish(event, facts);
            event.get_text(key!("text")).is_some()
        }
    };
    Event { content, end }
}

fn finish(event: FoundNode<'_>, facts: &mut ResponseFacts) {
    if let Some(reason) = event.get_str(key!("finish_reason")) {
        facts.set_finish_reason(0, reason);
    }
}

fn finish_output(event: Node<'_>, out: &mut StreamOutput) {
    if let Some(reason) = event.get_str("finish_reason") {
        out.finish(0, finish_reason(reason));
    }
}

impl CohereStream {
    fn output_2(&mut self, kind: &str, event: Node<'_>, out: &mut StreamOutput) {
        let key = Key::Index(event.get_i64("index").unwrap_or_default());
        let message = find(event, &["delta.message"]);
        match kind {
            "message-start" => {
                if let Some(role) = message.and_then(|message| message.get_str("role")) {
                    out.role(0, role);
                }
            }
            "content-start" | "content-delta" | "tool-plan-delta" => {
                let content = message.and_then(|message| message.get("content"));
                for (run, key, text) in [
                    (TextRun::Reasoning, Key::Only, message.and_then(|message| message.get_text("tool_plan"))),
                    (TextRun::Reasoning, key.clone(), content.and_then(|content| content.get_text("thinking"))),
                    (TextRun::Text, key, content.and_then(|content| content.get_text("text"))),
                ] {
                    if let Some(text) = text {
                        self.pieces = true;
                        out.text(0, run, key, text);
                    }
                }
            }
            "tool-call-start" | "tool-call-delta" => {
                self.pieces = true;
                if let Some(call) = message.and_then(|message| message.get("tool_calls")) {
                    let function = call.get("function").unwrap_or(call);
                    let (id, name) = (call.get_str("id"), function.get_str("name"));
                    let (index, arguments) = (event.get_i64("index"), function.get_text("arguments"));
                    out.call_fragment(0, CallFragment { index, id, name, arguments, is_whole: false });
                }
            }
            "citation-start" => {
                if let Some(source) = message.and_then(|message| message.get("citations")) {
                    let text = source.get_i64("content_index").unwrap_or_default();
                    out.citation(0, Key::Index(text), "citations", source);
                }
            }
            "message-end" => {
                if let Some(delta) = event.get("delta") {
                    finish_output(delta, out);
                }
            }
            _ => {}
        }
    }

    fn output_1(&mut self, event: Node<'_>, out: &mut StreamOutput) {
        // `generate` numbers its parallel responses.
        let choice = event.get_i64("index").and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
        match event.get_str("event_type") {
            Some("stream-start") => {}
            Some("tool-calls-generation") => {
                self.pieces = true;
                if !self.call_pieces {
                    for (at, call) in (0..).zip(event.get("tool_calls").into_iter().flat_map(Node::items)) {
                        out.part(0, Key::Index(at), &tool_call(call));
                    }
                }
            }
            Some("tool-calls-chunk") => {
                self.pieces = true;
                match event.get("tool_call_delta") {
                    Some(delta) => {
                        self.call_pieces = true;
                        let (name, arguments) = (delta.get_str("name"), delta.get_text("parameters"));
                        let index = delta.get_i64("index");
                        out.call_fragment(0, CallFragment { index, name, arguments, ..CallFragment::default() });
                    }
                    None => {
                        out.text(0, TextRun::Reasoning, Key::Only, event.get_text("text").unwrap_or(Text::Plain("")))
                    }
                }
            }
            Some("citation-generation") => {
                for source in event.get("citations").into_iter().flat_map(Node::items) {
                    out.citation(0, Key::Only, "citations", source);
                }
            }
            _ => {
                // The last event repeats the whole response, which is needed only if no delta came before.
                let had_pieces = self.pieces;
                if let Some(text) = event.get_text("text") {
                    self.pieces = true;
                    out.text(choice, TextRun::Text, Key::Only, text);
                }
                if let Some(answer) = event.get("response") {
                    whole_answer(answer, had_pieces, out);
                }
                finish_output(event, out);
            }
        }
    }
}

fn whole_answer(answer: Node<'_>, had_pieces: bool, out: &mut StreamOutput) {
    if let Some(reason) = answer.get_str("finish_reason").filter(|reason| !reason.is_empty()) {
        out.finish(0, finish_reason(reason));
    }
    if had_pieces {
        return;
    }
    if let Some(text) = answer.get_text("text") {
        out.text(0, TextRun::Text, Key::Only, text);
    }
    for (at, call) in (0..).zip(answer.get("tool_calls").into_iter().flat_map(Node::items)) {
        out.part(0, Key::Index(at), &tool_call(call));
    }
    for (choice, generation) in answer.get("generations").into_iter().flat_map(Node::items).enumerate() {
        if let Some(text) = generation.get_text("text") {
            out.text(choice, TextRun::Text, Key::Only, text);
        }
    }
}
