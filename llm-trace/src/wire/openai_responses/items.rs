//! The items of the Responses API: messages, reasoning, tool calls and their results.

use std::borrow::Cow;

use crate::json::{Node, Text};
use crate::message::{Messages, Modality, Part, Payload, role};
use crate::wire::joined_text::JoinedText;

/// One message per input item.
pub(super) fn input_item(item: Node<'_>, out: &mut Messages) {
    let kind = kind(item);
    let role = match item.get_str("role") {
        Some(role) => role,
        // Only a model writes such texts.
        None if item.get("content").is_some_and(|content| {
            content.items().any(|part| matches!(part.get_str("type"), Some("output_text" | "refusal")))
        }) =>
        {
            "assistant"
        }
        None if kind == "message" => role(item),
        None if kind.ends_with("_output") => "tool",
        None if kind == "mcp_approval_response" => "user",
        None => "assistant",
    };
    out.begin(role, item.get_str("name").filter(|_| kind == "message"));
    parts(item, is_result(item), &mut |_, part| {
        if !matches!(part, Part::Text(text) if text.is_empty()) {
            out.part(part);
        }
    });
    out.end(None);
}

/// The parts of an output item, each with an increasing number that is stable while the item is streamed. A returned
/// input message is not output.
pub(super) fn output_item(item: Node<'_>, emit: &mut dyn FnMut(i64, Part<'_>)) {
    if matches!(item.get_str("role"), None | Some("assistant")) {
        parts(item, false, emit);
    }
}

fn parts(item: Node<'_>, is_result: bool, emit: &mut dyn FnMut(i64, Part<'_>)) {
    let kind = kind(item);
    match kind {
        "message" => match item.get("content") {
            Some(content) if content.is_str() => {
                if let Some(text) = content.text().filter(|text| !text.is_empty()) {
                    emit(0, Part::Text(text));
                }
            }
            Some(content) => {
                for (number, node) in (0..).zip(content.items()) {
                    if let Some(part) = content_part(node) {
                        emit(number, part);
                    }
                }
            }
            None => {}
        },
        "reasoning" => {
            if let Some(text) = reasoning(item) {
                emit(0, Part::Reasoning(text.as_text()));
            }
        }
        "function_call" => emit(0, call(item, Payload::node(item.get("arguments")))),
        "custom_tool_call" => emit(0, call(item, Payload::node(item.get("input")))),
        _ if is_result => emit(
            0,
            Part::ToolCallResponse {
                id: item.any(&["call_id", "approval_request_id"]).and_then(Node::str),
                response: Payload::node(item.any(&["output", "approve"])),
            },
        ),
        _ => emit(0, other(kind, item)),
    }
}

/// The item's type, which messages of a request may omit.
fn kind(item: Node<'_>) -> &str {
    item.get_str("type").unwrap_or(if item.get("role").is_some() { "message" } else { "unknown" })
}

/// The text of a reasoning item: a summary, or the thought itself, and often neither. Its texts are pieces of one
/// thought.
fn reasoning(item: Node<'_>) -> Option<JoinedText<'_>> {
    let lists = ["summary", "content"].into_iter().filter_map(|key| item.get(key));
    JoinedText::of(lists.flat_map(Node::items).filter_map(|piece| piece.get_text("text")))
}

fn call<'d>(item: Node<'d>, arguments: Payload<'d>) -> Part<'d> {
    Part::ToolCall {
        id: item.any(&["call_id", "id"]).and_then(Node::str),
        name: Cow::Borrowed(item.get_str("name").unwrap_or_default()),
        arguments,
    }
}

/// Whether the input item is the result of a tool that the client ran. Results of OpenAI's own tools are output, and
/// are part of the input only if they are sent back.
fn is_result(item: Node<'_>) -> bool {
    match kind(item) {
        // Either side may produce these two.
        "shell_call_output" | "tool_search_output" => !is_hosted(item),
        "mcp_approval_response" => true,
        kind => kind.ends_with("_output"),
    }
}

/// Whether the item waits for the client to run or approve a tool.
pub(super) fn is_client_call(item: Node<'_>) -> bool {
    match kind(item) {
        "function_call"
        | "custom_tool_call"
        | "apply_patch_call"
        | "local_shell_call"
        | "computer_call"
        | "mcp_approval_request" => true,
        "shell_call" | "tool_search_call" => !is_hosted(item),
        _ => false,
    }
}

/// Whether OpenAI runs a tool that the client could run as well.
fn is_hosted(item: Node<'_>) -> bool {
    match item.get_str("execution") {
        Some(execution) => execution == "server",
        // A shell call names its environment. Its result has an id only if OpenAI ran it.
        None => match item.path(&["environment", "type"]).and_then(Node::str) {
            Some(environment) => environment != "local",
            None => item.get("output").is_some() && item.get("id").is_some(),
        },
    }
}

/// An item that is neither a message nor a function call.
fn other<'d>(kind: &'d str, item: Node<'d>) -> Part<'d> {
    if let Some(tool) = kind.strip_suffix("_call_output").or(kind.strip_suffix("_output")) {
        return Part::ServerToolCallResponse { id: item.get_str("call_id"), kind: tool, response: Payload::Json(item) };
    }
    let tool = match kind {
        "mcp_list_tools" => Some(kind),
        _ if is_client_call(item) => None,
        _ => kind.strip_suffix("_call"),
    };
    match tool {
        Some(tool) => Part::ServerToolCall {
            id: item.any(&["call_id", "id"]).and_then(Node::str),
            name: Cow::Borrowed(item.get_str("name").unwrap_or(tool)),
            kind: tool,
            call: Payload::Json(item),
        },
        None => Part::Generic { kind, fields: Payload::Json(item) },
    }
}

/// A content part of a message, or `None` if it is empty.
fn content_part(part: Node<'_>) -> Option<Part<'_>> {
    let kind = part.get_str("type").unwrap_or("unknown");
    Some(match kind {
        "input_text" | "output_text" | "text" | "summary_text" => {
            let text = part.get("text")?.text()?;
            match part.get("annotations").filter(|notes| notes.is_array() && notes.len() > 0) {
                Some(notes) => Part::Cited { text, key: "annotations", citations: Payload::Json(notes) },
                None => Part::Text(text),
            }
        }
        "reasoning_text" => Part::Reasoning(part.get_text("text")?),
        "refusal" => Part::Refusal(part.get_text("refusal")?),
        "input_image" | "computer_screenshot" => match (part.get("image_url"), part.get_str("file_id")) {
            (Some(url), _) => Part::from_url(url_of(url), Some(Modality::Image)),
            (None, Some(file_id)) => Part::File { modality: Modality::Image, mime_type: None, file_id },
            (None, None) => Part::Generic { kind, fields: Payload::Json(part) },
        },
        "input_file" => file(part),
        "input_audio" | "output_audio" => {
            let audio = part.get("input_audio").unwrap_or(part);
            let mime_type = audio.get_str("format").map(|format| Cow::Owned(format!("audio/{format}")));
            match audio.get("data").and_then(Node::text) {
                Some(content) => Part::Blob { modality: Modality::Audio, mime_type, content },
                None => Part::Generic { kind, fields: Payload::Json(part) },
            }
        }
        _ => Part::Generic { kind, fields: Payload::Json(part) },
    })
}

/// A plain URL, or an object with a URL as in chat completions.
fn url_of(url: Node<'_>) -> Text<'_> {
    url.text().or_else(|| url.get_text("url")).unwrap_or(Text::Elided(0))
}

fn file(part: Node<'_>) -> Part<'_> {
    if let Some(file_id) = part.get_str("file_id") {
        return Part::File { modality: Modality::Document, mime_type: None, file_id };
    }
    if let Some(uri) = part.get_text("file_url") {
        return Part::Uri { modality: Modality::Document, mime_type: None, uri };
    }
    match part.get_text("file_data") {
        Some(Text::Plain(data)) if data.starts_with("data:") => {
            Part::from_url(Text::Plain(data), Some(Modality::Document))
        }
        Some(content) => Part::Blob { modality: Modality::Document, mime_type: None, content },
        None => Part::Generic { kind: "input_file", fields: Payload::Json(part) },
    }
}
