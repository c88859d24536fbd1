//! The chunks of streamGenerateContent, as server-sent events or as the elements of one array.

use super::args::Arguments;
use super::parts::part;
use super::{RawUsage, block_message, blocked, candidates, envelope, finish, finish_message, parts, update_usage};
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::wire::paths::{key, keys};
use crate::wire::stream::{Event, Key, StreamOutput, StreamReader, TextRun};
use crate::wire::text_delta::TextDelta;

#[derive(Debug, Default)]
pub(super) struct ContentStream {
    usage: RawUsage,
    /// The number of parts without running text; used as their keys.
    count: i64,
    /// A call whose arguments are incomplete.
    open: Option<(Key, Arguments)>,
}

impl ContentStream {
    /// Reads a piece of a call whose arguments are streamed. Returns `false` if the part is none.
    fn arguments(&mut self, index: usize, part: Node<'_>, out: &mut StreamOutput) -> bool {
        let Some(call) = part.any(&["functionCall", "function_call"]) else { return false };
        let goes_on = call.any(&["willContinue", "will_continue"]).and_then(Node::bool) == Some(true);
        let begins = call.get("name").is_some();
        if begins {
            self.open = None;
            if !goes_on {
                return false;
            }
            self.count = self.count.saturating_add(1);
            self.open = Some((Key::Index(self.count), Arguments::default()));
        }
        let Some((key, arguments)) = &mut self.open else { return false };
        call.any(&["partialArgs", "partial_args"]).into_iter().flat_map(Node::items).for_each(|arg| arguments.add(arg));
        if begins {
            out.tool_call(index, key.clone(), call.get_str("id"), call.get_str("name"), None);
        }
        if !goes_on && let Some(json) = arguments.json() {
            out.set_arguments(index, key, Text::Plain(&json));
        }
        if !goes_on {
            self.open = None;
        }
        true
    }
}

/// Fields that describe a part and are not its content.
pub(super) const ASIDES: &[crate::json::Key] = keys![
    "thought",
    "thoughtSignature",
    "thought_signature",
    "videoMetadata",
    "video_metadata",
    "mediaResolution",
    "media_resolution",
    "partMetadata",
    "part_metadata",
];

/// Whether a part has content.
fn has_output(part: FoundNode<'_>) -> bool {
    let asides = ASIDES.iter().filter(|key| part.field(**key).is_some()).count();
    match (part.len().saturating_sub(asides), part.get(key!("text"))) {
        (1, Some(text)) => text.len() > 0,
        (others, _) => others > 0,
    }
}

impl StreamReader for ContentStream {
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        envelope(event, facts);
        update_usage(event, &mut self.usage, facts);
        let mut content = false;
        for (index, candidate) in candidates(event) {
            if let Some(parts) = candidate.get(key!("content")).and_then(|content| content.get(key!("parts"))) {
                content |= if parts.is_array() { parts.items().any(has_output) } else { parts.len() > 0 };
            }
            if let Some(reason) = finish(candidate) {
                facts.set_finish_reason(index, &reason);
            }
        }
        if let Some(reason) = blocked(event) {
            facts.set_finish_reason(0, &reason);
        }
        Event { content, end: false }
    }

    fn text_delta<'e>(&self, _name: Option<&str>, event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        let (choice, candidate) =
            candidates(event).next().filter(|_| event.get(key!("candidates")).is_some_and(|all| all.len() == 1))?;
        if candidate.has(keys!["finishReason", "finish_reason"]) {
            return None;
        }
        let parts =
            candidate.get(key!("content"))?.get(key!("parts")).filter(|parts| parts.is_array() && parts.len() == 1)?;
        let part = parts.first()?;
        let text = part.get(key!("text"))?.content()?;
        let is_aside = |field: FoundNode<'_>| field.is_null() || ASIDES.iter().any(|key| field.is_under(*key));
        let is_thought = part.get_bool(key!("thought")) == Some(true);
        let run = if is_thought { TextRun::Reasoning } else { TextRun::Text };
        part.is_only(key!("text"), is_aside).then_some(TextDelta { choice, role: None, run, key: Key::Last, text })
    }

    fn output(&mut self, _name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        for (index, candidate) in candidates(event) {
            for node in candidate.get("content").into_iter().flat_map(parts) {
                if self.arguments(index, node, out) {
                    continue;
                }
                let Some(part) = part(node) else { continue };
                let key = match part {
                    Part::Text(_) | Part::Reasoning(_) => Key::Last,
                    _ => {
                        self.count = self.count.saturating_add(1);
                        Key::Index(self.count)
                    }
                };
                out.part(index, key, &part);
            }
            if let Some(reason) = finish(candidate) {
                out.finish(index, finish_reason(&reason));
            }
            if let Some(text) = finish_message(candidate) {
                out.text(index, TextRun::Refusal, Key::Last, text);
            }
        }
        if let Some(reason) = blocked(event)
            && let Some(text) = block_message(event)
        {
            out.text(0, TextRun::Refusal, Key::Last, text);
            out.finish(0, finish_reason(&reason));
        }
    }
}
