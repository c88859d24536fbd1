//! Messages and their parts, in requests and whole responses.

use std::borrow::Cow;

use super::reasoning;
use crate::json::{Node, Text};
use crate::message::{Messages, Modality, Part, Payload, role};
use crate::wire::joined_text::JoinedText;

/// One message of the history.
pub(in super::super) fn input(message: Node<'_>, out: &mut Messages) {
    let role = role(message);
    if role == "tool" || role == "function" {
        out.begin(role, None);
        out.part(Part::ToolCallResponse {
            id: message.get_str("tool_call_id").or_else(|| message.get_str("name")),
            response: Payload::node(message.get("content")),
        });
    } else {
        out.begin(role, message.get_str("name").filter(|name| !name.is_empty()));
        parts(message, out);
    }
    out.end(None);
}

/// The parts of one message, in the order in which models produce them.
pub(in super::super) fn parts(message: Node<'_>, out: &mut Messages) {
    reasoning(message, &mut |text| out.part(Part::Reasoning(text)));
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
        tool_call(None, call, out);
    }
    for call in message.get("tool_calls").into_iter().flat_map(Node::items) {
        tool_call(call.get_str("id"), call.any(&["function", "custom"]).unwrap_or(call), out);
    }
}

fn content(message: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let Some(content) = message.get("content") else { return };
    let Some(text) = content.text() else {
        return content.items().for_each(|part| content_part(part, each));
    };
    if text.is_empty() {
        return;
    }
    match message.get("annotations").filter(|citations| citations.len() > 0) {
        Some(citations) => each(Part::Cited { text, key: "annotations", citations: Payload::Json(citations) }),
        None => each(Part::Text(text)),
    }
}

fn tool_call(id: Option<&str>, function: Node<'_>, out: &mut Messages) {
    let name = Cow::Borrowed(function.get_str("name").unwrap_or_default());
    out.part(Part::ToolCall { id, name, arguments: Payload::node(function.any(&["arguments", "input"])) });
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

/// One content part of a message or of a streamed delta.
pub(super) fn content_part(part: Node<'_>, each: &mut dyn FnMut(Part<'_>)) {
    let kind = part.get_str("type").unwrap_or("unknown");
    match kind {
        _ if part.is_str() => part.text().filter(|text| !text.is_empty()).map(Part::Text).into_iter().for_each(each),
        "text" | "input_text" | "output_text" => part.get_text("text").map(Part::Text).into_iter().for_each(each),
        "refusal" => part.get_text("refusal").map(Part::Refusal).into_iter().for_each(each),
        // Mistral's parts.
        "thinking" => thinking(part, each),
        "image_url" | "input_image" => media(part, &["image_url"], Modality::Image, each),
        "video_url" => media(part, &["video_url"], Modality::Video, each),
        "audio_url" => media(part, &["audio_url"], Modality::Audio, each),
        "document_url" => media(part, &["document_url"], Modality::Document, each),
        "input_audio" => audio(part, each),
        "file" | "input_file" => file(part.get("file").unwrap_or(part), each),
        _ => each(Part::Generic { kind, fields: Payload::Json(part) }),
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
