//! Streamed chat completions: chunks with deltas.
//!
//! <https://platform.openai.com/docs/api-reference/chat/streaming>

use super::super::openai_answer::{choices, envelope, reason};
use super::super::stream::{CallFragment, Event, Key, Run, StreamOutput, StreamReader};
use super::message::content_part;
use super::reasoning;
use crate::facts::ResponseFacts;
use crate::json::{Node, Text, any};
use crate::message::finish_reason;

pub(super) struct ChatStream;

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
                event.content |= read_delta(index, delta, out.as_deref_mut());
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

/// Reads a delta; tells whether it carried output.
fn read_delta(choice: usize, delta: Node<'_>, mut out: Option<&mut StreamOutput>) -> bool {
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
        content |= read_call(choice, function, out.as_deref_mut());
    }
    for call in delta.get("tool_calls").into_iter().flat_map(Node::items) {
        content |= read_call(choice, call, out.as_deref_mut());
    }
    content
}

/// Reads a fragment of a tool call; tells whether it was one.
fn read_call(choice: usize, call: Node<'_>, out: Option<&mut StreamOutput>) -> bool {
    let function = any!(call, "function", "custom").unwrap_or(call);
    let (id, name) = (call.get_str("id"), function.get_str("name"));
    let arguments = any!(function, "arguments", "input");
    let text = arguments.map(|arguments| arguments.text());
    // Some servers fill the list with calls that are none.
    if id.is_none() && name.is_none() && text.is_none_or(|text| text.is_some_and(Text::is_empty)) {
        return false;
    }
    let Some(out) = out else { return true };
    let json = arguments.filter(|arguments| arguments.text().is_none()).map(Node::to_json);
    let arguments = json.as_deref().map(Text::Plain).or(text.flatten());
    let index = call.get_i64("index");
    out.call_fragment(choice, CallFragment { index, id, name, arguments, is_whole: json.is_some() });
    true
}
