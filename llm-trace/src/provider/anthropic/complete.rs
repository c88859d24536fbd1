//! Anthropic's legacy text completions.
//!
//! <https://docs.claude.com/en/api/complete>

use crate::facts::{RequestFacts, ResponseFacts};
use crate::json::Node;
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::provider::Reader;
use crate::provider::fields::{Masked, RequestFields};
use crate::provider::stream::{Event, Key, Run, StreamOutput, StreamReader};

pub(crate) struct AnthropicComplete;

const REQUEST: RequestFields<Masked> = RequestFields::masked(RequestFields {
    max_tokens: &["max_tokens_to_sample"],
    stop: &["stop_sequences"],
    ..RequestFields::COMMON
});

impl Reader for AnthropicComplete {
    fn request(&self, doc: Node<'_>, facts: &mut RequestFacts) {
        REQUEST.read(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(prompt) = doc.get_text("prompt") {
            out.messages.begin("user", None);
            out.messages.part(Part::Text(prompt));
            out.messages.end(None);
        }
    }

    fn response(&self, doc: Node<'_>, facts: &mut ResponseFacts) {
        facts.id = doc.get_owned("id").or(facts.id.take());
        facts.model = doc.get_owned("model").or(facts.model.take());
        if let Some(reason) = doc.get_str("stop_reason") {
            facts.set_finish_reason(0, reason);
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        if doc.get("completion").is_none() {
            return;
        }
        out.begin("assistant", None);
        if let Some(text) = doc.get_text("completion") {
            out.part(Part::Text(text));
        }
        out.end(doc.get_str("stop_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(CompleteStream)
    }
}

struct CompleteStream;

impl StreamReader for CompleteStream {
    fn event(
        &mut self,
        _name: Option<&str>,
        doc: Node<'_>,
        facts: &mut ResponseFacts,
        out: Option<&mut StreamOutput>,
    ) -> Event {
        AnthropicComplete.response(doc, facts);
        let text = doc.get_text("completion");
        if let Some(out) = out {
            if let Some(text) = text {
                out.text(0, Run::Text, Key::Last, text);
            }
            if let Some(reason) = doc.get_str("stop_reason") {
                out.finish(0, finish_reason(reason));
            }
        }
        Event { content: text.is_some(), end: false }
    }
}
