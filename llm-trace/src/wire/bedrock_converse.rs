//! Amazon Bedrock's Converse API. The requests and responses of Amazon Nova have the same format.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use std::borrow::Cow;

use super::Reader;
use super::bedrock_converse_stream::ConverseStream;
use super::fields::{Places, RequestFields, find, places};
use super::paths::{key, keys};
use super::stream::StreamReader;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Modality, Part, Payload, finish_reason};
use crate::model::facts::{ResponseFacts, Usage};
use crate::semconv::{Fact, Facts};

pub(crate) struct BedrockConverse;

/// Bedrock's names first, then further names of models (Nova's InvokeModel schema, and fields passed in
/// `additionalModelRequestFields`).
const REQUEST: RequestFields<Places> = RequestFields::at(
    "",
    RequestFields {
        model: &["modelId"],
        temperature: &["inferenceConfig.temperature"],
        top_p: &["inferenceConfig.topP", "inferenceConfig.top_p", "additionalModelRequestFields.top_p"],
        top_k: &[
            "inferenceConfig.topK",
            "inferenceConfig.top_k",
            "additionalModelRequestFields.inferenceConfig.topK",
            "additionalModelRequestFields.top_k",
            "additionalModelRequestFields.topK",
            "additionalModelRequestFields.k",
        ],
        max_tokens: &["inferenceConfig.maxTokens", "inferenceConfig.max_new_tokens", "inferenceConfig.max_tokens"],
        frequency_penalty: &["additionalModelRequestFields.frequency_penalty"],
        presence_penalty: &["additionalModelRequestFields.presence_penalty"],
        seed: &["additionalModelRequestFields.seed"],
        stop: &["inferenceConfig.stopSequences", "inferenceConfig.stop_sequences"],
        choices: &[],
        stream: &[],
        encodings: &[],
        dimensions: &[],
        reasoning_level: &[
            "additionalModelRequestFields.reasoningConfig.maxReasoningEffort",
            "additionalModelRequestFields.output_config.effort",
            "additionalModelRequestFields.reasoning_effort",
            "inferenceConfig.reasoningConfig.maxReasoningEffort",
        ],
    },
);

impl Reader for BedrockConverse {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        if places!["outputConfig.textFormat"].find(doc).is_some() {
            facts.update_text(Fact::OutputType, Some("json"));
        }
        bedrock_request(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        match doc.get("system") {
            Some(system) if system.is_str() => {
                if let Some(text) = system.text().filter(|text| !text.is_empty()) {
                    out.system(Part::Text(text));
                }
            }
            system => {
                system.into_iter().flat_map(Node::items).for_each(|block| parts(block, &mut |part| out.system(part)));
            }
        }
        for message in doc.get("messages").into_iter().flat_map(Node::items) {
            out.messages.begin(message.get_str("role").unwrap_or("user"), None);
            message_parts(message, &mut out.messages);
            out.messages.end(None);
        }
        for tool in find(doc, &["toolConfig.tools"]).into_iter().flat_map(Node::items) {
            let Some((kind, tool)) = member(tool) else { continue };
            let Some(name) = tool.get_str("name") else { continue };
            let kind = if kind == "toolSpec" { "function" } else { kind };
            out.tool(kind, name, tool.get_text("description"), find(tool, &["inputSchema.json", "inputSchema"]));
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        if let Some(reason) = doc.get_str(key!("stopReason")) {
            facts.set_finish_reason(0, reason);
        }
        metadata(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        let Some(message) = find(doc, &["output.message"]) else { return };
        out.begin(message.get_str("role").unwrap_or("assistant"), None);
        message_parts(message, out);
        out.end(doc.get_str("stopReason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(ConverseStream::default())
    }
}

/// Facts of a Bedrock request under the `aws.bedrock` names of the conventions.
pub(super) fn bedrock_request(doc: FoundNode<'_>, facts: &mut Facts) {
    let guardrail = places!["guardrailConfig.guardrailIdentifier", "guardrailIdentifier"];
    facts.update_text(Fact::AwsGuardrailId, guardrail.find_str(doc));
    let knowledge_base =
        places!["knowledgeBaseId", "retrieveAndGenerateConfiguration.knowledgeBaseConfiguration.knowledgeBaseId"];
    facts.update_text(Fact::AwsKnowledgeBaseId, knowledge_base.find_str(doc));
}

/// The fields that a whole response and a stream's `metadata` event share.
pub(super) fn metadata(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    if let Some(usage) = doc.get(key!("usage")) {
        facts.usage.update(read_usage(usage));
    }
    // The model that a prompt router chose.
    facts.update_text(Fact::ResponseModel, places!["trace.promptRouter.invokedModelId"].find_str(doc));
}

/// `inputTokens` excludes cached tokens.
fn read_usage(usage: FoundNode<'_>) -> Usage {
    let cache_read = usage.any(keys!["cacheReadInputTokens", "cacheReadInputTokenCount"]).and_then(Tree::i64);
    let cache_creation = usage.any(keys!["cacheWriteInputTokens", "cacheWriteInputTokenCount"]).and_then(Tree::i64);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_creation.unwrap_or(0));
    Usage {
        input: usage.get_i64(key!("inputTokens")).map(|input| input.saturating_add(cached)),
        output: usage.get_i64(key!("outputTokens")),
        cache_read,
        cache_creation,
        ..Usage::default()
    }
}

fn message_parts(message: Node<'_>, out: &mut Messages) {
    match message.get("content") {
        Some(content) if content.is_str() => {
            if let Some(text) = content.text().filter(|text| !text.is_empty()) {
                out.part(Part::Text(text));
            }
        }
        content => {
            content.into_iter().flat_map(Node::items).for_each(|block| parts(block, &mut |part| out.part(part)));
        }
    }
}

/// The only member of a union: its name and its value.
pub(super) fn member<'d>(union: Node<'d>) -> Option<(&'d str, Node<'d>)> {
    let field = union.items().find(|field| field.key() != "type" && !field.is_null())?;
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
