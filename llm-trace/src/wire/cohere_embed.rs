//! Cohere's embeddings and reranking, and the rerankers of Voyage and Jina. These formats have no content.
//!
//! <https://docs.cohere.com/reference/embed>, <https://docs.cohere.com/reference/rerank>,
//! <https://docs.voyageai.com/reference/reranker-api>, <https://jina.ai/reranker>

use super::Reader;
use super::cohere_chat::envelope;
use super::fields::vector_len;
use super::paths::{key, keys};
use super::request_facts::{RequestFacts, request_facts};
use super::stream::StreamReader;
use super::whole::WholeAnswer;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

pub(crate) struct CohereEmbed;

const REQUEST: RequestFacts = request_facts!(
    "",
    [(Fact::RequestEncodingFormats, &["embedding_types"]), (Fact::Dimensions, &["output_dimension"]),]
);

impl Reader for CohereEmbed {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
    }

    fn input(&self, _: Node<'_>, _: &mut InputContent) {}

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        envelope(doc, facts);
        facts.update_text(Fact::ResponseModel, doc.get_str(key!("model")));
        // If only a total is reported, there was no output.
        let total = doc.path(keys!["usage", "total_tokens"]).and_then(Tree::i64);
        facts.usage.input = facts.usage.input.or(total);
        let Some(embeddings) = doc.get(key!("embeddings")) else { return };
        // A list of vectors, or one list per requested type.
        let vectors = if embeddings.is_object() {
            // The packed types hold eight dimensions per number.
            embeddings.any(keys!["float", "int8", "uint8"])
        } else {
            Some(embeddings)
        };
        let dimensions = vectors.and_then(Tree::first).and_then(vector_len);
        facts.update(Fact::Dimensions, dimensions);
    }

    fn output(&self, _: Node<'_>, _: &mut Messages) {}

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(WholeAnswer(&CohereEmbed))
    }
}
