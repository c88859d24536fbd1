//! The parts of a Gemini content.
//!
//! <https://ai.google.dev/api/caching#Part>

use std::borrow::Cow;

use super::stream::ASIDES;
use crate::json::Node;
use crate::message::{Modality, Part, Payload};

/// The part for a node, or `None` if it has no content, for example a signature only.
pub(super) fn part(node: Node<'_>) -> Option<Part<'_>> {
    let held = node.fields().find(|field| !field.is_null() && !ASIDES.iter().any(|aside| aside.name == field.key()))?;
    Some(match held.key() {
        "text" => match held.text().filter(|text| !text.is_empty())? {
            text if node.get_bool("thought") == Some(true) => Part::Reasoning(text),
            text => Part::Text(text),
        },
        "inlineData" | "inline_data" => match held.get("data").and_then(Node::text) {
            Some(content) => {
                let (modality, mime_type) = media(held);
                Part::Blob { modality, mime_type, content }
            }
            None => generic(held),
        },
        "fileData" | "file_data" => match held.any(&["fileUri", "file_uri"]).and_then(Node::text) {
            Some(uri) => {
                let (modality, mime_type) = media(held);
                Part::Uri { modality, mime_type, uri }
            }
            None => generic(held),
        },
        // The end of a call that came in deltas.
        "functionCall" | "function_call" if held.len() == 0 => return None,
        "functionCall" | "function_call" => Part::ToolCall {
            id: held.get_str("id"),
            name: Cow::Borrowed(held.get_str("name").unwrap_or_default()),
            arguments: Payload::node(held.get("args")),
        },
        // Before Gemini 3, calls have no id and responses refer to the function's name.
        "functionResponse" | "function_response" => Part::ToolCallResponse {
            id: held.any(&["id", "name"]).and_then(Node::str),
            response: Payload::node(held.get("response")),
        },
        "executableCode" | "executable_code" => Part::ServerToolCall {
            id: held.get_str("id"),
            name: Cow::Borrowed("code_execution"),
            kind: "code_execution",
            call: Payload::Json(held),
        },
        "codeExecutionResult" | "code_execution_result" => Part::ServerToolCallResponse {
            id: held.get_str("id"),
            kind: "code_execution",
            response: Payload::Json(held),
        },
        "toolCall" | "tool_call" => {
            let kind = tool_type(held);
            Part::ServerToolCall {
                id: held.get_str("id"),
                name: Cow::Borrowed(kind),
                kind,
                call: Payload::node(held.get("args")),
            }
        }
        "toolResponse" | "tool_response" => Part::ServerToolCallResponse {
            id: held.get_str("id"),
            kind: tool_type(held),
            response: Payload::node(held.get("response")),
        },
        _ => generic(held),
    })
}

/// A part for a field that the conventions do not define.
fn generic(held: Node<'_>) -> Part<'_> {
    Part::Generic { kind: held.key(), fields: Payload::node(Some(held)) }
}

fn tool_type(held: Node<'_>) -> &str {
    held.any(&["toolType", "tool_type"]).and_then(Node::str).unwrap_or("unknown")
}

fn media(held: Node<'_>) -> (Modality, Option<Cow<'_, str>>) {
    let mime = held.any(&["mimeType", "mime_type"]).and_then(Node::str);
    (mime.map_or(Modality::Document, Modality::of_mime), mime.map(Cow::Borrowed))
}
