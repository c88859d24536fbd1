//! Formats with one prompt and a text as response, described by tables of field paths.
//!
//! They are the models' own formats behind Bedrock's InvokeModel, Anthropic's legacy completions,
//! text-generation-inference, watsonx text generation, Replicate predictions and llama.cpp's `/completion`:
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html>,
//! <https://docs.anthropic.com/en/api/complete>,
//! <https://huggingface.co/docs/text-generation-inference/reference/api_reference>,
//! <https://cloud.ibm.com/apidocs/watsonx-ai#text-generation>,
//! <https://replicate.com/docs/reference/http#predictions.create>,
//! <https://github.com/ggml-org/llama.cpp/tree/master/tools/server>.

use super::Reader;
use super::fields::{Paths, UsageFields, field_paths, find, first_vector, vector_len};
use super::paths::{key, keys};
use super::request_facts::{RequestFacts, request_facts};
use super::stream::StreamReader;
use super::text_generation_shapes::{choices, reason};
use super::text_generation_stream::PromptStream;
use crate::json::{FoundNode, Node, Text, Tree};
use crate::message::{InputContent, Messages, Modality, Part, Payload, finish_reason};
use crate::model::facts::{ResponseFacts, Usage};
use crate::semconv::{Fact, Facts};

pub(crate) struct TextGeneration;

const REQUEST: RequestFacts = request_facts!(
    "",
    [
        (Fact::RequestModel, &["model", "model_id", "modelId", "version"]),
        (
            Fact::RequestTemperature,
            &["temperature", "textGenerationConfig.temperature", "parameters.temperature", "input.temperature",]
        ),
        (Fact::RequestTopP, &["top_p", "topP", "p", "textGenerationConfig.topP", "parameters.top_p", "input.top_p"]),
        (Fact::RequestTopK, &["top_k", "topK", "k", "textGenerationConfig.topK", "parameters.top_k", "input.top_k"]),
        (
            Fact::RequestMaxTokens,
            &[
                "max_tokens_to_sample",
                "max_gen_len",
                "max_tokens",
                "maxTokens",
                "max_completion_tokens",
                "maxOutputTokens",
                "n_predict",
                "textGenerationConfig.maxTokenCount",
                "parameters.max_new_tokens",
                "input.max_new_tokens",
                "input.max_tokens",
                "input.max_output_tokens",
                "input.max_length",
            ]
        ),
        (
            Fact::RequestFrequencyPenalty,
            &[
                "frequency_penalty",
                "frequencyPenalty.scale",
                "frequencyPenalty",
                "parameters.frequency_penalty",
                "input.frequency_penalty",
            ]
        ),
        (
            Fact::RequestPresencePenalty,
            &[
                "presence_penalty",
                "presencePenalty.scale",
                "presencePenalty",
                "parameters.presence_penalty",
                "input.presence_penalty",
            ]
        ),
        (
            Fact::RequestSeed,
            &["seed", "parameters.seed", "parameters.random_seed", "imageGenerationConfig.seed", "input.seed"]
        ),
        (
            Fact::RequestStopSequences,
            &[
                "stop_sequences",
                "stopSequences",
                "stop",
                "textGenerationConfig.stopSequences",
                "parameters.stop_sequences",
                "parameters.stop",
                "input.stop_sequences",
            ]
        ),
        (
            Fact::RequestChoiceCount,
            &["num_generations", "numResults", "n", "imageGenerationConfig.numberOfImages", "parameters.best_of"]
        ),
        (Fact::RequestStream, &["stream"]),
        (Fact::RequestEncodingFormats, &["embeddingTypes", "embedding_types"]),
        (
            Fact::Dimensions,
            &[
                "dimensions",
                "embeddingConfig.outputEmbeddingLength",
                "singleEmbeddingParams.embeddingDimension",
                "output_dimension",
            ]
        ),
        (Fact::RequestReasoningLevel, &["reasoning_effort", "input.reasoning_effort"]),
    ]
);

const PROMPT: Paths =
    &["prompt", "inputText", "inputPrompt", "inputs", "input.prompt", "input.text", "textToImageParams.text", "input"];
const SYSTEM: Paths = &["system_prompt", "input.system_prompt", "input.system_instruction"];
/// Images as base64 or as URLs.
const IMAGES: Paths = &["images", "input.images", "input.image"];

const USAGE: UsageFields = UsageFields {
    input: field_paths![
        "inputTextTokenCount",
        "prompt_token_count",
        "usage.prompt_tokens",
        "meta.billed_units.input_tokens",
        "tokens_evaluated",
        "details.input_length",
        "metrics.input_token_count",
    ],
    output: field_paths![
        "totalOutputTextTokenCount",
        "generation_token_count",
        "usage.completion_tokens",
        "meta.billed_units.output_tokens",
        "tokens_predicted",
        "details.generated_tokens",
        "metrics.output_token_count",
    ],
    cache_read: field_paths!["usage.prompt_tokens_details.cached_tokens"],
    cache_creation: field_paths![],
    reasoning: field_paths!["usage.completion_tokens_details.reasoning_tokens"],
};

impl Reader for TextGeneration {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        if field_paths!["response_format.type"]
            .find(doc)
            .and_then(Tree::str)
            .is_some_and(|kind| kind.starts_with("json"))
        {
            facts.update_text(Fact::OutputType, Some("json"));
        } else if field_paths!["textToImageParams", "text_prompts", "imageGenerationConfig"].find(doc).is_some() {
            facts.update_text(Fact::OutputType, Some("image"));
        }
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        if let Some(text) = find(doc, SYSTEM).and_then(Node::text).filter(|text| !text.is_empty()) {
            out.system(Part::Text(text));
        }
        let prompt = find(doc, PROMPT).filter(|prompt| prompt.len() > 0 && !prompt.is_object());
        let images = find(doc, IMAGES);
        if prompt.is_none() && images.is_none() {
            return;
        }
        out.messages.begin("user", None);
        if let Some(prompt) = prompt {
            texts(prompt, &mut |text| out.messages.part(Part::Text(text)));
        }
        if let Some(images) = images {
            texts(images, &mut |image| out.messages.part(picture(image)));
        }
        out.messages.end(None);
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        envelope(doc, facts);
        for (index, choice, shape) in choices(doc) {
            if let Some(reason) = reason(choice, shape) {
                facts.set_finish_reason(index, reason);
            }
        }
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        for (_, choice, shape) in choices(doc) {
            out.begin("assistant", None);
            if let Some(text) = shape.text.find(choice) {
                joined(text, &mut |part| out.part(part));
            }
            out.end(reason(choice, shape).map(finish_reason));
        }
        for image in doc.get("images").into_iter().flat_map(Node::items).filter_map(Node::text) {
            out.begin("assistant", None);
            out.part(picture(image));
            out.end(None);
        }
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(PromptStream)
    }
}

/// The string, or each string of a list.
fn texts<'d>(node: Node<'d>, put: &mut dyn FnMut(Text<'d>)) {
    match node.text() {
        Some(text) => put(text),
        None => node.items().filter_map(Node::text).for_each(put),
    }
}

/// Joins a text that may be a list of pieces into one part.
fn joined<'d>(node: Node<'d>, put: &mut dyn FnMut(Part<'_>)) {
    if let Some(text) = node.text() {
        if !text.is_empty() {
            put(Part::Text(text));
        }
        return;
    }
    let (mut whole, mut elided, mut all_text) = (String::new(), 0_usize, true);
    for piece in node.items() {
        match piece.text() {
            Some(Text::Plain(piece)) => whole.push_str(piece),
            Some(Text::Elided(len)) => elided = elided.saturating_add(len),
            None => all_text = false,
        }
    }
    match (all_text, elided) {
        (false, _) => put(Part::Generic { kind: "output", fields: Payload::Json(node) }),
        (true, 0) if whole.is_empty() => {}
        (true, 0) => put(Part::Text(Text::Plain(&whole))),
        (true, elided) => put(Part::Text(Text::Elided(elided.saturating_add(whole.len())))),
    }
}

fn picture(image: Text<'_>) -> Part<'_> {
    match image {
        Text::Plain(url) if url.starts_with("data:") || url.starts_with("http") || url.starts_with("s3:") => {
            Part::from_url(image, Some(Modality::Image))
        }
        content => Part::Blob { modality: Modality::Image, mime_type: None, content },
    }
}

/// The fields that whole responses and events share.
pub(super) fn envelope(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    // text-generation-inference returns a list of one.
    let doc = if doc.is_array() { doc.first().unwrap_or(doc) } else { doc };
    if let Some(id) = doc.any(keys!["id", "generation_id", "sessionId"]) {
        let number = id.i64().map(|id| id.to_string());
        facts.update_text(Fact::ResponseId, id.str().or(number.as_deref()));
    }
    facts.update_text(Fact::ResponseModel, field_paths!["model", "model_id"].find_str(doc));
    if let Some(vectors) = doc.any(keys!["embedding", "embeddings"]) {
        let vector = first_vector(vectors);
        let vector = vector.get(key!("embedding")).unwrap_or(vector);
        facts.update(Fact::Dimensions, vector_len(vector));
    }
    let mut usage = USAGE.read(doc);
    let results = || doc.each(key!("results"));
    // Every result has its own count.
    let sum = |key| results().filter_map(|result| result.get_i64(key)).reduce(i64::saturating_add);
    usage.output = usage.output.or_else(|| sum(key!("tokenCount"))).or_else(|| sum(key!("generated_token_count")));
    usage.input = usage.input.or_else(|| results().find_map(|result| result.get_i64(key!("input_token_count"))));
    // A later event of a stream may report 0 for an earlier count.
    let known = facts.usage;
    facts.usage.update(Usage { input: usage.input.max(known.input), output: usage.output.max(known.output), ..usage });
}
