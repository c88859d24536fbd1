//! OpenAI's legacy completions and compatible servers.
//!
//! <https://platform.openai.com/docs/api-reference/completions>

use super::Reader;
use super::openai_answer::{self, choices, reason, unfinished_choice};
use super::paths::key;
use super::request_facts::{RequestFacts, request_facts};
use super::stream::{Event, Key, StreamOutput, StreamReader, TextRun};
use super::text_delta::TextDelta;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Part, Payload, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

pub(crate) struct OpenAiCompletions;

const REQUEST: RequestFacts = request_facts!("", [(Fact::RequestServiceTier, &["service_tier"])]);

impl Reader for OpenAiCompletions {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        let Some(prompt) = doc.get("prompt") else { return };
        // Each text of a list is a prompt; a list of numbers is one prompt in tokens.
        if prompt.items().any(|item| item.is_str() || item.is_array()) {
            prompt.items().for_each(|prompt| input_prompt(prompt, &mut out.messages));
        } else {
            input_prompt(prompt, &mut out.messages);
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        openai_answer::response(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        for (_, choice) in choices(doc) {
            out.begin("assistant", None);
            if let Some(text) = choice.get_text("text") {
                out.part(Part::Text(text));
            }
            out.end(reason(choice).map(finish_reason));
        }
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(OpenAiCompletions)
    }
}

fn input_prompt(prompt: Node<'_>, out: &mut Messages) {
    out.begin("user", None);
    match prompt.text() {
        Some(text) if text.is_empty() => {}
        Some(text) => out.part(Part::Text(text)),
        None => out.part(Part::Generic { kind: "tokens", fields: Payload::Json(prompt) }),
    }
    out.end(None);
}

impl StreamReader for OpenAiCompletions {
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        self.response(event, facts);
        let content = choices(event).any(|(_, choice)| choice.get_text(key!("text")).is_some());
        Event { content, end: false }
    }

    fn text_delta<'e>(&self, _name: Option<&str>, event: FoundNode<'e>) -> Option<TextDelta<'e>> {
        let (choice, node) = unfinished_choice(event)?;
        let text = node.get(key!("text"))?.content()?;
        Some(TextDelta { choice, role: None, run: TextRun::Text, key: Key::Only, text })
    }

    fn output(&mut self, _name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        for (index, choice) in choices(event) {
            if let Some(text) = choice.get_text("text") {
                out.text(index, TextRun::Text, Key::Only, text);
            }
            if let Some(reason) = reason(choice) {
                out.finish(index, finish_reason(reason));
            }
        }
    }
}
