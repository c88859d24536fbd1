//! The generateContent API of Gemini and Vertex AI.
//!
//! <https://ai.google.dev/api/generate-content>, and for Vertex AI
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>. The REST API uses camelCase and
//! accepts snake_case in requests. The readers accept both.

mod args;
mod embed;
mod enums;
mod parts;
mod schema;
mod stream;

pub(crate) use embed::GeminiEmbed;

use std::borrow::Cow;

use self::parts::part;
use self::schema::json_schema;
use self::stream::ContentStream;
use crate::json::{FoundNode, JsonView, Mode, Node, Text, Tree};
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::model::facts::{ResponseFacts, Usage};
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::paths::{key, keys};
use crate::wire::request_facts::{RequestFacts, request_facts};
use crate::wire::stream::{StreamOutput, StreamReader};

pub(crate) struct Gemini;

const CONFIG: RequestFacts = request_facts!(
    "generationConfig.",
    [
        (Fact::RequestModel, &[]),
        (Fact::RequestTopP, &["topP", "top_p"]),
        (Fact::RequestTopK, &["topK", "top_k"]),
        (Fact::RequestMaxTokens, &["maxOutputTokens", "max_output_tokens"]),
        (Fact::RequestFrequencyPenalty, &["frequencyPenalty", "frequency_penalty"]),
        (Fact::RequestPresencePenalty, &["presencePenalty", "presence_penalty"]),
        (Fact::RequestStopSequences, &["stopSequences", "stop_sequences"]),
        (Fact::RequestChoiceCount, &["candidateCount", "candidate_count"]),
        (Fact::RequestStream, &[]),
        (
            Fact::RequestReasoningLevel,
            &[
                "thinkingConfig.thinkingLevel",
                "thinkingConfig.thinking_level",
                "thinking_config.thinking_level",
                "thinking_config.thinkingLevel",
            ]
        ),
    ]
);

impl Reader for Gemini {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        if let Some(config) = doc.any(keys!["generationConfig", "generation_config"]) {
            CONFIG.read(config, facts);
            facts.update_text(Fact::OutputType, output_type(config));
        }
        // The model is in the URL; libraries that log the body may repeat it here.
        facts.update_text(Fact::RequestModel, doc.get_str(key!("model")).map(model_name));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(system) = doc.any(&["systemInstruction", "system_instruction"]) {
            match system.text() {
                Some(text) => out.system(Part::Text(text)),
                None => parts(system).filter_map(part).for_each(|part| out.system(part)),
            }
        }
        if let Some(contents) = doc.get("contents") {
            match contents.text() {
                Some(text) => {
                    out.messages.text("user", text, None);
                }
                None => one_or_many(contents).for_each(|content| message(content, &mut out.messages)),
            }
        }
        for tool in doc.get("tools").into_iter().flat_map(one_or_many) {
            tools(tool, out);
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        if doc.is_array() {
            let mut stream = ContentStream::default();
            for chunk in doc.items() {
                stream.event(None, chunk, facts);
            }
            return;
        }
        envelope(doc, facts);
        update_usage(doc, &mut RawUsage::default(), facts);
        for (index, candidate) in candidates(doc) {
            if let Some(reason) = finish(candidate) {
                facts.set_finish_reason(index, &reason);
            }
        }
        if let Some(reason) = blocked(doc) {
            facts.set_finish_reason(0, &reason);
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        if doc.is_array() {
            let mut joined = StreamOutput::default();
            // A stream without `alt=sse` is an array, and may be read as a whole.
            let mut stream = ContentStream::default();
            doc.items().for_each(|chunk| stream.output(None, chunk, &mut joined));
            joined.write(out);
            return;
        }
        for (_, candidate) in candidates(doc) {
            let content = candidate.get("content");
            out.begin(role(content), None);
            content.into_iter().flat_map(parts).filter_map(part).for_each(|part| out.part(part));
            finish_message(candidate).into_iter().for_each(|text| out.part(Part::Refusal(text)));
            out.end(finish(candidate).as_deref().map(finish_reason));
        }
        if let Some((reason, text)) = blocked(doc).zip(block_message(doc)) {
            out.begin("assistant", None);
            out.part(Part::Refusal(text));
            out.end(Some(finish_reason(&reason)));
        }
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(ContentStream::default())
    }
}

/// The name of a model without its resource prefix: `models/…`, `publishers/google/models/…`.
fn model_name(resource: &str) -> &str {
    resource.rsplit_once("models/").map_or(resource, |(_, name)| name)
}

fn output_type(config: FoundNode<'_>) -> Option<&'static str> {
    let modalities = config.any(keys!["responseModalities", "response_modalities"]);
    let has = |word: &str| {
        modalities.is_some_and(|list| list.items().any(|item| item.str().is_some_and(|m| m.eq_ignore_ascii_case(word))))
    };
    if has("AUDIO") {
        return Some("speech");
    }
    if has("IMAGE") {
        return Some("image");
    }
    match config.any(keys!["responseMimeType", "response_mime_type"]).and_then(Tree::str)? {
        "application/json" | "text/x.enum" => Some("json"),
        "text/plain" => Some("text"),
        _ => None,
    }
}

/// A repeated field: a list, or a single value in its place.
fn one_or_many(node: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    let one = node.is_object().then_some(node);
    let many = node.is_array().then(|| node.items());
    one.into_iter().chain(many.into_iter().flatten())
}

fn parts(content: Node<'_>) -> impl Iterator<Item = Node<'_>> {
    content.get("parts").into_iter().flat_map(one_or_many)
}

fn role(content: Option<Node<'_>>) -> &str {
    match content.and_then(|content| content.get_str("role")) {
        Some("model") | None => "assistant",
        Some(role) => role,
    }
}

fn message(content: Node<'_>, out: &mut Messages) {
    let is_user = content.get("role").is_none();
    out.begin(if is_user { "user" } else { role(Some(content)) }, None);
    parts(content).filter_map(part).for_each(|part| out.part(part));
    out.end(None);
}

/// A tool of the request: user-defined functions, or tools that Google runs, named by their field.
fn tools(tool: Node<'_>, out: &mut InputContent) {
    for field in tool.fields().filter(|field| !field.is_null()) {
        if !matches!(field.key(), "functionDeclarations" | "function_declarations") {
            out.tool(field.key(), field.key(), None, None);
            continue;
        }
        for function in one_or_many(field) {
            let name = function.get_str("name").unwrap_or_default();
            let description = function.get_text("description");
            match function.get("parameters") {
                Some(parameters) => {
                    let schema = json_schema(parameters);
                    let schema = JsonView::from_slice(schema.as_bytes(), Mode::Full);
                    out.tool("function", name, description, Some(schema.root()));
                }
                None => {
                    let schema = function.any(&["parametersJsonSchema", "parameters_json_schema"]);
                    out.tool("function", name, description, schema);
                }
            }
        }
    }
}

/// The fields that responses and chunks share.
fn envelope(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    let word = |keys| doc.any(keys).and_then(Tree::str).filter(|word: &&str| !word.is_empty());
    facts.update_text(Fact::ResponseId, word(keys!["responseId", "response_id"]));
    facts.update_text(Fact::ResponseModel, word(keys!["modelVersion", "model_version"]));
}

/// The candidates, each with its index.
fn candidates<'d, T: Tree<'d>>(doc: T) -> impl Iterator<Item = (usize, T)> {
    doc.get(key!("candidates")).into_iter().flat_map(Tree::items).enumerate().map(|(at, candidate)| {
        let index = candidate.get_i64(key!("index")).and_then(|i| usize::try_from(i).ok());
        (index.unwrap_or(at), candidate)
    })
}

/// The finish reason of a candidate.
fn finish<'d, T: Tree<'d>>(candidate: T) -> Option<Cow<'d, str>> {
    enums::word(candidate.any(keys!["finishReason", "finish_reason"])?, enums::FINISH_REASONS)
}

/// The provider's message about a candidate that failed.
fn finish_message(candidate: Node<'_>) -> Option<Text<'_>> {
    let has_failed =
        finish(candidate).is_some_and(|reason| matches!(finish_reason(&reason), "error" | "content_filter"));
    candidate.any(&["finishMessage", "finish_message"]).filter(|_| has_failed)?.text()
}

/// The reason why the prompt was refused, if there is no candidate.
fn blocked<'d, T: Tree<'d>>(doc: T) -> Option<Cow<'d, str>> {
    if doc.get(key!("candidates")).is_some_and(|candidates| candidates.len() > 0) {
        return None;
    }
    let feedback = doc.any(keys!["promptFeedback", "prompt_feedback"])?;
    enums::word(feedback.any(keys!["blockReason", "block_reason"])?, enums::BLOCK_REASONS)
}

/// The provider's message about a refused prompt.
fn block_message(doc: Node<'_>) -> Option<Text<'_>> {
    let feedback = doc.any(&["promptFeedback", "prompt_feedback"])?;
    feedback.any(&["blockReasonMessage", "block_reason_message"])?.text().filter(|text| !text.is_empty())
}

/// The counts as sent. A later report replaces an earlier one.
#[derive(Clone, Copy, Debug, Default)]
struct RawUsage {
    prompt: Option<i64>,
    tool_use: Option<i64>,
    cached: Option<i64>,
    candidates: Option<i64>,
    thoughts: Option<i64>,
}

/// Applies a report of usage, if present, and updates the facts.
fn update_usage(doc: FoundNode<'_>, raw: &mut RawUsage, facts: &mut ResponseFacts) {
    let Some(report) = doc.any(keys!["usageMetadata", "usage_metadata"]) else { return };
    for (known, keys) in [
        (&mut raw.prompt, keys!["promptTokenCount", "prompt_token_count"]),
        (&mut raw.tool_use, keys!["toolUsePromptTokenCount", "tool_use_prompt_token_count"]),
        (&mut raw.cached, keys!["cachedContentTokenCount", "cached_content_token_count"]),
        (&mut raw.candidates, keys!["candidatesTokenCount", "candidates_token_count"]),
        (&mut raw.thoughts, keys!["thoughtsTokenCount", "thoughts_token_count"]),
    ] {
        *known = report.any(keys).and_then(Tree::i64).or(*known);
    }
    let mut usage = Usage {
        // The counts of the prompt and the candidates exclude tool results and thoughts.
        input: raw.prompt.map(|prompt| prompt.saturating_add(raw.tool_use.unwrap_or(0))),
        output: sum(raw.candidates, raw.thoughts),
        cache_read: raw.cached,
        reasoning: raw.thoughts,
        ..Usage::default()
    };
    let input = [
        report.any(keys!["promptTokensDetails", "prompt_tokens_details"]),
        report.any(keys!["toolUsePromptTokensDetails", "tool_use_prompt_tokens_details"]),
    ];
    for details in input.into_iter().flatten() {
        let Usage { input_text, input_image, input_audio, input_video, .. } = &mut usage;
        by_modality(details, [input_text, input_image, input_audio, input_video]);
    }
    if let Some(details) = report.any(keys!["candidatesTokensDetails", "candidates_tokens_details"]) {
        let Usage { output_text, output_image, output_audio, output_video, .. } = &mut usage;
        by_modality(details, [output_text, output_image, output_audio, output_video]);
    }
    if let Some(details) = report.any(keys!["cacheTokensDetails", "cache_tokens_details"]) {
        by_modality(details, [&mut None, &mut None, &mut usage.cache_read_audio, &mut None]);
    }
    facts.usage.update(usage);
    let tier = report.any(keys!["serviceTier", "service_tier"]).and_then(Tree::str);
    facts.update_text(Fact::ResponseServiceTier, tier);
}

fn sum(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0).saturating_add(b.unwrap_or(0))),
    }
}

/// Adds the counts of text, images, audio and video.
fn by_modality(details: FoundNode<'_>, [text, image, audio, video]: [&mut Option<i64>; 4]) {
    for entry in details.items() {
        let count = entry.any(keys!["tokenCount", "token_count"]).and_then(Tree::i64);
        let modality = entry.get(key!("modality")).and_then(|modality| enums::word(modality, enums::MODALITIES));
        let total = match modality.as_deref() {
            Some("TEXT") => &mut *text,
            Some("IMAGE") => &mut *image,
            Some("AUDIO") => &mut *audio,
            Some("VIDEO") => &mut *video,
            _ => continue,
        };
        *total = sum(*total, count);
    }
}

#[cfg(test)]
mod tests;
