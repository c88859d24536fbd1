//! The events of a streamed response.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming>

use std::collections::HashMap;

use super::items::{is_client_call, output_item};
use super::{envelope, schema_reason, stop};
use crate::json::{FoundNode, Node, Tree};
use crate::model::facts::ResponseFacts;
use crate::wire::error;
use crate::wire::paths::key;
use crate::wire::stream::{Event, Key, StreamOutput, StreamReader, TextRun};
use crate::wire::text_delta::TextDelta;

#[derive(Debug, Default)]
pub(super) struct ResponseStream {
    /// An item waits for the client.
    calls: bool,
    /// Numbers of items by id, for servers that do not number them.
    items: HashMap<String, i64>,
}

/// The target of a delta event.
enum Delta {
    /// A part of a message.
    Message(TextRun),
    /// The only text of a reasoning item.
    Reasoning,
    Arguments,
}

/// The effect of an event on the output.
enum Kind {
    Delta(Delta),
    /// The complete arguments of a call, under this key.
    Arguments(&'static str),
    /// The start of an item, or a complete item.
    Item,
    /// The response at its start or end; or a delta of a tool that OpenAI runs, whose item arrives complete at its end.
    Other,
}

fn kind_of(kind: &str) -> Kind {
    Kind::Delta(match kind {
        "response.output_text.delta" => Delta::Message(TextRun::Text),
        "response.refusal.delta" => Delta::Message(TextRun::Refusal),
        "response.reasoning_text.delta"
        | "response.reasoning_summary_text.delta"
        | "response.reasoning_summary.delta" => Delta::Reasoning,
        "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => Delta::Arguments,
        "response.function_call_arguments.done" => return Kind::Arguments("arguments"),
        "response.custom_tool_call_input.done" => return Kind::Arguments("input"),
        "response.output_item.added" | "response.output_item.done" => return Kind::Item,
        _ => return Kind::Other,
    })
}

impl StreamReader for ResponseStream {
    fn event(&mut self, name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        let kind = event.get_str(key!("type")).or(name).unwrap_or_default();
        let content = match kind_of(kind) {
            Kind::Delta(_) => event.get_text(key!("delta")).is_some(),
            Kind::Arguments(_) => true,
            Kind::Item => event.get(key!("item")).is_some_and(has_output),
            Kind::Other => match event.get(key!("response")).filter(|response| response.is_object()) {
                Some(response) => return lifecycle(kind, response, facts),
                None => kind.ends_with(".delta"),
            },
        };
        Event { content, end: false }
    }

    fn text_delta<'e>(&self, _name: Option<&str>, event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        let Kind::Delta(delta) = kind_of(event.get_str(key!("type"))?) else { return None };
        // An item without a number gets one when its document is read.
        let item = event.get_i64(key!("output_index"))?;
        let (run, part) = match delta {
            Delta::Message(run) => (run, event.get_i64(key!("content_index")).unwrap_or_default()),
            Delta::Reasoning => (TextRun::Reasoning, 0),
            Delta::Arguments => return None,
        };
        let text = event.get(key!("delta"))?.content()?;
        Some(TextDelta { choice: 0, role: None, run, key: Key::Item(item, part), text })
    }

    fn output(&mut self, name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        let kind = event.get_str("type").or(name).unwrap_or_default();
        match kind_of(kind) {
            Kind::Delta(delta) => {
                let Some(text) = event.get_text("delta") else { return };
                let item = self.number(event);
                match delta {
                    Delta::Message(run) => {
                        let part = event.get_i64("content_index").unwrap_or_default();
                        out.text(0, run, Key::Item(item, part), text);
                    }
                    Delta::Reasoning => out.text(0, TextRun::Reasoning, Key::Item(item, 0), text),
                    Delta::Arguments => out.tool_call(0, Key::Item(item, 0), None, None, Some(text)),
                }
            }
            Kind::Arguments(key) => {
                if let Some(whole) = event.get(key).and_then(Node::text) {
                    out.set_arguments(0, &Key::Item(self.number(event), 0), whole);
                }
            }
            Kind::Item => self.item(event, out),
            Kind::Other => {
                if let Some(response) = event.get("response").filter(|response| response.is_object()) {
                    self.end(kind, response, out);
                }
            }
        }
    }
}

/// Whether the response has only started.
fn is_beginning(kind: &str) -> bool {
    matches!(kind, "response.created" | "response.queued" | "response.in_progress")
}

/// Reads the facts of a lifecycle event.
fn lifecycle(kind: &str, response: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
    envelope(response, facts);
    if let Some(error) = error::read(response) {
        facts.error = Some(error);
    }
    let stop = stop(response).filter(|_| !is_beginning(kind));
    if let Some(reason) = &stop {
        facts.set_finish_reason(0, reason);
    }
    Event { content: false, end: stop.is_some() }
}

/// Whether an item has output. The first event of a message is empty.
fn has_output(item: FoundNode<'_>) -> bool {
    let kind = item.get_str(key!("type"));
    let says = |part: FoundNode<'_>| part.get_text(key!("text")).is_some();
    match kind.unwrap_or(if item.get(key!("role")).is_some() { "message" } else { "unknown" }) {
        "message" => item.get(key!("content")).is_some_and(|content| content.len() > 0),
        "reasoning" => item.each(key!("summary")).chain(item.each(key!("content"))).any(says),
        _ => true,
    }
}

impl ResponseStream {
    /// The number of the item that an event belongs to.
    fn number(&mut self, doc: Node<'_>) -> i64 {
        if let Some(number) = doc.get_i64("output_index") {
            return number;
        }
        let item = doc.get("item");
        let Some(id) = doc.get_str("item_id").or_else(|| item.and_then(|item| item.get_str("id"))) else { return 0 };
        if let Some(known) = self.items.get(id) {
            return *known;
        }
        let next = i64::try_from(self.items.len()).unwrap_or(i64::MAX);
        self.items.insert(id.to_owned(), next);
        next
    }

    /// Reads the start of an item, or a complete item.
    fn item(&mut self, event: Node<'_>, out: &mut StreamOutput) {
        let Some(item) = event.get("item") else { return };
        self.calls |= is_client_call(item);
        let number = self.number(event);
        out.forget_item(0, number);
        output_item(item, &mut |part, content| out.part(0, Key::Item(number, part), &content));
    }

    /// Reads the output of the complete response.
    fn end(&mut self, kind: &str, response: Node<'_>, out: &mut StreamOutput) {
        if is_beginning(kind) {
            return;
        }
        // Some backends send the items earlier and end with an empty output.
        if let Some(items) = response.get("output").filter(|output| output.len() > 0) {
            self.calls = items.items().any(is_client_call);
            out.clear();
            for (number, item) in (0..).zip(items.items()) {
                output_item(item, &mut |part, content| out.part(0, Key::Item(number, part), &content));
            }
        }
        let reason = schema_reason(response, self.calls);
        if let Some(reason) = reason.filter(|reason| reason != "error" || !out.is_empty()) {
            out.finish(0, &reason);
        }
    }
}
