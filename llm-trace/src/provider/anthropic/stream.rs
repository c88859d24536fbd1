//! The events of a streamed Anthropic message.
//!
//! <https://docs.claude.com/en/docs/build-with-claude/streaming>

use super::{RawUsage, block, envelope, server_tool};
use crate::facts::ResponseFacts;
use crate::json::{Node, Text};
use crate::message::{Part, Payload, finish_reason};
use crate::provider::stream::{CallFragment, Event, Key, Run, StreamOutput, StreamReader};

#[derive(Debug, Default)]
pub(super) struct MessageStream {
    usage: RawUsage,
    /// The index of a tool call whose input came whole at its start, as some gateways send it.
    whole_input: Option<i64>,
}

impl StreamReader for MessageStream {
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        match doc.get_str("type").or(name) {
            Some("message_start") => {
                if let Some(message) = doc.get("message") {
                    envelope(message, facts, &mut self.usage);
                }
                Event::default()
            }
            Some("content_block_start") => self.start(doc, facts, out),
            Some("content_block_delta") => self.delta(doc, out),
            Some("message_delta") => {
                self.finish(doc, facts, out);
                Event::default()
            }
            Some("message_stop") => Event { content: false, end: true },
            _ => Event::default(),
        }
    }
}

impl MessageStream {
    fn start(&mut self, doc: Node<'_>, facts: &mut ResponseFacts, out: Option<&mut StreamOutput>) -> Event {
        let index = doc.get_i64("index");
        let Some(node) = doc.get("content_block") else { return Event::default() };
        // Another model goes on: it is the one that answers.
        if node.get_str("type") == Some("fallback") {
            facts.model = node.get("to").and_then(|to| to.get_owned("model")).or(facts.model.take());
        }
        let Some(part) = block(node) else { return Event::default() };
        let event = Event::CONTENT;
        let Some(out) = out else { return event };
        match part {
            Part::ToolCall { .. } | Part::ServerToolCall { .. } => {
                let input = node.get("input");
                let json = input.filter(|input| input.len() > 0).map(Node::to_json);
                self.whole_input = json.as_ref().and(index);
                let key = out.call_fragment(
                    0,
                    CallFragment {
                        index,
                        id: node.get_str("id"),
                        name: node.get_str("name"),
                        arguments: json.as_deref().map(Text::Plain),
                        is_whole: false,
                    },
                );
                // A tool without arguments is called with `{}`: no delta tells so once more.
                if json.is_none() && input.is_some_and(Node::is_object) {
                    out.set_empty_object(0, &key);
                }
                if let Some(kind) = server_tool(node) {
                    out.server_tool(0, &key, kind);
                }
            }
            part => out.part(0, Key::Index(index.unwrap_or_default()), &part),
        }
        event
    }

    fn delta(&mut self, doc: Node<'_>, out: Option<&mut StreamOutput>) -> Event {
        let index = doc.get_i64("index");
        let key = Key::Index(index.unwrap_or_default());
        let Some(delta) = doc.get("delta") else { return Event::default() };
        let (field, run) = match delta.get_str("type") {
            Some("text_delta") => ("text", Some(Run::Text)),
            Some("thinking_delta") => ("thinking", Some(Run::Reasoning)),
            Some("input_json_delta") => ("partial_json", None),
            Some("citations_delta") => {
                if let (Some(out), Some(source)) = (out, delta.get("citation")) {
                    out.citation(0, key, "citations", source);
                }
                return Event::default();
            }
            Some("compaction_delta") => {
                if let (Some(out), Some(text)) = (out, delta.get_text("content")) {
                    out.whole(0, key, &Part::Generic { kind: "compaction", fields: Payload::Str(text) });
                }
                return Event::CONTENT;
            }
            _ => return Event::default(),
        };
        let Some(text) = delta.get_text(field) else { return Event::default() };
        if let Some(out) = out {
            match run {
                Some(run) => out.text(0, run, key, text),
                None => {
                    let is_whole = index.is_some() && self.whole_input.take_if(|whole| Some(*whole) == index).is_some();
                    let arguments = Some(text);
                    out.call_fragment(0, CallFragment { index, arguments, is_whole, ..CallFragment::default() });
                }
            }
        }
        Event::CONTENT
    }

    fn finish(&mut self, doc: Node<'_>, facts: &mut ResponseFacts, out: Option<&mut StreamOutput>) {
        if let Some(reason) = doc.path(&["delta", "stop_reason"]).and_then(Node::str) {
            facts.set_finish_reason(0, reason);
            if let Some(out) = out {
                out.finish(0, finish_reason(reason));
            }
        }
        if let Some(report) = doc.get("usage") {
            self.usage.report(report, facts);
        }
    }
}
