//! Ollama's own API: chat, generate and embeddings.
//!
//! <https://github.com/ollama/ollama/blob/main/docs/api.md>

use super::Reader;
use super::chat_input;
use super::chat_message::{parts, tool_call};
use super::fields::{UsageFields, field_paths, vector_len};
use super::paths::{key, keys};
use super::request_facts::{RequestFacts, request_facts};
use super::stream::{Event, Key, StreamOutput, StreamReader, TextRun};
use super::text_delta::TextDelta;
use super::whole::WholeAnswer;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Modality, Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

/// `/api/chat`.
pub(crate) struct OllamaChat;

/// `/api/generate`.
pub(crate) struct OllamaGenerate;

/// `/api/embed` and its predecessor `/api/embeddings`.
pub(crate) struct OllamaEmbed;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        // Ollama's own names, then those of its OpenAI-compatible endpoint.
        (Fact::RequestTemperature, &["options.temperature", "temperature"]),
        (Fact::RequestTopP, &["options.top_p", "top_p"]),
        (Fact::RequestTopK, &["options.top_k", "top_k"]),
        (Fact::RequestMaxTokens, &["options.num_predict", "max_completion_tokens", "max_tokens"]),
        (Fact::RequestFrequencyPenalty, &["options.frequency_penalty", "frequency_penalty"]),
        (Fact::RequestPresencePenalty, &["options.presence_penalty", "presence_penalty"]),
        (Fact::RequestSeed, &["options.seed", "seed"]),
        (Fact::RequestStopSequences, &["options.stop", "stop"]),
        (Fact::RequestChoiceCount, &[]),
        (Fact::Dimensions, &["dimensions"]),
        (Fact::RequestReasoningLevel, &["think", "reasoning_effort"]),
    ]
);

const USAGE: UsageFields = UsageFields {
    input: field_paths!["prompt_eval_count"],
    output: field_paths!["eval_count"],
    cache_read: field_paths![],
    cache_creation: field_paths![],
    reasoning: field_paths![],
};

impl Reader for OllamaChat {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        request(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        chat_input::read(doc, out);
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        response(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        let Some(message) = doc.get("message") else { return };
        out.begin(message.get_str("role").unwrap_or("assistant"), None);
        parts(message, out);
        out.end(doc.get_str("done_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(OllamaStream::default())
    }
}

impl Reader for OllamaGenerate {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        request(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(system) = doc.get_text("system") {
            out.system(Part::Text(system));
        }
        let images = doc.get("images").filter(|images| images.len() > 0);
        if doc.get_text("prompt").is_none() && images.is_none() {
            return;
        }
        out.messages.begin("user", None);
        if let Some(prompt) = doc.get_text("prompt") {
            out.messages.part(Part::Text(prompt));
        }
        pictures(doc, &mut out.messages);
        out.messages.end(None);
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        response(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        if doc.any(&["response", "thinking"]).is_none() {
            return;
        }
        out.begin("assistant", None);
        for (part, key) in [(Part::Reasoning as fn(_) -> _, "thinking"), (Part::Text, "response")] {
            if let Some(text) = doc.get_text(key) {
                out.part(part(text));
            }
        }
        out.end(doc.get_str("done_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(OllamaStream::default())
    }
}

impl Reader for OllamaEmbed {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
    }

    fn input(&self, _: Node<'_>, _: &mut InputContent) {}

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        response(doc, facts);
        let vector = doc.get(key!("embedding")).or_else(|| doc.get(key!("embeddings"))?.first());
        facts.update(Fact::Dimensions, vector.and_then(vector_len));
    }

    fn output(&self, _: Node<'_>, _: &mut Messages) {}

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(WholeAnswer(&OllamaEmbed))
    }
}

fn request(doc: FoundNode<'_>, facts: &mut Facts) {
    REQUEST.read(doc, facts);
    // Ollama streams by default.
    facts.set_new(Fact::RequestStream, true.into());
    // `json` or a schema; an empty string is the default.
    if doc.get(key!("format")).is_some_and(|format| format.len() > 0) {
        facts.update_text(Fact::OutputType, Some("json"));
    }
}

fn response(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    facts.update_text(Fact::ResponseModel, doc.get_str(key!("model")));
    if let Some(reason) = doc.get_str(key!("done_reason")) {
        facts.set_finish_reason(0, reason);
    }
    facts.usage.update(USAGE.read(doc));
}

fn pictures(doc: Node<'_>, out: &mut Messages) {
    for content in doc.get("images").into_iter().flat_map(Node::items).filter_map(Node::text) {
        out.part(Part::Blob { modality: Modality::Image, mime_type: None, content });
    }
}

#[derive(Default)]
struct OllamaStream {
    calls: i64,
}

impl StreamReader for OllamaStream {
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        response(event, facts);
        let message = event.get(key!("message")).unwrap_or(event);
        let says = message.get_text(key!("thinking")).is_some()
            || message.any(keys!["content", "response"]).and_then(Tree::text).is_some_and(|text| !text.is_empty());
        let calls = message.get(key!("tool_calls")).is_some_and(|calls| calls.is_array() && calls.len() > 0);
        Event { content: says || calls, end: event.get_bool(key!("done")) == Some(true) }
    }

    fn text_delta<'e>(&self, _name: Option<&str>, event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        let message = event.get(key!("message")).unwrap_or(event);
        if message.has(keys!["thinking", "tool_calls"]) || event.has(keys!["done_reason"]) {
            return None;
        }
        let text = message.any(keys!["content", "response"])?.content()?;
        Some(TextDelta { choice: 0, role: None, run: TextRun::Text, key: Key::Only, text })
    }

    fn output(&mut self, _name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        let message = event.get("message").unwrap_or(event);
        for (run, keys) in [(TextRun::Reasoning, &["thinking"][..]), (TextRun::Text, &["content", "response"])] {
            let text = message.any(keys).and_then(Node::text).filter(|text| !text.is_empty());
            text.into_iter().for_each(|text| out.text(0, run, Key::Only, text));
        }
        for call in message.get("tool_calls").into_iter().flat_map(Node::items) {
            // Calls arrive complete, and only newer versions number them.
            self.calls = self.calls.saturating_add(1);
            out.part(0, Key::Index(self.calls), &tool_call(call));
        }
        if let Some(reason) = event.get_str("done_reason") {
            out.finish(0, finish_reason(reason));
        }
    }
}
