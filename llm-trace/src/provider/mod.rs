//! Readers of the providers' wire formats. Each is pure: a document in, facts and content out.
//!
//! Nothing here knows OpenTelemetry. What a reader may see is decided before it is called, by the
//! [`Mode`](crate::json::Mode) the document was built with.

mod anthropic;
mod anthropic_complete;
mod anthropic_stream;
pub(crate) mod collect;
pub(crate) mod detect;
pub(crate) mod error;
mod format;
pub(crate) mod framing;
mod gemini;
mod gemini_embed;
mod gemini_parts;
mod gemini_stream;
mod openai_chat;
mod openai_items;
mod openai_responses;
mod openai_responses_stream;
pub(crate) mod path;
pub(crate) mod stream;

pub(crate) use format::Format;

use crate::facts::{RequestFacts, ResponseFacts};
use crate::json::Node;
use crate::message::{InputContent, Messages};
use stream::StreamReader;

/// One wire format.
pub(crate) trait Reader: Sync {
    /// Reads the facts of a request.
    fn request(&self, doc: Node<'_>, facts: &mut RequestFacts);

    /// Reads the messages, instructions and tools of a request.
    fn input(&self, doc: Node<'_>, out: &mut InputContent);

    /// Reads the facts of a whole answer. Errors are read before, by [`error::read`].
    fn response(&self, doc: Node<'_>, facts: &mut ResponseFacts);

    /// Reads the output messages of a whole answer: one per choice.
    fn output(&self, doc: Node<'_>, out: &mut Messages);

    /// Begins to read a streamed answer.
    fn stream(&self) -> Box<dyn StreamReader>;
}
