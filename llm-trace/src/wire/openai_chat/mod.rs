//! OpenAI chat completions and compatible servers.
//!
//! <https://platform.openai.com/docs/api-reference/chat>

mod stream;

use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::chat_input;
use crate::wire::chat_message::parts;
use crate::wire::openai_answer::{self, choices, reason};
use crate::wire::paths::{key, keys};
use crate::wire::request_facts::{RequestFacts, request_facts};
use crate::wire::stream::StreamReader;

pub(crate) struct OpenAiChat;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        // watsonx and OpenAI.
        (Fact::RequestModel, &["model", "model_id"]),
        (Fact::RequestMaxTokens, &["max_completion_tokens", "max_tokens"]),
        // Mistral and OpenAI.
        (Fact::RequestSeed, &["seed", "random_seed"]),
        // OpenRouter and OpenAI.
        (Fact::RequestReasoningLevel, &["reasoning_effort", "reasoning.effort"]),
        (Fact::RequestServiceTier, &["service_tier"])
    ]
);

impl Reader for OpenAiChat {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        facts.update_text(Fact::OutputType, output_type(doc));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        chat_input::read(doc, out);
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

/// One output message.
pub(super) fn output_message(message: Node<'_>, finish: Option<&str>, out: &mut Messages) {
    out.begin(message.get_str("role").unwrap_or("assistant"), None);
    parts(message, out);
    out.end(finish);
}

fn output_type(doc: FoundNode<'_>) -> Option<&'static str> {
    if !doc.has(keys!["response_format", "modalities"]) {
        return None;
    }
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

#[cfg(test)]
mod tests;
