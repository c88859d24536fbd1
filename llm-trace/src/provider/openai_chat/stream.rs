//! Streamed chat completions: chunks with deltas.
//!
//! <https://platform.openai.com/docs/api-reference/chat/streaming>

use std::collections::HashMap;

use super::super::openai_answer::{choices, envelope, reason};
use super::super::stream::{Event, Key, Run, StreamOutput, StreamReader};
use super::message::content_part;
use super::reasoning;
use crate::facts::ResponseFacts;
use crate::json::{Node, Text, any};
use crate::message::finish_reason;

/// More calls than this in one stream are no real ones.
const MAX_CALLS: usize = 1024;

#[derive(Default)]
pub(super) struct ChatStream {
    calls: Calls,
}

impl StreamReader for ChatStream {
    fn event(
        &mut self,
        _name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        mut out: Option<&mut StreamOutput>,
    ) -> Event {
        envelope(doc, facts);
        let mut event = Event::default();
        for (index, choice) in choices(doc) {
            // A server that does not stream after all sends its message whole.
            if let Some(delta) = any!(choice, "delta", "message") {
                event.content |= self.delta(index, delta, out.as_deref_mut());
            }
            if let Some(reason) = reason(choice) {
                facts.set_finish_reason(index, reason);
                if let Some(out) = out.as_deref_mut() {
                    out.finish(index, finish_reason(reason));
                }
            }
        }
        event
    }
}

impl ChatStream {
    /// Reads a delta; tells whether it carried output.
    fn delta(&mut self, choice: usize, delta: Node<'_>, mut out: Option<&mut StreamOutput>) -> bool {
        let mut content = false;
        if let (Some(role), Some(out)) = (delta.get_str("role").filter(|role| !role.is_empty()), out.as_deref_mut()) {
            out.role(choice, role);
        }
        let mut run = |run: Run, text: Text<'_>| {
            content = true;
            if let Some(out) = out.as_deref_mut() {
                out.text(choice, run, Key::Last, text);
            }
        };
        reasoning(delta, &mut |text| run(Run::Reasoning, text));
        delta.get_text("content").into_iter().for_each(|text| run(Run::Text, text));
        delta.get_text("refusal").into_iter().for_each(|text| run(Run::Refusal, text));
        // Of sound the words are kept: pieces of base64 cannot be joined.
        let transcript = delta.get("audio").and_then(|audio| audio.get_text("transcript"));
        transcript.into_iter().for_each(|text| run(Run::Text, text));
        let lists = [delta.get("content"), delta.get("images")];
        for part in lists.into_iter().flatten().flat_map(Node::items) {
            content_part(part, &mut |part| {
                content = true;
                if let Some(out) = out.as_deref_mut() {
                    out.part(choice, Key::Last, &part);
                }
            });
        }
        for source in delta.get("annotations").into_iter().flat_map(Node::items) {
            if let Some(out) = out.as_deref_mut() {
                out.citation(choice, Key::Last, "annotations", source);
            }
        }
        if let Some(function) = delta.get("function_call") {
            content = true;
            if let Some(out) = out.as_deref_mut() {
                let arguments = function.get_text("arguments");
                out.tool_call(choice, Key::Id("function_call".to_owned()), None, function.get_str("name"), arguments);
            }
        }
        for (at, call) in delta.get("tool_calls").into_iter().flat_map(Node::items).enumerate() {
            content |= self.tool_call(choice, at, call, out.as_deref_mut());
        }
        content
    }

    fn tool_call(&mut self, choice: usize, at: usize, call: Node<'_>, out: Option<&mut StreamOutput>) -> bool {
        let function = any!(call, "function", "custom").unwrap_or(call);
        let id = call.get_str("id").filter(|id| !id.is_empty());
        let name = function.get_str("name").filter(|name| !name.is_empty());
        let arguments = any!(function, "arguments", "input");
        if id.is_none() && name.is_none() && arguments.is_none() {
            return false;
        }
        let Some(out) = out else { return true };
        let key = self.key(choice, at, call.get_i64("index"), id, name.is_some());
        match arguments {
            Some(whole) if whole.text().is_none() => {
                out.tool_call(choice, key.clone(), id, name, None);
                out.set_arguments(choice, &key, Text::Plain(&whole.to_json()));
            }
            arguments => out.tool_call(choice, key, id, name, arguments.and_then(Node::text)),
        }
        true
    }

    /// Which call a delta belongs to. Not every server numbers its calls: some number none, some
    /// number all of them 0 and tell them apart by id, some send a new id with each delta.
    fn key(&mut self, choice: usize, at: usize, index: Option<i64>, id: Option<&str>, named: bool) -> Key {
        let known = id.and_then(|id| self.calls.by_id(choice, id)).or_else(|| {
            // Without number and id, a name begins a call, and anything else continues the last.
            let begins = index.is_none() && named;
            self.calls.last(choice, index, id.filter(|_| named)).filter(|_| !begins)
        });
        let found = known.unwrap_or_else(|| {
            let index = index.unwrap_or_else(|| i64::try_from(at).unwrap_or_default());
            self.calls.begin(choice, index, id.unwrap_or_default())
        });
        Key::Index(i64::try_from(found).unwrap_or_default())
    }
}

/// The tool calls that have begun, found by what a delta may name them by.
#[derive(Default)]
struct Calls {
    count: usize,
    by_id: HashMap<(usize, String), usize>,
    /// The last of each index, the last without an id, and the last of all.
    by_index: HashMap<(usize, i64), Last>,
    of_choice: HashMap<usize, Last>,
}

/// The call that began last, with its id, and the last that has none.
#[derive(Default)]
struct Last {
    call: Option<(usize, String)>,
    without_id: Option<usize>,
}

impl Last {
    fn set(&mut self, call: usize, id: &str) {
        self.call = Some((call, id.to_owned()));
        if id.is_empty() {
            self.without_id = Some(call);
        }
    }

    /// The last that can be the one of this id: of another id it is not.
    fn get(&self, id: Option<&str>) -> Option<usize> {
        match (&self.call, id) {
            (Some((call, known)), Some(id)) if known.is_empty() || known == id => Some(*call),
            (_, Some(_)) => self.without_id,
            (call, None) => call.as_ref().map(|(call, _)| *call),
        }
    }
}

impl Calls {
    fn by_id(&self, choice: usize, id: &str) -> Option<usize> {
        self.by_id.get(&(choice, id.to_owned())).copied()
    }

    fn last(&self, choice: usize, index: Option<i64>, id: Option<&str>) -> Option<usize> {
        match index {
            Some(index) => self.by_index.get(&(choice, index))?.get(id),
            None => self.of_choice.get(&choice)?.get(id),
        }
    }

    fn begin(&mut self, choice: usize, index: i64, id: &str) -> usize {
        if self.count >= MAX_CALLS {
            return MAX_CALLS;
        }
        let call = self.count;
        self.count += 1;
        if !id.is_empty() {
            self.by_id.insert((choice, id.to_owned()), call);
        }
        self.by_index.entry((choice, index)).or_default().set(call, id);
        self.of_choice.entry(choice).or_default().set(call, id);
        call
    }
}
