//! OpenAI chat completions and compatible servers.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

mod message;
mod stream;

pub(super) use message::{input as input_message, parts as message_parts};

use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::fields::{Places, RequestFields};
use crate::wire::joined_text::JoinedText;
use crate::wire::openai_answer::{self, choices, reason};
use crate::wire::paths::key;
use crate::wire::stream::StreamReader;

pub(crate) struct OpenAiChat;

const REQUEST: RequestFields<Places> = RequestFields::at(
    "",
    RequestFields {
        // watsonx and OpenAI.
        model: &["model", "model_id"],
        max_tokens: &["max_completion_tokens", "max_tokens"],
        // Mistral and OpenAI.
        seed: &["seed", "random_seed"],
        dimensions: &[],
        // OpenRouter and OpenAI.
        reasoning_level: &["reasoning_effort", "reasoning.effort"],
        ..RequestFields::COMMON
    },
);

impl Reader for OpenAiChat {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        facts.update_text(Fact::OutputType, output_type(doc));
        facts.update_text(Fact::RequestServiceTier, doc.get_str(key!("service_tier")));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        for item in doc.get("messages").into_iter().flat_map(Node::items) {
            input_message(item, &mut out.messages);
        }
        for definition in doc.get("tools").into_iter().flat_map(Node::items) {
            tool(definition, out);
        }
        for function in doc.get("functions").into_iter().flat_map(Node::items) {
            if function.get("name").is_some() {
                tool(function, out);
            }
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        openai_answer::response(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        for (_, choice) in choices(doc) {
            let finish = reason(choice).map(finish_reason);
            if let Some(message) = choice.get("message") {
                output_message(message, finish, out);
            } else {
                // Some servers return a choice of the completions API for a chat.
                out.begin("assistant", None);
                choice.get_text("text").into_iter().for_each(|text| out.part(Part::Text(text)));
                out.end(finish);
            }
        }
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(stream::ChatStream)
    }
}

/// One tool definition. A server-side tool has a type and no name.
pub(super) fn tool(definition: Node<'_>, out: &mut InputContent) {
    let kind = definition.get_str("type").unwrap_or("function");
    let function = definition.any(&["function", "custom"]).unwrap_or(definition);
    let name = function.get_str("name").unwrap_or(kind);
    let parameters = function.any(&["parameters", "input_schema"]);
    out.tool(kind, name, function.get_text("description"), parameters);
}

/// One output message.
pub(super) fn output_message(message: Node<'_>, finish: Option<&str>, out: &mut Messages) {
    out.begin(message.get_str("role").unwrap_or("assistant"), None);
    message::parts(message, out);
    out.end(finish);
}

fn output_type(doc: FoundNode<'_>) -> Option<&'static str> {
    let format = doc.get(key!("response_format"));
    let modality = |word: &str| {
        let modalities = doc.each(key!("modalities"));
        modalities.filter_map(Tree::str).any(|modality| modality == word)
    };
    match format.and_then(|format| format.str().or_else(|| format.get_str(key!("type")))) {
        Some("json_object" | "json_schema") => Some("json"),
        _ if modality("audio") => Some("speech"),
        _ if modality("image") => Some("image"),
        Some("text") => Some("text"),
        _ => None,
    }
}

/// The reasoning of a message or delta, from the first field that is present, because several fields may repeat the
/// same text. The fields are those of DeepSeek, Groq and vLLM, Ollama, Copilot; then the lists of OpenRouter and
/// LiteLLM.
pub(super) fn reasoning(message: Node<'_>, each: &mut dyn FnMut(Text<'_>)) {
    let names = ["reasoning_content", "reasoning", "thinking", "reasoning_text"];
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

/// The text and the index of a reasoning block.
fn thought(block: Node<'_>) -> Option<(Option<i64>, Text<'_>)> {
    let text = ["text", "summary", "thinking"].into_iter().find_map(|name| block.get_text(name))?;
    Some((block.get_i64("index"), text))
}

#[cfg(test)]
mod tests;
