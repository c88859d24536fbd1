//! The chunks of streamGenerateContent, as server-sent events or as the elements of one array.

use super::gemini::{RawUsage, blocked, candidates, envelope, finish, parts, schema_reason, update_usage};
use super::gemini_parts::part;
use super::stream::{Event, Key, StreamOutput, StreamReader};
use crate::facts::ResponseFacts;
use crate::json::Node;
use crate::message::{Part, finish_reason};

#[derive(Debug, Default)]
pub(super) struct ContentStream {
    usage: RawUsage,
    /// How many parts that are no running text have come: their keys.
    count: i64,
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
            for part in candidate.get("content").into_iter().flat_map(parts).filter_map(part) {
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
                    out.finish(index, schema_reason(&reason));
                }
            }
        }
        if let Some(reason) = blocked(doc) {
            facts.set_finish_reason(0, reason);
            if let Some(out) = out.as_deref_mut() {
                out.finish(0, finish_reason(reason));
            }
        }
        event
    }
}
