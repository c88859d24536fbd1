//! Content blocks, which name their type.

use std::borrow::Cow;

use crate::json::Node;
use crate::message::{Modality, Part, Payload};

/// The part for a content block, or `None` if the block is empty.
pub(in crate::wire) fn block(block: Node<'_>) -> Option<Part<'_>> {
    let kind = block.get_str("type").unwrap_or("unknown");
    Some(match kind {
        "text" => {
            let text = block.get_text("text")?;
            match block.get("citations").filter(|citations| citations.is_array() && citations.len() > 0) {
                Some(citations) => Part::Cited { text, key: "citations", citations: Payload::Json(citations) },
                None => Part::Text(text),
            }
        }
        // Newer models may omit the thought and send its signature only.
        "thinking" => Part::Reasoning(block.get_text("thinking")?),
        "image" | "document" => media(kind, block),
        "tool_use" => Part::ToolCall {
            id: block.get_str("id"),
            name: Cow::Borrowed(block.get_str("name").unwrap_or_default()),
            arguments: Payload::node(block.get("input")),
        },
        "tool_result" => {
            Part::ToolCallResponse { id: block.get_str("tool_use_id"), response: Payload::node(block.get("content")) }
        }
        _ if server_tool(block).is_some() => Part::ServerToolCall {
            id: block.get_str("id"),
            name: Cow::Borrowed(block.get_str("name").unwrap_or_default()),
            kind: server_tool(block).unwrap_or_default(),
            call: Payload::node(block.get("input")),
        },
        _ => match kind.strip_suffix("_tool_result") {
            Some(tool) => Part::ServerToolCallResponse {
                id: block.get_str("tool_use_id"),
                kind: tool,
                response: Payload::Json(block),
            },
            None => Part::Generic { kind, fields: Payload::Json(block) },
        },
    })
}

/// The kind of a server-side tool, if the block is a call of one.
pub(in crate::wire) fn server_tool(block: Node<'_>) -> Option<&str> {
    match block.get_str("type")? {
        "server_tool_use" => Some(block.get_str("name").unwrap_or("unknown")),
        "mcp_tool_use" => Some("mcp"),
        _ => None,
    }
}

fn media<'d>(kind: &'d str, block: Node<'d>) -> Part<'d> {
    let fallback = if kind == "image" { Modality::Image } else { Modality::Document };
    let source = block.get("source");
    let field = |key: &str| source.and_then(|source| source.get(key));
    let mime = field("media_type").and_then(Node::str);
    let modality = mime.map_or(fallback, Modality::of_mime);
    let mime_type = mime.map(Cow::Borrowed);
    match field("type").and_then(Node::str) {
        Some("base64") => match field("data").and_then(Node::text) {
            Some(content) => Part::Blob { modality, mime_type, content },
            None => Part::Generic { kind, fields: Payload::Json(block) },
        },
        Some("url") => match field("url").and_then(Node::text) {
            Some(uri) => Part::Uri { modality, mime_type, uri },
            None => Part::Generic { kind, fields: Payload::Json(block) },
        },
        Some("file") => match field("file_id").and_then(Node::str) {
            Some(file_id) => Part::File { modality, mime_type, file_id },
            None => Part::Generic { kind, fields: Payload::Json(block) },
        },
        _ => Part::Generic { kind, fields: Payload::Json(block) },
    }
}
