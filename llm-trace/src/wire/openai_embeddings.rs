//! OpenAI embeddings and compatible servers: Mistral, Voyage, Jina and the routers.
//!
//! <https://platform.openai.com/docs/api-reference/embeddings>

use super::Reader;
use super::fields::vector_len;
use super::openai_answer::envelope;
use super::paths::{key, keys};
use super::request_facts::{RequestFacts, request_facts};
use super::stream::StreamReader;
use super::whole::WholeAnswer;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};

pub(crate) struct OpenAiEmbeddings;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        (Fact::RequestEncodingFormats, &["encoding_format", "embedding_type"]),
        // OpenAI, then Mistral and Voyage.
        (Fact::Dimensions, &["dimensions", "output_dimension"]),
    ]
);

impl Reader for OpenAiEmbeddings {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
    }

    /// The conventions have no attribute for the input of embeddings.
    fn input(&self, _doc: Node<'_>, _out: &mut InputContent) {}

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        envelope(doc, facts);
        let usage = doc.get(key!("usage"));
        // Voyage reports only the total, and embeddings have no output.
        let total = usage.and_then(|usage| usage.get_i64(key!("total_tokens")));
        facts.usage.input = facts.usage.input.or(total);
        // Mistral reports zero output tokens.
        facts.usage.output = None;
        facts.update(Fact::Dimensions, dimensions(doc));
    }

    fn output(&self, _doc: Node<'_>, _out: &mut Messages) {}

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(WholeAnswer(&OpenAiEmbeddings))
    }
}

/// The length of the first vector. In base64 it consists of 4-byte floats.
fn dimensions(doc: FoundNode<'_>) -> Option<i64> {
    let vector = doc.get(key!("data")).and_then(Tree::first).and_then(|first| first.get(key!("embedding")))?;
    if !vector.is_str() {
        return vector_len(vector);
    }
    // Voyage, the only one without prompt tokens, has vectors of smaller numbers too.
    let usage = doc.get(key!("usage"))?;
    usage.any(keys!["prompt_tokens", "input_tokens"])?;
    let bytes = (vector.len() / 4).saturating_mul(3);
    i64::try_from(bytes / 4).ok().filter(|len| *len > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Found;
    use crate::wire::paths::PATHS;
    use crate::wire::testing::TypedFacts;

    fn read(json: &str) -> ResponseFacts {
        let mut facts = ResponseFacts::default();
        OpenAiEmbeddings.response(Found::from_json(&PATHS, json.as_bytes()).root(), &mut facts);
        facts
    }

    #[test]
    fn dimensions_are_counted_in_lists_and_in_base64() {
        let usage = r#""usage":{"prompt_tokens":2,"total_tokens":2}"#;
        assert_eq!(
            read(&format!(r#"{{"data":[{{"embedding":[0.1,2,3e-5],"index":0}}],{usage}}}"#))
                .facts
                .int(Fact::Dimensions),
            Some(3)
        );
        for (floats, base64) in [(1, "AAAAAA=="), (2, "AAAAAAAAAAA="), (3, "AAAAAAAAAAAAAAAA")] {
            let json = format!(r#"{{"data":[{{"embedding":"{base64}"}}],{usage}}}"#);
            assert_eq!(read(&json).facts.get(Fact::Dimensions), Some(&floats.into()));
        }
        assert_eq!(read(&format!(r#"{{"data":[],{usage}}}"#)).facts.get(Fact::Dimensions), None);
    }

    #[test]
    fn a_total_alone_is_the_input() {
        let facts = read(r#"{"data":[{"embedding":"AAAAAA=="}],"usage":{"total_tokens":7}}"#);
        assert_eq!((facts.usage.input, facts.facts.get(Fact::Dimensions)), (Some(7), None));
    }
}
