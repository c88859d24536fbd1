//! Anthropic messages, also as the bodies of Claude on Bedrock and Vertex AI.
//!
//! <https://docs.claude.com/en/api/messages>

mod complete;
mod stream;
mod usage;

pub(crate) use complete::AnthropicComplete;

use std::borrow::Cow;

use self::stream::MessageStream;
use self::usage::RawUsage;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Modality, Part, Payload, finish_reason, role};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::fields::{Places, RequestFields};
use crate::wire::paths::{key, keys};
use crate::wire::stream::StreamReader;

pub(crate) struct AnthropicMessages;

const REQUEST: RequestFields<Places> = RequestFields::at(
    "",
    RequestFields { stop: &["stop_sequences"], reasoning_level: &["output_config.effort"], ..RequestFields::COMMON },
);

impl Reader for AnthropicMessages {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        // The beta of structured outputs had the format at the top level.
        let format = doc.path(keys!["output_config", "format"]).or_else(|| doc.get(key!("output_format")));
        let format = format.and_then(|format| format.get(key!("type")));
        facts.update_text(Fact::OutputType, format.map(|_| "json"));
        facts.update_text(Fact::RequestServiceTier, doc.get_str(key!("service_tier")));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(system) = doc.get("system") {
            content(system, &mut |part| out.system(part));
        }
        for message in doc.get("messages").into_iter().flat_map(Node::items) {
            out.messages.begin(role(message), None);
            if let Some(blocks) = message.get("content") {
                content(blocks, &mut |part| out.messages.part(part));
            }
            out.messages.end(None);
        }
        for tool in doc.get("tools").into_iter().flat_map(Node::items) {
            // User-defined tools have no type, or `custom`.
            let kind = tool.get_str("type").filter(|kind| *kind != "custom").unwrap_or("function");
            let name = tool.any(&["name", "mcp_server_name"]).and_then(Node::str).unwrap_or(kind);
            out.tool(kind, name, tool.get_text("description"), tool.get("input_schema"));
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        let mut usage = RawUsage::default();
        envelope(doc, facts, &mut usage);
        if let Some(reason) = doc.get_str(key!("stop_reason")) {
            facts.set_finish_reason(0, reason);
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        let Some(blocks) = doc.get("content") else { return };
        out.begin(doc.get_str("role").unwrap_or("assistant"), None);
        content(blocks, &mut |part| out.part(part));
        out.end(doc.get_str("stop_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(MessageStream::default())
    }
}

/// The fields that a message and the first event of a streamed message share.
fn envelope(message: FoundNode<'_>, facts: &mut ResponseFacts, usage: &mut RawUsage) {
    facts.update_text(Fact::ResponseId, message.get_str(key!("id")));
    facts.update_text(Fact::ResponseModel, message.get_str(key!("model")));
    if let Some(report) = message.get(key!("usage")) {
        usage.report(report, facts);
    }
}

/// The parts of a content, which is a text or a list of blocks.
fn content(content: Node<'_>, emit: &mut dyn FnMut(Part<'_>)) {
    match content.text() {
        Some(text) if text.is_empty() => {}
        Some(text) => emit(Part::Text(text)),
        None => content.items().filter_map(block).for_each(emit),
    }
}

/// The part for a content block, or `None` if the block is empty.
fn block(block: Node<'_>) -> Option<Part<'_>> {
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
fn server_tool(block: Node<'_>) -> Option<&str> {
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

#[cfg(test)]
mod tests;
