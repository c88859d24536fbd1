//! Streamed chat completions: chunks with deltas.
//!
//! <https://platform.openai.com/docs/api-reference/chat/streaming>

use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::wire::chat_message::{content_part, reasoning, redacted};
use crate::wire::openai_answer::{choices, envelope, reason, unfinished_choice};
use crate::wire::paths::{key, keys};
use crate::wire::stream::{CallFragment, Event, Key, StreamOutput, StreamReader, TextRun};
use crate::wire::text_delta::TextDelta;

pub(super) struct ChatStream;

impl StreamReader for ChatStream {
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        envelope(event, facts);
        let mut content = false;
        for (index, choice) in choices(event) {
            // A server that ignores `stream` sends the whole message.
            content |= choice.any(keys!["delta", "message"]).is_some_and(has_output);
            if let Some(reason) = reason(choice) {
                facts.set_finish_reason(index, reason);
            }
        }
        Event { content, end: false }
    }

    fn text_delta<'e>(&self, _name: Option<&str>, event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        let (choice, node) = unfinished_choice(event)?;
        let delta = node.get(key!("delta"))?;
        let (text, run) = RUNS.iter().find_map(|(key, run)| {
            let text = delta.get(*key)?.content()?;
            delta.is_only(*key, is_empty_or_role).then_some((text, *run))
        })?;
        let role = match delta.get(key!("role")) {
            Some(role) => Some(role.str()?).filter(|role| !role.is_empty()),
            None => None,
        };
        Some(TextDelta { choice, role, run, key: Key::Only, text })
    }

    fn output(&mut self, _name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        for (index, choice) in choices(event) {
            if let Some(delta) = choice.any(&["delta", "message"]) {
                read_delta(index, delta, out);
            }
            if let Some(reason) = reason(choice) {
                out.finish(index, finish_reason(reason));
            }
        }
    }
}

/// The kind of a delta's text, by key.
const RUNS: [(crate::json::Key, TextRun); 3] = [
    (key!("content"), TextRun::Text),
    (key!("reasoning_content"), TextRun::Reasoning),
    (key!("reasoning"), TextRun::Reasoning),
];

/// Whether a delta or a message has output.
fn has_output(delta: FoundNode<'_>) -> bool {
    let audio = delta.get(key!("audio")).and_then(|audio| audio.get_text(key!("transcript")));
    says(delta, keys!["content", "refusal", "reasoning_content", "reasoning", "thinking", "reasoning_text"])
        || audio.is_some()
        || delta.each(key!("content")).any(is_part)
        || delta.each(key!("images")).any(|image| !image.is_str() || image.len() > 0)
        || delta.get(key!("function_call")).is_some_and(is_call)
        || delta.each(key!("tool_calls")).any(is_call)
        || [key!("reasoning_details"), key!("thinking_blocks")]
            .into_iter()
            .filter_map(|list| delta.get(list))
            .find(|list| list.len() > 0)
            .is_some_and(|list| list.items().any(|block| says(block, keys!["text", "summary", "thinking"])))
}

/// Whether a field of a delta adds no text to the output.
fn is_empty_or_role(field: FoundNode<'_>) -> bool {
    field.is_null() || field.is_under(key!("role")) || (field.is_str() && field.len() == 0)
}

#[inline(always)]
fn says(node: FoundNode<'_>, keys: &[crate::json::Key]) -> bool {
    keys.iter().any(|key| node.get_text(*key).is_some())
}

/// Whether an element of a content list is not empty.
fn is_part(part: FoundNode<'_>) -> bool {
    match part.get_str(key!("type")) {
        _ if part.is_str() => part.len() > 0,
        Some("text" | "input_text" | "output_text") => says(part, keys!["text"]),
        Some("refusal") => says(part, keys!["refusal"]),
        Some("thinking") => {
            says(part, keys!["thinking"]) || part.each(key!("thinking")).any(|chunk| says(chunk, keys!["text"]))
        }
        Some("input_audio") => part.has(keys!["input_audio"]),
        _ => true,
    }
}

/// Whether this is a fragment of a call. Some servers send empty entries.
fn is_call(call: FoundNode<'_>) -> bool {
    let function = call.any(keys!["function", "custom"]).unwrap_or(call);
    let arguments = function.any(keys!["arguments", "input"]);
    says(call, keys!["id"])
        || says(function, keys!["name"])
        || arguments.is_some_and(|arguments| !arguments.is_str() || arguments.len() > 0)
}

fn read_delta(choice: usize, delta: Node<'_>, out: &mut StreamOutput) {
    if let Some(role) = delta.get_str("role") {
        out.role(choice, role);
    }
    reasoning(delta, &mut |text| out.text(choice, TextRun::Reasoning, Key::Only, text));
    redacted(delta, &mut |part| out.part(choice, Key::Last, &part));
    // Only the transcript of audio is recorded: pieces of base64 cannot be joined.
    let transcript = delta.get("audio").and_then(|audio| audio.get_text("transcript"));
    for (run, text) in [
        (TextRun::Text, delta.get_text("content")),
        (TextRun::Refusal, delta.get_text("refusal")),
        (TextRun::Text, transcript),
    ] {
        text.into_iter().for_each(|text| out.text(choice, run, Key::Only, text));
    }
    let lists = [delta.get("content"), delta.get("images")];
    for part in lists.into_iter().flatten().flat_map(Node::items) {
        content_part(part, &mut |part| {
            let is_text = matches!(part, Part::Text(_) | Part::Reasoning(_) | Part::Refusal(_));
            out.part(choice, if is_text { Key::Only } else { Key::Last }, &part);
        });
    }
    for source in delta.get("annotations").into_iter().flat_map(Node::items) {
        out.citation(choice, Key::Only, "annotations", source);
    }
    if let Some(function) = delta.get("function_call") {
        read_call(choice, function, out);
    }
    for call in delta.get("tool_calls").into_iter().flat_map(Node::items) {
        read_call(choice, call, out);
    }
}

fn read_call(choice: usize, call: Node<'_>, out: &mut StreamOutput) {
    let function = call.any(&["function", "custom"]).unwrap_or(call);
    let (id, name) = (call.get_str("id"), function.get_str("name"));
    let arguments = function.any(&["arguments", "input"]);
    let text = arguments.map(Node::text);
    // Some servers send empty entries.
    if id.is_none() && name.is_none() && text.is_none_or(|text| text.is_some_and(Text::is_empty)) {
        return;
    }
    let json = arguments.filter(|arguments| arguments.text().is_none()).map(Node::to_json);
    let arguments = json.as_deref().map(Text::Plain).or(text.flatten());
    let index = call.get_i64("index");
    out.call_fragment(choice, CallFragment { index, id, name, arguments, is_whole: json.is_some() });
}
