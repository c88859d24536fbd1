//! The events of a streamed Anthropic message.
//!
//! <https://docs.claude.com/en/docs/build-with-claude/streaming>

use super::block::{block, server_tool};
use super::{RawUsage, envelope};
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{Part, Payload, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::Fact;
use crate::wire::fields::field_paths;
use crate::wire::paths::{key, keys};
use crate::wire::stream::{CallFragment, Event, Key, StreamOutput, StreamReader, TextRun};
use crate::wire::text_delta::TextDelta;

#[derive(Debug, Default)]
pub(super) struct MessageStream {
    usage: RawUsage,
    /// The index of a tool call whose complete input came in its first event, as from some gateways.
    whole_input: Option<i64>,
}

impl StreamReader for MessageStream {
    fn event(&mut self, name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        match event.get_str(key!("type")).or(name) {
            Some("message_start") => {
                if let Some(message) = event.get(key!("message")) {
                    envelope(message, facts, &mut self.usage);
                }
            }
            Some("content_block_start") => {
                let Some(block) = event.get(key!("content_block")) else { return Event::default() };
                // A fallback model takes over and generates the response.
                if block.get_str(key!("type")) == Some("fallback") {
                    let other = block.path(keys!["to", "model"]).and_then(Tree::str);
                    facts.update_text(Fact::ResponseModel, other);
                }
                return Event { content: begins_output(block), end: false };
            }
            Some("content_block_delta") => {
                let content = event.get(key!("delta")).is_some_and(adds_output);
                return Event { content, end: false };
            }
            Some("message_delta") => {
                if let Some(reason) = field_paths!["delta.stop_reason"].find(event).and_then(Tree::str) {
                    facts.set_finish_reason(0, reason);
                }
                if let Some(report) = event.get(key!("usage")) {
                    self.usage.report(report, facts);
                }
            }
            Some("message_stop") => return Event { content: false, end: true },
            _ => {}
        }
        Event::default()
    }

    fn text_delta<'e>(&self, _name: Option<&str>, event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        if event.get_str(key!("type"))? != "content_block_delta" {
            return None;
        }
        let delta = event.get(key!("delta"))?;
        let (run, text) = match delta.get_str(key!("type"))? {
            "text_delta" => (TextRun::Text, delta.get(key!("text"))?),
            "thinking_delta" => (TextRun::Reasoning, delta.get(key!("thinking"))?),
            _ => return None,
        };
        let index = event.get_i64(key!("index")).unwrap_or_default();
        Some(TextDelta { choice: 0, role: None, run, key: Key::Index(index), text: text.content()? })
    }

    fn output(&mut self, name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        match event.get_str("type").or(name) {
            Some("content_block_start") => self.start(event, out),
            Some("content_block_delta") => self.delta(event, out),
            Some("message_delta") => {
                if let Some(reason) = event.path(&["delta", "stop_reason"]).and_then(Node::str) {
                    out.finish(0, finish_reason(reason));
                }
            }
            _ => {}
        }
    }
}

/// Whether the first event of a block holds output.
fn begins_output(block: FoundNode<'_>) -> bool {
    match block.get_str(key!("type")) {
        Some("text") => block.get_text(key!("text")).is_some(),
        Some("thinking") => block.get_text(key!("thinking")).is_some(),
        _ => true,
    }
}

fn adds_output(delta: FoundNode<'_>) -> bool {
    match delta.get_str(key!("type")) {
        Some("text_delta") => delta.get_text(key!("text")).is_some(),
        Some("thinking_delta") => delta.get_text(key!("thinking")).is_some(),
        Some("input_json_delta") => delta.get_text(key!("partial_json")).is_some(),
        kind => kind == Some("compaction_delta"),
    }
}

impl MessageStream {
    fn start(&mut self, doc: Node<'_>, out: &mut StreamOutput) {
        let index = doc.get_i64("index");
        let Some(node) = doc.get("content_block") else { return };
        let Some(part) = block(node) else { return };
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
                // A tool without arguments is called with `{}`, and no delta repeats it.
                if json.is_none() && input.is_some_and(Node::is_object) {
                    out.set_empty_object(0, &key);
                }
                if let Some(kind) = server_tool(node) {
                    out.server_tool(0, &key, kind);
                }
            }
            part => out.part(0, Key::Index(index.unwrap_or_default()), &part),
        }
    }

    fn delta(&mut self, doc: Node<'_>, out: &mut StreamOutput) {
        let index = doc.get_i64("index");
        let key = Key::Index(index.unwrap_or_default());
        let Some(delta) = doc.get("delta") else { return };
        match delta.get_str("type") {
            Some("text_delta") => {
                delta.get_text("text").into_iter().for_each(|text| out.text(0, TextRun::Text, key.clone(), text));
            }
            Some("thinking_delta") => {
                delta
                    .get_text("thinking")
                    .into_iter()
                    .for_each(|text| out.text(0, TextRun::Reasoning, key.clone(), text));
            }
            Some("input_json_delta") => {
                let Some(text) = delta.get_text("partial_json") else { return };
                let is_whole = index.is_some() && self.whole_input.take_if(|whole| Some(*whole) == index).is_some();
                let arguments = Some(text);
                out.call_fragment(0, CallFragment { index, arguments, is_whole, ..CallFragment::default() });
            }
            Some("citations_delta") => {
                if let Some(source) = delta.get("citation") {
                    out.citation(0, key, "citations", source);
                }
            }
            Some("compaction_delta") => {
                if let Some(text) = delta.get_text("content") {
                    out.whole(0, key, &Part::Generic { kind: "compaction", fields: Payload::Str(text) });
                }
            }
            _ => {}
        }
    }
}
