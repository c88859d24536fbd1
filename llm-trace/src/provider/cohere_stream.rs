//! Cohere's streams: version 1 names its events in `event_type`, version 2 in `type`.
//!
//! <https://docs.cohere.com/docs/streaming>, <https://docs.cohere.com/v1/reference/chat-stream>

use super::Reader;
use super::cohere_chat::{CohereChat, envelope, tool_call};
use super::fields::{find, find_str};
use super::stream::{CallFragment, Event, Key, Run, StreamOutput, StreamReader};
use crate::facts::ResponseFacts;
use crate::json::{Node, Text};
use crate::message::finish_reason;

#[derive(Default)]
pub(super) struct CohereStream {
    /// Whether anything of the output has come piece by piece.
    pieces: bool,
    /// Whether tool calls have: version 1 sends them whole once more.
    call_pieces: bool,
}

impl StreamReader for CohereStream {
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        match doc.get_str("type").or(name) {
            Some(kind) if doc.get("event_type").is_none() && doc.get("is_finished").is_none() => {
                self.version_2(kind, doc, facts, out)
            }
            _ => self.version_1(doc, facts, out),
        }
    }
}

impl CohereStream {
    fn version_2(
        &mut self,
        kind: &str,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        mut out: Option<&mut StreamOutput>,
    ) -> Event {
        let key = Key::Index(doc.get_i64("index").unwrap_or_default());
        let message = find(doc, &["delta.message"]);
        let mut event = Event::default();
        match kind {
            "message-start" => {
                envelope(doc, facts);
                if let (Some(out), Some(role)) = (out, message.and_then(|message| message.get_str("role"))) {
                    out.role(0, role);
                }
            }
            "content-start" | "content-delta" | "tool-plan-delta" => {
                let content = message.and_then(|message| message.get("content"));
                for (run, key, text) in [
                    (Run::Reasoning, Key::Last, message.and_then(|message| message.get_text("tool_plan"))),
                    (Run::Reasoning, key.clone(), content.and_then(|content| content.get_text("thinking"))),
                    (Run::Text, key, content.and_then(|content| content.get_text("text"))),
                ] {
                    let Some(text) = text else { continue };
                    event.content = true;
                    if let Some(out) = out.as_deref_mut() {
                        out.text(0, run, key, text);
                    }
                }
            }
            "tool-call-start" | "tool-call-delta" => {
                event.content = true;
                let call = message.and_then(|message| message.get("tool_calls"));
                if let (Some(out), Some(call)) = (out, call) {
                    let function = call.get("function").unwrap_or(call);
                    let (id, name) = (call.get_str("id"), function.get_str("name"));
                    let (index, arguments) = (doc.get_i64("index"), function.get_text("arguments"));
                    out.call_fragment(0, CallFragment { index, id, name, arguments, is_whole: false });
                }
            }
            "citation-start" => {
                let source = message.and_then(|message| message.get("citations"));
                if let (Some(out), Some(source)) = (out, source) {
                    let text = source.get_i64("content_index").unwrap_or_default();
                    out.citation(0, Key::Index(text), "citations", source);
                }
            }
            "message-end" => {
                event.end = true;
                if let Some(delta) = doc.get("delta") {
                    envelope(delta, facts);
                    finish(delta, facts, out);
                }
            }
            _ => {}
        }
        self.pieces |= event.content;
        event
    }

    fn version_1(&mut self, doc: Node<'_>, facts: &mut ResponseFacts, mut out: Option<&mut StreamOutput>) -> Event {
        let mut event = Event { end: doc.get_bool("is_finished") == Some(true), content: false };
        // `generate` numbers the answers that it gives side by side.
        let choice = doc.get_i64("index").and_then(|index| usize::try_from(index).ok()).unwrap_or_default();
        match doc.get_str("event_type") {
            Some("stream-start") => envelope(doc, facts),
            Some("tool-calls-generation") => {
                event.content = true;
                if let Some(out) = out.filter(|_| !self.call_pieces) {
                    for (at, call) in (0..).zip(doc.get("tool_calls").into_iter().flat_map(Node::items)) {
                        out.part(0, Key::Index(at), &tool_call(call));
                    }
                }
            }
            Some("tool-calls-chunk") => {
                event.content = true;
                if let Some(out) = out.as_deref_mut() {
                    match doc.get("tool_call_delta") {
                        Some(delta) => {
                            self.call_pieces = true;
                            let (name, arguments) = (delta.get_str("name"), delta.get_text("parameters"));
                            let index = delta.get_i64("index");
                            out.call_fragment(0, CallFragment { index, name, arguments, ..CallFragment::default() });
                        }
                        None => {
                            out.text(0, Run::Reasoning, Key::Last, doc.get_text("text").unwrap_or(Text::Plain("")));
                        }
                    }
                }
            }
            Some("citation-generation") => {
                for source in doc.get("citations").into_iter().flat_map(Node::items) {
                    if let Some(out) = out.as_deref_mut() {
                        out.citation(0, Key::Last, "citations", source);
                    }
                }
            }
            _ => {
                if let Some(text) = doc.get_text("text") {
                    event.content = true;
                    if let Some(out) = out.as_deref_mut() {
                        out.text(choice, Run::Text, Key::Last, text);
                    }
                }
                if let Some(answer) = doc.get("response") {
                    CohereChat.response(answer, facts);
                    self.whole_answer(answer, out.as_deref_mut());
                }
                finish(doc, facts, out);
            }
        }
        self.pieces |= event.content;
        event
    }

    /// The last event repeats the whole answer: of use only if nothing of it came before.
    fn whole_answer(&self, answer: Node<'_>, out: Option<&mut StreamOutput>) {
        let Some(out) = out else { return };
        if let Some(reason) = find_str(answer, &["finish_reason"]) {
            out.finish(0, finish_reason(reason));
        }
        if self.pieces {
            return;
        }
        if let Some(text) = answer.get_text("text") {
            out.text(0, Run::Text, Key::Last, text);
        }
        for (at, call) in (0..).zip(answer.get("tool_calls").into_iter().flat_map(Node::items)) {
            out.part(0, Key::Index(at), &tool_call(call));
        }
        for (choice, generation) in answer.get("generations").into_iter().flat_map(Node::items).enumerate() {
            if let Some(text) = generation.get_text("text") {
                out.text(choice, Run::Text, Key::Last, text);
            }
        }
    }
}

fn finish(doc: Node<'_>, facts: &mut ResponseFacts, out: Option<&mut StreamOutput>) {
    if let Some(reason) = doc.get_str("finish_reason") {
        facts.set_finish_reason(0, reason);
        if let Some(out) = out {
            out.finish(0, finish_reason(reason));
        }
    }
}
