//! Messages in requests and whole responses of every chat format.
//!
//! A message is read by its own fields, whatever the format of its request: servers accept the messages of several
//! formats, and a request without a known path can be ambiguous.

use std::borrow::Cow;

use super::anthropic::block::block;
use super::bedrock_block;
use super::joined_text::JoinedText;
use crate::json::{Node, Text};
use crate::message::{Messages, Modality, Part, Payload, role};

/// One message of the history.
pub(super) fn input(message: Node<'_>, out: &mut Messages) {
    let role = role(message);
    if role == "tool" || role == "function" {
        out.begin(role, None);
        out.part(Part::ToolCallResponse {
            id: message.get_str("tool_call_id").or_else(|| message.get_str("name")),
            response: message.get("content").map_or(Payload::None, only),
        });
    } else {
        out.begin(role, message.get_str("name").filter(|name| !name.is_empty()));
        parts(message, out);
    }
    out.end(None);
}

/// A list of one text stands for that text.
pub(super) fn only<'d>(content: Node<'d>) -> Payload<'d> {
    let mut items = content.items();
    match (items.next().filter(|item| item.get_str("type") == Some("text")), items.next()) {
        (Some(item), None) => Payload::node(item.get("text")),
        _ => Payload::node(Some(content)),
    }
}

/// The parts of one message, in the order in which models produce them.
pub(super) fn parts(message: Node<'_>, out: &mut Messages) {
    reasoning(message, &mut |text| out.part(Part::Reasoning(text)));
    redacted(message, &mut |part| out.part(part));
    content(message, &mut |part| out.part(part));
    if let Some(text) = message.get_text("refusal") {
        out.part(Part::Refusal(text));
    }
    if let Some(audio) = message.get("audio") {
        audio_output(audio, out);
    }
    for image in message.get("images").into_iter().flat_map(Node::items) {
        match image.text() {
            Some(content) => out.part(picture(content)),
            None => content_part(image, &mut |part| out.part(part)),
        }
    }
    // Some servers send the field in every message; without a name there is no call.
    if let Some(call) = message.get("function_call").filter(|call| call.get_str("name").is_some()) {
        out.part(tool_call(call));
    }
    message.get("tool_calls").into_iter().flat_map(Node::items).for_each(|call| out.part(tool_call(call)));
}

/// The content, with the citations of the message at its first text. Cohere's version 1 has other names.
fn content(message: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let Some(content) = message.any(&["content", "message", "text"]) else { return };
    let lists = ["annotations", "citations"].into_iter();
    let mut notes = lists.filter_map(|key| Some((key, message.get(key)?))).find(|(_, notes)| notes.len() > 0);
    let mut cite = |part: Part<'_>| match part {
        Part::Text(text) => each(match notes.take() {
            Some((key, citations)) => Part::Cited { text, key, citations: Payload::Json(citations) },
            None => Part::Text(text),
        }),
        part => each(part),
    };
    content_parts(content, &mut cite);
}

/// The parts of a content, which is a text or a list of parts.
pub(super) fn content_parts(content: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    match content.text() {
        Some(text) if text.is_empty() => {}
        Some(text) => each(Part::Text(text)),
        None => content.items().for_each(|part| content_part(part, each)),
    }
}

/// A call: a function with its arguments, or, in Cohere's version 1, parameters.
pub(super) fn tool_call<'d>(call: Node<'d>) -> Part<'d> {
    let function = call.any(&["function", "custom"]).unwrap_or(call);
    let name = Cow::Borrowed(function.get_str("name").unwrap_or_default());
    let arguments = Payload::node(function.any(&["arguments", "input", "parameters"]));
    Part::ToolCall { id: call.get_str("id"), name, arguments }
}

/// An image as a URL, or in base64 as in Ollama's messages.
fn picture(content: Text<'_>) -> Part<'_> {
    match content {
        Text::Plain(url) if is_url(url) => Part::from_url(content, Some(Modality::Image)),
        content => Part::Blob { modality: Modality::Image, mime_type: None, content },
    }
}

/// A model's audio output: the transcript and the audio.
fn audio_output(audio: Node<'_>, out: &mut Messages) {
    if let Some(text) = audio.get_text("transcript") {
        out.part(Part::Text(text));
    }
    match (audio.get_text("data"), audio.get_str("id")) {
        (Some(content), _) => out.part(Part::Blob { modality: Modality::Audio, mime_type: None, content }),
        (None, Some(file_id)) => out.part(Part::File { modality: Modality::Audio, mime_type: None, file_id }),
        (None, None) => {}
    }
}

/// One content part of a message or of a streamed delta. Parts of Converse have no type.
pub(super) fn content_part(part: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let Some(kind) = part.get_str("type") else {
        return match part.text() {
            Some(text) if text.is_empty() => {}
            Some(text) => each(Part::Text(text)),
            None => bedrock_block::parts(part, each),
        };
    };
    match kind {
        "input_text" | "output_text" => part.get_text("text").map(Part::Text).into_iter().for_each(each),
        "refusal" => part.get_text("refusal").map(Part::Refusal).into_iter().for_each(each),
        "thinking" => thinking(part, each),
        "image_url" | "input_image" => media(part, &["image_url"], Modality::Image, each),
        "video_url" => media(part, &["video_url"], Modality::Video, each),
        "audio_url" => media(part, &["audio_url"], Modality::Audio, each),
        "document_url" => media(part, &["document_url"], Modality::Document, each),
        "input_audio" => audio(part, each),
        "file" | "input_file" => file(part.get("file").unwrap_or(part), each),
        _ => block(part).into_iter().for_each(each),
    }
}

/// One thought, possibly a list of pieces.
fn thinking(part: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let Some(thinking) = part.get("thinking") else { return };
    let pieces = thinking.items().filter_map(|chunk| chunk.get_text("text"));
    if let Some(text) = JoinedText::of(thinking.text().into_iter().chain(pieces)) {
        each(Part::Reasoning(text.as_text()));
    }
}

/// A URL, as a string or in an object. Data URLs hold the media.
fn media(part: Node<'_>, keys: &[&str], modality: Modality, each: &mut dyn FnMut(Part<'_>)) {
    let url = part.any(keys).and_then(|url| url.text().or_else(|| url.get_text("url")));
    match (url, part.get_str("file_id")) {
        (None, Some(file_id)) => each(Part::File { modality, mime_type: None, file_id }),
        (url, _) => each(Part::from_url(url.unwrap_or(Text::Elided(0)), Some(modality))),
    }
}

fn audio(part: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let Some(audio) = part.get("input_audio") else { return };
    // OpenAI has an object here, Mistral base64 or a URL.
    let content = audio.text().or_else(|| audio.get_text("data")).unwrap_or(Text::Elided(0));
    each(match content {
        Text::Plain(url) if is_url(url) => Part::from_url(content, Some(Modality::Audio)),
        _ => Part::Blob {
            modality: Modality::Audio,
            mime_type: audio.get_str("format").map(|format| Cow::Owned(format!("audio/{format}"))),
            content,
        },
    });
}

fn file(file: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let content = file.any(&["file_data", "file_url"]).and_then(Node::text).filter(|data| !data.is_empty());
    match (content, file.get_str("file_id")) {
        (Some(Text::Plain(url)), _) if is_url(url) => each(Part::from_url(Text::Plain(url), Some(Modality::Document))),
        (Some(content), _) => each(Part::Blob { modality: Modality::Document, mime_type: None, content }),
        (None, Some(file_id)) => each(Part::File { modality: Modality::Document, mime_type: None, file_id }),
        (None, None) => each(Part::Generic { kind: "file", fields: Payload::Json(file) }),
    }
}

fn is_url(text: &str) -> bool {
    ["data:", "http://", "https://"].iter().any(|scheme| text.starts_with(scheme))
}

/// The reasoning of a message or delta, from the first field that is present, because several fields may repeat the
/// same text. The fields are those of DeepSeek, Groq and vLLM, Ollama, Copilot and Cohere; then the lists of OpenRouter
/// and LiteLLM.
pub(super) fn reasoning(message: Node<'_>, each: &mut dyn FnMut(Text<'_>)) {
    let names = ["reasoning_content", "reasoning", "thinking", "reasoning_text", "tool_plan"];
    if let Some(text) = names.into_iter().find_map(|name| message.get_text(name)) {
        return each(text);
    }
    let lists = ["reasoning_details", "thinking_blocks"].into_iter().filter_map(|name| message.get(name));
    let Some(blocks) = lists.into_iter().find(|list| list.len() > 0) else { return };
    // Pieces of the same block have the same index.
    let mut pieces = blocks.items().filter_map(thought).peekable();
    while let Some((index, first)) = pieces.next() {
        let mut more = Vec::new();
        while let Some((_, next)) = pieces.next_if(|(next, _)| index.is_some() && *next == index) {
            more.push(next);
        }
        if let Some(text) = JoinedText::of(std::iter::once(first).chain(more)) {
            each(text.as_text());
        }
    }
}

/// Thoughts of Anthropic's models that only the provider can read, beside the content as LiteLLM passes them on.
pub(super) fn redacted(message: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let blocks = message.get("thinking_blocks").into_iter().flat_map(Node::items);
    blocks.filter(|block| block.get_str("type") == Some("redacted_thinking")).filter_map(block).for_each(each);
}

/// The text and the index of a reasoning block.
fn thought(block: Node<'_>) -> Option<(Option<i64>, Text<'_>)> {
    let text = ["text", "summary", "thinking"].into_iter().find_map(|name| block.get_text(name))?;
    Some((block.get_i64("index"), text))
}
