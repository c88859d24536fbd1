//! OpenAI chat completions, and every server that speaks it.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

use std::borrow::Cow;

use super::Reader;
use super::stream::{Event, Key, Run, StreamOutput, StreamReader};
use crate::facts::{Fact, RequestFacts, ResponseFacts, Usage};
use crate::json::{Node, Text};
use crate::message::{InputContent, Messages, Modality, Part, Payload, finish_reason};

pub(crate) struct OpenAiChat;

impl Reader for OpenAiChat {
    fn request(&self, doc: Node<'_>, facts: &mut RequestFacts) {
        facts.model = doc.get_str("model").map(str::to_owned);
        facts.temperature = doc.get_f64("temperature");
        facts.top_p = doc.get_f64("top_p");
        facts.top_k = doc.get_f64("top_k");
        facts.max_tokens = doc.any(&["max_completion_tokens", "max_tokens"]).and_then(Node::i64);
        facts.frequency_penalty = doc.get_f64("frequency_penalty");
        facts.presence_penalty = doc.get_f64("presence_penalty");
        facts.seed = doc.get_i64("seed");
        facts.stop_sequences = doc.get("stop").map(Node::strings);
        facts.choice_count = doc.get_i64("n");
        facts.stream = doc.get_bool("stream");
        facts.output_type = match doc.path(&["response_format", "type"]).and_then(Node::str) {
            Some("json_object" | "json_schema") => Some("json"),
            Some("text") => Some("text"),
            _ => None,
        };
        facts.service_tier = doc.get_str("service_tier").map(str::to_owned);
        facts.reasoning_level = doc.get_str("reasoning_effort").map(str::to_owned);
        facts.extra.push(("openai.api.type", Fact::Str("chat_completions".to_owned())));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        for message in doc.get("messages").into_iter().flat_map(Node::items) {
            input_message(message, &mut out.messages);
        }
        for definition in doc.get("tools").into_iter().flat_map(Node::items) {
            tool(definition, out);
        }
    }

    fn response(&self, doc: Node<'_>, facts: &mut ResponseFacts) {
        envelope(doc, facts);
        for (index, choice) in choices(doc) {
            if let Some(reason) = choice.get_str("finish_reason") {
                facts.set_finish_reason(index, reason);
            }
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        for (_, choice) in choices(doc) {
            let Some(message) = choice.get("message") else { continue };
            output_message(message, choice.get_str("finish_reason").map(finish_reason), out);
        }
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(ChatStream)
    }
}

/// What answers and chunks have in common.
fn envelope(doc: Node<'_>, facts: &mut ResponseFacts) {
    for (known, key) in [
        (&mut facts.id, "id"),
        (&mut facts.model, "model"),
        (&mut facts.service_tier, "service_tier"),
        (&mut facts.system_fingerprint, "system_fingerprint"),
    ] {
        if let Some(value) = doc.get_str(key).filter(|value| !value.is_empty()) {
            *known = Some(value.to_owned());
        }
    }
    if let Some(usage) = doc.get("usage") {
        facts.usage.update(read_usage(usage));
    }
}

fn read_usage(usage: Node<'_>) -> Usage {
    let input = usage.get("prompt_tokens_details");
    let output = usage.get("completion_tokens_details");
    Usage {
        input: usage.get_i64("prompt_tokens"),
        output: usage.get_i64("completion_tokens"),
        cache_read: input.and_then(|details| details.get_i64("cached_tokens")),
        reasoning: output.and_then(|details| details.get_i64("reasoning_tokens")),
        ..Usage::default()
    }
}

fn choices(doc: Node<'_>) -> impl Iterator<Item = (usize, Node<'_>)> {
    doc.get("choices").into_iter().flat_map(Node::items).enumerate().map(|(at, choice)| {
        let index = choice.get_i64("index").and_then(|i| usize::try_from(i).ok());
        (index.unwrap_or(at), choice)
    })
}

/// One tool definition.
pub(super) fn tool(definition: Node<'_>, out: &mut InputContent) {
    let function = definition.get("function").unwrap_or(definition);
    if let Some(name) = function.get_str("name") {
        let kind = definition.get_str("type").unwrap_or("function");
        let parameters = function.any(&["parameters", "input_schema"]);
        out.tool(kind, name, function.get_text("description"), parameters);
    }
}

/// One output message.
pub(super) fn output_message(message: Node<'_>, finish: Option<&str>, out: &mut Messages) {
    out.begin(message.get_str("role").unwrap_or("assistant"), None);
    message_parts(message, out);
    out.end(finish);
}

/// One message of the history.
pub(super) fn input_message(message: Node<'_>, out: &mut Messages) {
    let role = message.get_str("role").unwrap_or("user");
    out.begin(role, None);
    if role == "tool" || role == "function" {
        out.part(Part::ToolCallResponse {
            id: message.get_str("tool_call_id").or_else(|| message.get_str("name")),
            response: Payload::node(message.get("content")),
        });
    } else {
        message_parts(message, out);
    }
    out.end(None);
}

fn message_parts(message: Node<'_>, out: &mut Messages) {
    if let Some(text) = message.get_text("reasoning_content") {
        out.part(Part::Reasoning(text));
    }
    match message.get("content") {
        Some(content) if content.is_array() => content.items().for_each(|part| content_part(part, out)),
        Some(content) => {
            if let Some(text) = content.text().filter(|text| !text.is_empty()) {
                out.part(Part::Text(text));
            }
        }
        None => {}
    }
    if let Some(text) = message.get_text("refusal") {
        out.part(Part::Refusal(text));
    }
    for call in message.get("tool_calls").into_iter().flat_map(Node::items) {
        let function = call.get("function").unwrap_or(call);
        out.part(Part::ToolCall {
            id: call.get_str("id"),
            name: Cow::Borrowed(function.get_str("name").unwrap_or_default()),
            arguments: Payload::node(function.get("arguments")),
        });
    }
}

fn content_part(part: Node<'_>, out: &mut Messages) {
    match part.get_str("type") {
        Some("text") => out.part(Part::Text(part.get("text").and_then(Node::text).unwrap_or(Text::Plain("")))),
        Some("image_url") => {
            let url = part.get("image_url");
            let url = url.and_then(|url| url.text().or_else(|| url.get_text("url")));
            out.part(Part::from_url(url.unwrap_or(Text::Elided(0)), Some(Modality::Image)));
        }
        other => out.part(Part::Generic { kind: other.unwrap_or("unknown"), fields: Payload::Json(part) }),
    }
}

struct ChatStream;

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
            if let Some(delta) = choice.get("delta") {
                for (run, key) in
                    [(Run::Reasoning, "reasoning_content"), (Run::Text, "content"), (Run::Refusal, "refusal")]
                {
                    let Some(text) = delta.get_text(key) else { continue };
                    event.content = true;
                    if let Some(out) = out.as_deref_mut() {
                        out.text(index, run, Key::Last, text);
                    }
                }
                for call in delta.get("tool_calls").into_iter().flat_map(Node::items) {
                    event.content = true;
                    let Some(out) = out.as_deref_mut() else { continue };
                    let function = call.get("function").unwrap_or(call);
                    let key = Key::Index(call.get_i64("index").unwrap_or_default());
                    let (id, name) = (call.get_str("id"), function.get_str("name"));
                    out.tool_call(index, key, id, name, function.get_text("arguments"));
                }
            }
            if let Some(reason) = choice.get_str("finish_reason") {
                facts.set_finish_reason(index, reason);
                if let Some(out) = out.as_deref_mut() {
                    out.finish(index, finish_reason(reason));
                }
            }
        }
        event
    }
}
