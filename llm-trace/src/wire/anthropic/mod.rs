//! Anthropic messages, also as the bodies of Claude on Bedrock and Vertex AI.
//!
//! <https://docs.claude.com/en/api/messages>

pub(super) mod block;
mod complete;
mod stream;
mod usage;

pub(crate) use complete::AnthropicComplete;

use self::block::block;
use self::stream::MessageStream;
use self::usage::RawUsage;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, Part, finish_reason};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::chat_input;
use crate::wire::paths::{key, keys};
use crate::wire::request_facts::{RequestFacts, request_facts};
use crate::wire::stream::StreamReader;

pub(crate) struct AnthropicMessages;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        (Fact::RequestStopSequences, &["stop_sequences"]),
        (Fact::RequestReasoningLevel, &["output_config.effort"]),
        (Fact::RequestServiceTier, &["service_tier"])
    ]
);

impl Reader for AnthropicMessages {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        // The beta of structured outputs had the format at the top level.
        let format = doc.path(keys!["output_config", "format"]).or_else(|| doc.get(key!("output_format")));
        let format = format.and_then(|format| format.get(key!("type")));
        facts.update_text(Fact::OutputType, format.map(|_| "json"));
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        chat_input::read(doc, out);
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        let mut usage = RawUsage::default();
        envelope(doc, facts, &mut usage);
        if let Some(reason) = doc.get_str(key!("stop_reason")) {
            facts.set_finish_reason(0, reason);
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        let Some(blocks) = doc.get("content") else { return };
        out.begin(doc.get_str("role").unwrap_or("assistant"), None);
        content(blocks, &mut |part| out.part(part));
        out.end(doc.get_str("stop_reason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(MessageStream::default())
    }
}

/// The fields that a message and the first event of a streamed message share.
fn envelope(message: FoundNode<'_>, facts: &mut ResponseFacts, usage: &mut RawUsage) {
    facts.update_text(Fact::ResponseId, message.get_str(key!("id")));
    facts.update_text(Fact::ResponseModel, message.get_str(key!("model")));
    if let Some(report) = message.get(key!("usage")) {
        usage.report(report, facts);
    }
}

/// The parts of a content, which is a text or a list of blocks.
fn content(content: Node<'_>, emit: &mut dyn FnMut(Part<'_>)) {
    match content.text() {
        Some(text) if text.is_empty() => {}
        Some(text) => emit(Part::Text(text)),
        None => content.items().filter_map(block).for_each(emit),
    }
}

#[cfg(test)]
mod tests;
