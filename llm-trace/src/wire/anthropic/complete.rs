//! Anthropic's legacy text completions.
//!
//! <https://docs.claude.com/en/api/complete>

use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::paths::key;
use crate::wire::request_facts::{RequestFacts, request_facts};
use crate::wire::stream::{Event, Key, StreamOutput, StreamReader, TextRun};

pub(crate) struct AnthropicComplete;

const REQUEST: RequestFacts = request_facts!(
    "",
    [(Fact::RequestMaxTokens, &["max_tokens_to_sample"]), (Fact::RequestStopSequences, &["stop_sequences"]),]
);

impl Reader for AnthropicComplete {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(prompt) = doc.get_text("prompt") {
            out.messages.text("user", prompt, None);
        }
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        facts.update_text(Fact::ResponseId, doc.get_str(key!("id")));
        facts.update_text(Fact::ResponseModel, doc.get_str(key!("model")));
        if let Some(reason) = doc.get_str(key!("stop_reason")) {
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
    fn event(&mut self, _name: Option<&str>, event: FoundNode<'_>, facts: &mut ResponseFacts) -> Event {
        AnthropicComplete.response(event, facts);
        Event { content: event.get_text(key!("completion")).is_some(), end: false }
    }

    fn output(&mut self, _name: Option<&str>, event: Node<'_>, out: &mut StreamOutput) {
        if let Some(text) = event.get_text("completion") {
            out.text(0, TextRun::Text, Key::Only, text);
        }
        if let Some(reason) = event.get_str("stop_reason") {
            out.finish(0, finish_reason(reason));
        }
    }
}
