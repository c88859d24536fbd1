//! The chunks of streamGenerateContent, as server-sent events or as the elements of one array.

use super::args::Arguments;
use super::parts::part;
use super::{RawUsage, block_message, blocked, candidates, envelope, finish, finish_message, parts, update_usage};
use crate::facts::ResponseFacts;
use crate::json::{Node, Text, any};
use crate::message::{Part, finish_reason};
use crate::provider::stream::{Event, Key, Run, StreamOutput, StreamReader};

#[derive(Debug, Default)]
pub(super) struct ContentStream {
    usage: RawUsage,
    /// How many parts that are no running text have come: their keys.
    count: i64,
    /// A call whose arguments are still coming.
    open: Option<(Key, Arguments)>,
}

impl ContentStream {
    /// Reads a piece of a call whose arguments come one by one; `false` where it is none.
    fn arguments(&mut self, index: usize, part: Node<'_>, out: Option<&mut StreamOutput>) -> bool {
        let Some(call) = any!(part, "functionCall", "function_call") else { return false };
        let goes_on = any!(call, "willContinue", "will_continue").and_then(Node::bool) == Some(true);
        let begins = call.get("name").is_some();
        if begins {
            self.open = None;
            if !goes_on {
                return false;
            }
            self.count += 1;
            self.open = Some((Key::Index(self.count), Arguments::default()));
        }
        let Some((key, arguments)) = &mut self.open else { return false };
        any!(call, "partialArgs", "partial_args").into_iter().flat_map(Node::items).for_each(|arg| arguments.add(arg));
        if let Some(out) = out {
            if begins {
                out.tool_call(index, key.clone(), call.get_str("id"), call.get_str("name"), None);
            }
            if !goes_on && let Some(json) = arguments.json() {
                out.set_arguments(index, key, Text::Plain(&json));
            }
        }
        if !goes_on {
            self.open = None;
        }
        true
    }
}

impl StreamReader for ContentStream {
    fn event(
        &mut self,
        _name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        mut out: Option<&mut StreamOutput>,
    ) -> Event {
        envelope(doc, facts);
        update_usage(doc, &mut self.usage, facts);
        let mut event = Event::default();
        for (index, candidate) in candidates(doc) {
            for node in candidate.get("content").into_iter().flat_map(parts) {
                if self.arguments(index, node, out.as_deref_mut()) {
                    event.content = true;
                    continue;
                }
                let Some(part) = part(node) else { continue };
                event.content = true;
                let Some(out) = out.as_deref_mut() else { continue };
                let key = match part {
                    Part::Text(_) | Part::Reasoning(_) => Key::Last,
                    _ => {
                        self.count += 1;
                        Key::Index(self.count)
                    }
                };
                out.part(index, key, &part);
            }
            if let Some(reason) = finish(candidate) {
                facts.set_finish_reason(index, &reason);
                if let Some(out) = out.as_deref_mut() {
                    out.finish(index, finish_reason(&reason));
                }
            }
            if let (Some(out), Some(text)) = (out.as_deref_mut(), finish_message(candidate)) {
                out.text(index, Run::Refusal, Key::Last, text);
            }
        }
        if let Some(reason) = blocked(doc) {
            facts.set_finish_reason(0, &reason);
            if let (Some(out), Some(text)) = (out, block_message(doc)) {
                out.text(0, Run::Refusal, Key::Last, text);
                out.finish(0, finish_reason(&reason));
            }
        }
        event
    }
}
