//! Amazon Bedrock's ConverseStream, and the streams of Amazon Nova through InvokeModel.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use super::bedrock_converse::{media, member, metadata, only};
use super::stream::{CallFragment, Event, Key, Run, StreamOutput, StreamReader};
use crate::facts::{ErrorFacts, ResponseFacts};
use crate::json::{Node, Text, any};
use crate::message::{Part, Payload, finish_reason};

#[derive(Default)]
pub(super) struct ConverseStream {
    /// The id and type of the server-side tool's result whose block is open.
    result: Option<(Option<String>, String)>,
}

pub(super) const EVENTS: &[&str] =
    &["messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];

impl StreamReader for ConverseStream {
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        if let Some(error) = exception(name, doc) {
            facts.error = Some(error);
            return Event { end: true, ..Event::default() };
        }
        // In the binary stream the event's type is a header; decoded, it is the name of the one member.
        let wrapped = doc.items().find(|field| EVENTS.contains(&field.key()) && field.is_object());
        let (kind, body) = wrapped.map_or((name.unwrap_or_default(), doc), |body| (body.key(), body));
        let index = body.get_i64("contentBlockIndex");
        let mut event = Event::default();
        match kind {
            "messageStart" => {
                if let (Some(out), Some(role)) = (out, body.get_str("role")) {
                    out.role(0, role);
                }
            }
            "contentBlockStart" | "contentBlockDelta" => {
                if let Some((kind, block)) = any!(body, "start", "delta").and_then(member) {
                    event.content = self.block(kind, block, index, out);
                }
            }
            "messageStop" => {
                if let Some(reason) = body.get_str("stopReason") {
                    facts.set_finish_reason(0, reason);
                    if let Some(out) = out {
                        out.finish(0, finish_reason(reason));
                    }
                }
            }
            "metadata" => metadata(body, facts),
            _ => {}
        }
        event
    }
}

impl ConverseStream {
    /// Reads the beginning of a content block, or more of it. Whether it held output.
    fn block(&mut self, kind: &str, block: Node<'_>, index: Option<i64>, out: Option<&mut StreamOutput>) -> bool {
        let Some(out) = out else {
            return match kind {
                "text" => block.len() > 0,
                "reasoningContent" => block.get_text("text").is_some(),
                other => other != "citation",
            };
        };
        let key = Key::Index(index.unwrap_or_default());
        match kind {
            "text" => return text(out, Run::Text, key, block.text()),
            "reasoningContent" => return text(out, Run::Reasoning, key, block.get_text("text")),
            // The source of the text that comes in the same block.
            "citation" => {
                out.citation(0, key, "citations", block);
                return false;
            }
            "toolUse" => {
                let name = block.get_str("name");
                let (id, arguments) = (block.get_str("toolUseId"), block.get_text("input"));
                let key = out.call_fragment(0, CallFragment { index, id, name, arguments, is_whole: false });
                if block.get_str("type") == Some("server_tool_use") {
                    out.server_tool(0, &key, name.unwrap_or_default());
                }
            }
            // The beginning names the call, what follows is a list.
            "toolResult" if block.is_object() => {
                let kind = block.get_str("type").unwrap_or("toolResult");
                self.result = Some((block.get_str("toolUseId").map(str::to_owned), kind.to_owned()));
            }
            "toolResult" => {
                let (id, kind) = self.result.as_ref().map_or((None, kind), |(id, kind)| (id.as_deref(), kind));
                out.whole(0, key, &Part::ServerToolCallResponse { id, kind, response: only(block) });
            }
            // The beginning tells the format alone.
            "image" if block.get("source").is_none() => {}
            "image" => out.whole(0, Key::Last, &media(kind, block)),
            _ => out.whole(0, key, &Part::Generic { kind, fields: Payload::Json(block) }),
        }
        true
    }
}

fn text(out: &mut StreamOutput, run: Run, key: Key, text: Option<Text<'_>>) -> bool {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return false };
    out.text(0, run, key, text);
    true
}

/// An exception in place of an event: told by the header, or by the member's name once decoded.
pub(super) fn exception(name: Option<&str>, doc: Node<'_>) -> Option<ErrorFacts> {
    let is_exception = |name: &str| name.ends_with("Exception");
    let (kind, body) = match name.filter(|name| is_exception(name)) {
        Some(name) => (name, doc),
        None => member(doc).filter(|(name, body)| is_exception(name) && body.is_object())?,
    };
    Some(ErrorFacts {
        code: None,
        kind: Some(kind.to_owned()),
        status: body.get_i64("originalStatusCode").and_then(|status| u16::try_from(status).ok()),
        message: any!(body, "message", "Message", "originalMessage").and_then(Node::str).map(str::to_owned),
    })
}
