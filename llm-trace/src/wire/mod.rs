//! Readers of the providers' wire formats. They are pure: facts come from the paths of one table, and content from a
//! document.
//!
//! This module does not depend on OpenTelemetry. The [`Mode`](crate::json::Mode) with which a document is built decides
//! before reading how much content a reader sees. Without a permit there is no document.

// Bytes and numbers come from providers.
#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice))]

mod anthropic;
mod bedrock_block;
mod bedrock_converse;
mod bedrock_converse_stream;
mod bedrock_invoke;
mod chat_input;
mod chat_message;
mod cohere_chat;
mod cohere_embed;
mod cohere_stream;
pub(crate) mod collect;
pub(crate) mod detect;
pub(crate) mod error;
mod fields;
mod format;
pub(crate) mod framing;
mod gemini;
mod joined_text;
pub(crate) mod messages;
mod ollama;
mod openai_answer;
mod openai_chat;
mod openai_completions;
mod openai_embeddings;
mod openai_responses;
mod openai_usage;
pub(crate) mod paths;
mod request_facts;
pub(crate) mod stream;
mod stream_output;
#[cfg(test)]
mod testing;
mod text_delta;
mod text_generation;
mod text_generation_shapes;
mod text_generation_stream;
mod whole;

pub(crate) use format::Format;

use crate::json::{FoundNode, Node};
use crate::message::{InputContent, Messages};
use crate::model::facts::ResponseFacts;
use crate::semconv::Facts;
use stream::StreamReader;

/// A reader of one wire format.
pub(crate) trait Reader: Sync {
    /// Reads the facts of a request.
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts);

    /// Reads the messages, instructions and tools of a request.
    fn input(&self, doc: Node<'_>, out: &mut InputContent);

    /// Reads the facts of a whole response. [`error::read`] reads errors before.
    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts);

    /// Reads the output messages of a whole response, one per choice.
    fn output(&self, doc: Node<'_>, out: &mut Messages);

    /// Starts reading a streamed response.
    fn stream(&self) -> Box<dyn StreamReader>;
}
