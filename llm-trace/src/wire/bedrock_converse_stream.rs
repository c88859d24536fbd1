//! Amazon Bedrock's ConverseStream, and the streams of Amazon Nova through InvokeModel.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use super::bedrock_block::{media, member, only};
use super::bedrock_converse::metadata;
use super::paths::{key, keys};
use super::stream::{CallFragment, Event, Key, StreamOutput, StreamReader, TextRun};
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{Part, Payload, finish_reason};
use crate::model::facts::{ErrorFacts, ResponseFacts};

#[derive(Default)]
pub(super) struct ConverseStream {
    /// The id and type of the server-side tool's result whose block is open.
    result: Option<(Option<String>, String)>,
}

const EVENTS: &[crate::json::Key] =
    keys!["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];

/// Whether the document is an event with its name, or the content of one.
pub(super) fn is_event<'d, T: Tree<'d>>(doc: T) -> bool {
    doc.has(EVENTS)
}

/// In the binary stream a header holds the event's type. In decoded events it is the name of the only member.
fn unwrap<'n, 'd, T: Tree<'d>>(name: Option<&'n str>, event: T) -> (&'n str, T) {
    let named = EVENTS.iter().find_map(|key| Some((key.name, event.get(*key).filter(|body| body.is_object())?)));
    named.unwrap_or((name.unwrap_or_default(), event))
}

impl StreamReader for ConverseStream {
    fn event(&mut self, name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        if let Some(error) = exception(name, event) {
            facts.error = Some(error);
            return Event { end: true, ..Event::default() };
        }
        let (kind, body) = unwrap(name, event);
        let mut event = Event::default();
        match kind {
            "contentBlockStart" | "contentBlockDelta" => {
                event.content = body.any(keys!["start", "delta"]).is_some_and(has_output);
            }
            "messageStop" => {
                if let Some(reason) = body.get_str(key!("stopReason")) {
                    facts.set_finish_reason(0, reason);
                }
            }
            "metadata" => metadata(body, facts),
            _ => {}
        }
        event
    }

    fn output(&mut self, name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        if exception(name, event).is_some() {
            return;
        }
        let (kind, body) = unwrap(name, event);
        match kind {
            "messageStart" => {
                if let Some(role) = body.get_str("role") {
                    out.role(0, role);
                }
            }
            "contentBlockStart" | "contentBlockDelta" => {
                let index = body.get_i64("contentBlockIndex");
                if let Some((kind, block)) = body.any(&["start", "delta"]).and_then(member) {
                    self.block(kind, block, index, out);
                }
            }
            "messageStop" => {
                if let Some(reason) = body.get_str("stopReason") {
                    out.finish(0, finish_reason(reason));
                }
            }
            _ => {}
        }
    }
}

/// Whether the start or a delta of a content block holds output.
fn has_output(block: FoundNode<'_>) -> bool {
    if let Some(text) = block.get(key!("text")) {
        return text.len() > 0;
    }
    if let Some(reasoning) = block.get(key!("reasoningContent")) {
        return reasoning.get_text(key!("text")).is_some();
    }
    block.get(key!("citation")).is_none() && block.len() > usize::from(block.field(key!("type")).is_some())
}

impl ConverseStream {
    /// Reads the start or a delta of a content block.
    fn block(&mut self, kind: &str, block: Node<'_>, index: Option<i64>, out: &mut StreamOutput) {
        let key = Key::Index(index.unwrap_or_default());
        match kind {
            "text" => text(out, TextRun::Text, key, block.text()),
            "reasoningContent" => text(out, TextRun::Reasoning, key, block.get_text("text")),
            // The source of the text in the same block.
            "citation" => out.citation(0, key, "citations", block),
            "toolUse" => {
                let name = block.get_str("name");
                let (id, arguments) = (block.get_str("toolUseId"), block.get_text("input"));
                let key = out.call_fragment(0, CallFragment { index, id, name, arguments, is_whole: false });
                if block.get_str("type") == Some("server_tool_use") {
                    out.server_tool(0, &key, name.unwrap_or_default());
                }
            }
            // The start names the call; the deltas are lists.
            "toolResult" if block.is_object() => {
                let kind = block.get_str("type").unwrap_or("toolResult");
                self.result = Some((block.get_str("toolUseId").map(str::to_owned), kind.to_owned()));
            }
            "toolResult" => {
                let (id, kind) = self.result.as_ref().map_or((None, kind), |(id, kind)| (id.as_deref(), kind));
                out.whole(0, key, &Part::ServerToolCallResponse { id, kind, response: only(block) });
            }
            // The start holds the format only.
            "image" if block.get("source").is_none() => {}
            "image" => out.whole(0, Key::Last, &media(kind, block)),
            _ => out.whole(0, key, &Part::Generic { kind, fields: Payload::Json(block) }),
        }
    }
}

fn text(out: &mut StreamOutput, run: TextRun, key: Key, text: Option<Text<'_>>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        out.text(0, run, key, text);
    }
}

const EXCEPTIONS: &[crate::json::Key] = keys![
    "internalServerException",
    "modelStreamErrorException",
    "modelTimeoutException",
    "serviceUnavailableException",
    "throttlingException",
    "validationException",
];

/// An exception in place of an event: named by the header, or by the member's name in decoded events.
pub(super) fn exception<'d, T: Tree<'d>>(name: Option<&str>, event: T) -> Option<ErrorFacts> {
    let (kind, body) = match name.filter(|name| name.ends_with("Exception")) {
        Some(name) => (name, event),
        None => EXCEPTIONS.iter().find_map(|key| Some((key.name, event.get(*key).filter(|body| body.is_object())?)))?,
    };
    Some(ErrorFacts {
        code: None,
        kind: Some(kind.to_owned()),
        status: body.get_i64(key!("originalStatusCode")).and_then(|status| u16::try_from(status).ok()),
        message: body.any(keys!["message", "Message", "originalMessage"]).and_then(Tree::str).map(str::to_owned),
    })
}
