//! The content of a chat request, whatever its format: instructions, messages and tools.

use super::bedrock_block::member;
use super::chat_message::{self, content_parts};
use super::fields::find;
use crate::json::Node;
use crate::message::InputContent;

pub(super) fn read(doc: Node<'_>, out: &mut InputContent) {
    if let Some(system) = doc.get("system") {
        content_parts(system, &mut |part| out.system(part));
    }
    doc.get("messages").into_iter().flat_map(Node::items).for_each(|item| chat_message::input(item, &mut out.messages));
    let lists = [doc.get("tools"), doc.get("functions"), find(doc, &["toolConfig.tools"])];
    lists.into_iter().flatten().flat_map(Node::items).for_each(|definition| tool(definition, out));
}

/// One tool definition. A server-side tool has a type and no name; Converse names the type by the only member.
pub(super) fn tool(definition: Node<'_>, out: &mut InputContent) {
    if definition.any(&["type", "name", "function"]).is_none() {
        let Some((kind, tool)) = member(definition) else { return };
        let Some(name) = tool.get_str("name") else { return };
        let kind = if kind == "toolSpec" { "function" } else { kind };
        return out.tool(kind, name, tool.get_text("description"), find(tool, &["inputSchema.json", "inputSchema"]));
    }
    let function = definition.any(&["function", "custom"]).unwrap_or(definition);
    let schema = function.get("input_schema");
    // In Anthropic's format, `custom` is the default.
    let kind = definition.get_str("type").filter(|kind| *kind != "custom" || schema.is_none()).unwrap_or("function");
    let name = function.any(&["name", "mcp_server_name"]).and_then(Node::str).unwrap_or(kind);
    let parameters = function.any(&["parameters", "parameter_definitions"]).or(schema);
    out.tool(kind, name, function.get_text("description"), parameters);
}
