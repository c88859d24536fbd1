//! Readers of the providers' wire formats. Each is pure: facts by the paths of one table, and content from a document.
//!
//! Nothing here knows OpenTelemetry. What a reader may see of content is decided before it is called, by the
//! [`Mode`](crate::json::Mode) the document was built with; without a permit there is no document.

mod anthropic;
mod bedrock_converse;
mod bedrock_converse_stream;
mod bedrock_invoke;
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
pub(crate) mod stream;
mod stream_output;
#[cfg(test)]
mod testing;
mod text_generation;
mod text_generation_stream;
mod whole;

pub(crate) use format::Format;

#[cfg(feature = "internal")]
use crate::json::Tree;
use crate::json::{FoundNode, Node};
use crate::message::{InputContent, Messages};
use crate::model::facts::{RequestFacts, ResponseFacts};
use stream::StreamReader;

/// Tells a request's format and reads its facts, of the URL's path those that only it has.
#[cfg(feature = "internal")]
pub(crate) fn read_request(
    provider: Option<&str>,
    path: Option<&str>,
    doc: FoundNode<'_>,
) -> (Option<Format>, RequestFacts) {
    let mut facts = RequestFacts::default();
    let format = detect::of_request(provider, path, doc);
    match format {
        Some(format) => format.reader().request(doc, &mut facts),
        // Whatever it is that is asked, this is whom.
        None => facts.model = doc.get_owned(paths::key!("model")),
    }
    if let Some(path) = path {
        detect::path_facts(path, &mut facts);
    }
    (format, facts)
}

/// Tells a whole answer's format, where the request may already have, and reads its facts and errors.
#[cfg(feature = "internal")]
pub(crate) fn read_response(
    provider: Option<&str>,
    asked: Option<Format>,
    doc: FoundNode<'_>,
) -> (Option<Format>, ResponseFacts) {
    let mut facts = ResponseFacts { error: error::read(doc), ..ResponseFacts::default() };
    let format = detect::of_response(provider, asked, None, doc);
    if let Some(format) = format {
        format.reader().response(doc, &mut facts);
    }
    (format, facts)
}

/// One wire format.
pub(crate) trait Reader: Sync {
    /// Reads the facts of a request.
    fn request(&self, doc: FoundNode<'_>, facts: &mut RequestFacts);

    /// Reads the messages, instructions and tools of a request.
    fn input(&self, doc: Node<'_>, out: &mut InputContent);

    /// Reads the facts of a whole answer. Errors are read before, by [`error::read`].
    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts);

    /// Reads the output messages of a whole answer: one per choice.
    fn output(&self, doc: Node<'_>, out: &mut Messages);

    /// Begins to read a streamed answer.
    fn stream(&self) -> Box<dyn StreamReader>;
}
