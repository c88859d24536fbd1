//! Amazon Bedrock's Converse API. The requests and responses of Amazon Nova have the same format.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>

use super::Reader;
use super::bedrock_converse_stream::ConverseStream;
use super::chat_input;
use super::chat_message::parts;
use super::fields::{field_paths, find};
use super::paths::{key, keys};
use super::request_facts::{RequestFacts, request_facts};
use super::stream::StreamReader;
use crate::json::{FoundNode, Node, Tree};
use crate::message::{InputContent, Messages, finish_reason};
use crate::model::facts::{ResponseFacts, Usage};
use crate::semconv::{Fact, Facts};

pub(crate) struct BedrockConverse;

/// Bedrock's names first, then further names of models (Nova's InvokeModel schema, and fields passed in
/// `additionalModelRequestFields`).
const REQUEST: RequestFacts = request_facts!(
    "",
    [
        (Fact::RequestModel, &["modelId"]),
        (Fact::RequestTemperature, &["inferenceConfig.temperature"]),
        (Fact::RequestTopP, &["inferenceConfig.topP", "inferenceConfig.top_p", "additionalModelRequestFields.top_p"]),
        (
            Fact::RequestTopK,
            &[
                "inferenceConfig.topK",
                "inferenceConfig.top_k",
                "additionalModelRequestFields.inferenceConfig.topK",
                "additionalModelRequestFields.top_k",
                "additionalModelRequestFields.topK",
                "additionalModelRequestFields.k",
            ]
        ),
        (
            Fact::RequestMaxTokens,
            &["inferenceConfig.maxTokens", "inferenceConfig.max_new_tokens", "inferenceConfig.max_tokens"]
        ),
        (Fact::RequestFrequencyPenalty, &["additionalModelRequestFields.frequency_penalty"]),
        (Fact::RequestPresencePenalty, &["additionalModelRequestFields.presence_penalty"]),
        (Fact::RequestSeed, &["additionalModelRequestFields.seed"]),
        (Fact::RequestStopSequences, &["inferenceConfig.stopSequences", "inferenceConfig.stop_sequences"]),
        (Fact::RequestChoiceCount, &[]),
        (Fact::RequestStream, &[]),
        (
            Fact::RequestReasoningLevel,
            &[
                "additionalModelRequestFields.reasoningConfig.maxReasoningEffort",
                "additionalModelRequestFields.output_config.effort",
                "additionalModelRequestFields.reasoning_effort",
                "inferenceConfig.reasoningConfig.maxReasoningEffort",
            ]
        ),
    ]
);

impl Reader for BedrockConverse {
    fn request(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        REQUEST.read(doc, facts);
        if field_paths!["outputConfig.textFormat"].find(doc).is_some() {
            facts.update_text(Fact::OutputType, Some("json"));
        }
        bedrock_request(doc, facts);
    }

    fn input(&self, doc: Node<'_>, out: &mut InputContent) {
        chat_input::read(doc, out);
    }

    fn response(&self, doc: FoundNode<'_>, facts: &mut ResponseFacts) {
        if let Some(reason) = doc.get_str(key!("stopReason")) {
            facts.set_finish_reason(0, reason);
        }
        metadata(doc, facts);
    }

    fn output(&self, doc: Node<'_>, out: &mut Messages) {
        let Some(message) = find(doc, &["output.message"]) else { return };
        out.begin(message.get_str("role").unwrap_or("assistant"), None);
        parts(message, out);
        out.end(doc.get_str("stopReason").map(finish_reason));
    }

    fn stream(&self) -> Box<dyn StreamReader> {
        Box::new(ConverseStream::default())
    }
}

/// Facts of a Bedrock request under the `aws.bedrock` names of the conventions.
pub(super) fn bedrock_request(doc: FoundNode<'_>, facts: &mut Facts) {
    let guardrail = field_paths!["guardrailConfig.guardrailIdentifier", "guardrailIdentifier"];
    facts.update_word(Fact::AwsGuardrailId, guardrail.find_str(doc));
    let knowledge_base =
        field_paths!["knowledgeBaseId", "retrieveAndGenerateConfiguration.knowledgeBaseConfiguration.knowledgeBaseId"];
    facts.update_word(Fact::AwsKnowledgeBaseId, knowledge_base.find_str(doc));
}

/// The fields that a whole response and a stream's `metadata` event share.
pub(super) fn metadata(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    if let Some(usage) = doc.get(key!("usage")) {
        facts.usage.update(read_usage(usage));
    }
    // The model that a prompt router chose.
    facts.update_text(Fact::ResponseModel, field_paths!["trace.promptRouter.invokedModelId"].find_str(doc));
}

/// `inputTokens` excludes cached tokens.
fn read_usage(usage: FoundNode<'_>) -> Usage {
    let cache_read = usage.any(keys!["cacheReadInputTokens", "cacheReadInputTokenCount"]).and_then(Tree::i64);
    let cache_creation = usage.any(keys!["cacheWriteInputTokens", "cacheWriteInputTokenCount"]).and_then(Tree::i64);
    let cached = cache_read.unwrap_or(0).saturating_add(cache_creation.unwrap_or(0));
    Usage {
        input: usage.get_i64(key!("inputTokens")).map(|input| input.saturating_add(cached)),
        output: usage.get_i64(key!("outputTokens")),
        cache_read,
        cache_creation,
        cache_creation_1h: hour_writes(usage),
        ..Usage::default()
    }
}

/// The cache writes by lifetime: the tokens that are kept for an hour.
fn hour_writes(usage: FoundNode<'_>) -> Option<i64> {
    let entries = usage.each(key!("cacheDetails")).filter(|entry| entry.get_str(key!("ttl")) == Some("1h"));
    entries.filter_map(|entry| entry.get_i64(key!("inputTokens"))).reduce(i64::saturating_add)
}
