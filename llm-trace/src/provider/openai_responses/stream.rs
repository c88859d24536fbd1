//! The events of a streamed response.
//!
//! <https://platform.openai.com/docs/api-reference/responses-streaming>

use std::collections::HashMap;

use super::items::{is_client_call, output_item};
use super::{envelope, schema_reason, stop};
use crate::facts::ResponseFacts;
use crate::json::Node;
use crate::provider::error;
use crate::provider::stream::{Event, Key, Run, StreamOutput, StreamReader};

#[derive(Debug, Default)]
pub(super) struct ResponseStream {
    /// Whether an item waits for the client.
    calls: bool,
    /// The numbers of items by id, for servers that do not number them.
    items: HashMap<String, i64>,
}

/// What an event that brings a piece of output adds to.
enum Delta {
    /// A part of a message.
    Message(Run),
    /// The one text of a reasoning item.
    Reasoning,
    Arguments,
}

impl StreamReader for ResponseStream {
    fn event(
        &mut self,
        name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        let kind = doc.get_str("type").or(name).unwrap_or_default();
        let delta = match kind {
            "response.output_text.delta" => Delta::Message(Run::Text),
            "response.refusal.delta" => Delta::Message(Run::Refusal),
            "response.reasoning_text.delta"
            | "response.reasoning_summary_text.delta"
            | "response.reasoning_summary.delta" => Delta::Reasoning,
            "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta" => Delta::Arguments,
            "response.function_call_arguments.done" => return self.arguments(doc, "arguments", out),
            "response.custom_tool_call_input.done" => return self.arguments(doc, "input", out),
            "response.output_item.added" | "response.output_item.done" => return self.item(doc, out),
            _ => {
                if let Some(response) = doc.get("response").filter(|response| response.is_object()) {
                    return self.lifecycle(kind, response, facts, out);
                }
                // The pieces of tools that OpenAI runs: their items come whole when they are done.
                return Event { content: kind.ends_with(".delta"), end: false };
            }
        };
        let Some(text) = doc.get_text("delta") else { return Event::default() };
        if let Some(out) = out {
            let item = self.number(doc);
            match delta {
                Delta::Message(run) => {
                    let part = doc.get_i64("content_index").unwrap_or_default();
                    out.text(0, run, Key::Item(item, part), text);
                }
                Delta::Reasoning => out.text(0, Run::Reasoning, Key::Item(item, 0), text),
                Delta::Arguments => out.tool_call(0, Key::Item(item, 0), None, None, Some(text)),
            }
        }
        Event::CONTENT
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

    /// An item that begins, or is whole.
    fn item(&mut self, doc: Node<'_>, out: Option<&mut StreamOutput>) -> Event {
        let Some(item) = doc.get("item") else { return Event::default() };
        self.calls |= is_client_call(item);
        let number = self.number(doc);
        let mut event = Event::default();
        let mut out = out;
        if let Some(out) = out.as_deref_mut() {
            out.forget_item(0, number);
        }
        output_item(item, &mut |part, content| {
            event.content = true;
            if let Some(out) = out.as_deref_mut() {
                out.part(0, Key::Item(number, part), &content);
            }
        });
        event
    }

    /// The arguments of a call, whole.
    fn arguments(&mut self, doc: Node<'_>, key: &str, out: Option<&mut StreamOutput>) -> Event {
        if let (Some(out), Some(whole)) = (out, doc.get(key).and_then(Node::text)) {
            out.set_arguments(0, &Key::Item(self.number(doc), 0), whole);
        }
        Event::CONTENT
    }

    /// The response as a whole, at its beginning or end.
    fn lifecycle(
        &mut self,
        kind: &str,
        response: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        envelope(response, facts);
        if let Some(error) = error::read(response) {
            facts.error = Some(error);
        }
        if matches!(kind, "response.created" | "response.queued" | "response.in_progress") {
            return Event::default();
        }
        if let Some(reason) = stop(response) {
            facts.set_finish_reason(0, &reason);
        }
        // Some backends end with an empty output, and have sent the items before.
        let items = response.get("output").filter(|output| output.len() > 0);
        if let Some(items) = items {
            self.calls = items.items().any(is_client_call);
        }
        if let Some(out) = out {
            if let Some(items) = items {
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
        Event { content: false, end: stop(response).is_some() }
    }
}
