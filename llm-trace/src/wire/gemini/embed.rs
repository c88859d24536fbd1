//! Gemini's embedContent and batchEmbedContents, and `predict` of embedding models on Vertex AI.
//!
//! <https://ai.google.dev/api/embeddings>,
//! <https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>

use super::{RawUsage, model_name, update_usage};
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages};
use crate::model::facts::ResponseFacts;
use crate::semconv::{Fact, Facts};
use crate::wire::Reader;
use crate::wire::fields::{FieldPaths, field_paths, vector_len};
use crate::wire::paths::{key, keys};
use crate::wire::stream::StreamReader;
use crate::wire::whole::WholeAnswer;

pub(crate) struct GeminiEmbed;

const DIMENSIONS: FieldPaths = field_paths![
    "outputDimensionality",
    "output_dimensionality",
    "parameters.outputDimensionality",
    "embedContentConfig.outputDimensionality",
];

impl Reader for GeminiEmbed {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        // A batch repeats the model and the dimensions per text, and they must be equal.
        let one = doc.get(key!("requests")).and_then(Tree::first).unwrap_or(doc);
        facts.update_text(Fact::RequestModel, one.get_str(key!("model")).map(model_name));
        facts.update(Fact::Dimensions, DIMENSIONS.find(one).and_then(Tree::i64));
    }

    // The conventions have no input attribute for embeddings.
    fn input(&self, _doc: Node<'_>, _out: &mut InputContent) {}

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        let many = doc.get(key!("embeddings")).and_then(Tree::first);
        let prediction = doc.get(key!("predictions")).and_then(Tree::first);
        let predicted = prediction.and_then(|first| first.any(keys!["embeddings", "textEmbedding", "imageEmbedding"]));
        if let Some(embedding) = doc.get(key!("embedding")).or(many).or(predicted) {
            let vector = embedding.get(key!("values")).unwrap_or(embedding);
            facts.update(Fact::Dimensions, vector_len(vector));
        }
        update_usage(doc, &mut RawUsage::default(), facts);
        let mut counts = doc.get(key!("predictions")).into_iter().flat_map(Tree::items).filter_map(|prediction| {
            let statistics = prediction.path(keys!["embeddings", "statistics"])?;
            statistics.any(keys!["token_count", "tokenCount"])?.i64()
        });
        if let Some(first) = counts.next() {
            facts.usage.input = Some(counts.fold(first, i64::saturating_add));
        }
    }

    fn output(&self, _doc: Node<'_>, _out: &mut Messages) {}

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(WholeAnswer(&GeminiEmbed))
    }
}
