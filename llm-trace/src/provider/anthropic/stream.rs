//! The events of a streamed Anthropic message.
//!
//! <https://docs.claude.com/en/docs/build-with-claude/streaming>

use super::{RawUsage, block, envelope, server_tool};
use crate::facts::ResponseFacts;
use crate::json::{Node, Text};
use crate::message::{Part, Payload, finish_reason};
use crate::provider::stream::{Event, Key, Run, StreamOutput, StreamReader};

#[derive(Debug, Default)]
pub(super) struct MessageStream {
    usage: RawUsage,
    /// A tool call whose input came whole at its start, as some gateways send it.
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
            Some("content_block_start") => self.start(doc, out),
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
    fn start(&mut self, doc: Node<'_>, out: Option<&mut StreamOutput>) -> Event {
        let index = doc.get_i64("index").unwrap_or_default();
        let Some(node) = doc.get("content_block") else { return Event::default() };
        let Some(part) = block(node) else { return Event::default() };
        let event = Event::CONTENT;
        let Some(out) = out else { return event };
        let key = Key::Index(index);
        match part {
            Part::ToolCall { .. } | Part::ServerToolCall { .. } => {
                let input = node.get("input").filter(|input| input.len() > 0).map(Node::to_json);
                self.whole_input = input.as_ref().map(|_| index);
                let input = input.as_deref().map(Text::Plain);
                out.tool_call(0, key.clone(), node.get_str("id"), node.get_str("name"), input);
                if let Some(kind) = server_tool(node) {
                    out.server_tool(0, &key, kind);
                }
            }
            part => out.part(0, key, &part),
        }
        event
    }

    fn delta(&mut self, doc: Node<'_>, out: Option<&mut StreamOutput>) -> Event {
        let index = doc.get_i64("index").unwrap_or_default();
        let key = Key::Index(index);
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
                    if self.whole_input.take() == Some(index) {
                        out.set_arguments(0, &key, Text::Plain(""));
                    }
                    out.tool_call(0, key, None, None, Some(text));
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
