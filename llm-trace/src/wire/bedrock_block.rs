//! Content blocks of Converse, which are unions: the name of the only member is the type.

use std::borrow::Cow;

use super::fields::find;
use crate::json::Node;
use crate::message::{Modality, Part, Payload};

/// The only member of a union: its name and its value.
pub(super) fn member<'d>(union: Node<'d>) -> Option<(&'d str, Node<'d>)> {
    let field = union.fields().find(|field| field.key() != "type" && !field.is_null())?;
    Some((field.key(), field))
}

/// The parts of one content block.
pub(super) fn parts<'d>(block: Node<'d>, put: &mut dyn FnMut(Part<'d>)) {
    let Some((kind, value)) = member(block) else { return };
    match kind {
        "text" => {
            if let Some(text) = value.text().filter(|text| !text.is_empty()) {
                put(Part::Text(text));
            }
        }
        "reasoningContent" => match value.get("reasoningText") {
            Some(reasoning) => {
                if let Some(text) = reasoning.get_text("text") {
                    put(Part::Reasoning(text));
                }
            }
            None => put(Part::Generic { kind, fields: Payload::Json(value) }),
        },
        "toolUse" => put(tool_use(value)),
        "toolResult" => put(tool_result(value)),
        "image" | "video" | "audio" | "document" => put(media(kind, value)),
        "citationsContent" => cited(value, put),
        "cachePoint" => {}
        _ => put(Part::Generic { kind, fields: Payload::Json(value) }),
    }
}

/// Generated text with its sources.
fn cited<'d>(value: Node<'d>, put: &mut dyn FnMut(Part<'d>)) {
    let mut citations = value.get("citations");
    for text in value.get("content").into_iter().flat_map(Node::items).filter_map(|block| block.get_text("text")) {
        put(match citations.take() {
            Some(citations) => Part::Cited { text, key: "citations", citations: Payload::Json(citations) },
            None => Part::Text(text),
        });
    }
}

fn tool_use<'d>(call: Node<'d>) -> Part<'d> {
    let id = call.get_str("toolUseId");
    let name = call.get_str("name").unwrap_or_default();
    match call.get_str("type") {
        Some("server_tool_use") => {
            Part::ServerToolCall { id, name: Cow::Borrowed(name), kind: name, call: Payload::node(call.get("input")) }
        }
        _ => Part::ToolCall { id, name: Cow::Borrowed(name), arguments: Payload::node(call.get("input")) },
    }
}

fn tool_result<'d>(result: Node<'d>) -> Part<'d> {
    let id = result.get_str("toolUseId");
    let content = result.get("content");
    match result.get_str("type") {
        Some(kind) => Part::ServerToolCallResponse { id, kind, response: Payload::node(content) },
        None => Part::ToolCallResponse { id, response: content.map_or(Payload::None, only) },
    }
}

/// A list of one text or one JSON value stands for that value.
pub(super) fn only<'d>(content: Node<'d>) -> Payload<'d> {
    let mut items = content.items();
    match (items.next().and_then(member), items.next()) {
        (Some(("text" | "json", value)), None) => Payload::node(Some(value)),
        _ => Payload::Json(content),
    }
}

pub(super) fn media<'d>(kind: &'d str, value: Node<'d>) -> Part<'d> {
    let modality = match kind {
        "image" => Modality::Image,
        "video" => Modality::Video,
        "audio" => Modality::Audio,
        _ => Modality::Document,
    };
    let mime_type = value.get_str("format").map(|format| mime_type(modality, format));
    if let Some(content) = find(value, &["source.bytes"]).and_then(Node::text) {
        return Part::Blob { modality, mime_type, content };
    }
    match find(value, &["source.s3Location.uri"]).and_then(Node::text) {
        Some(uri) => Part::Uri { modality, mime_type, uri },
        None => Part::Generic { kind, fields: Payload::Json(value) },
    }
}

/// Bedrock uses file extensions in place of media types.
fn mime_type<'d>(modality: Modality, format: &str) -> Cow<'d, str> {
    let document = match format {
        "pdf" => "application/pdf",
        "csv" => "text/csv",
        "html" => "text/html",
        "txt" => "text/plain",
        "md" => "text/markdown",
        "doc" => "application/msword",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xls" => "application/vnd.ms-excel",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "three_gp" => "video/3gpp",
        "mov" => "video/quicktime",
        "mkv" => "video/x-matroska",
        _ => {
            return Cow::Owned(format!(
                "{}/{format}",
                if modality == Modality::Document { "application" } else { modality.as_str() }
            ));
        }
    };
    Cow::Borrowed(document)
}
