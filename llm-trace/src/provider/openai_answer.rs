//! What answers in OpenAI's formats have in common.

use super::openai_usage;
use crate::facts::ResponseFacts;
use crate::json::{Node, any};

/// What answers and chunks have in common.
pub(super) fn envelope(doc: Node<'_>, facts: &mut ResponseFacts) {
    // Some servers give each chunk an id of its own: the first is the answer's.
    facts.id = facts.id.take().or_else(|| doc.get_owned("id"));
    facts.model = doc.get_owned("model").or_else(|| doc.get_owned("model_id")).or(facts.model.take());
    facts.service_tier = doc.get_owned("service_tier").or(facts.service_tier.take());
    facts.system_fingerprint = doc.get_owned("system_fingerprint").or(facts.system_fingerprint.take());
    openai_usage::of_answer(doc, facts);
}

/// The choices, each with its own number.
pub(super) fn choices(doc: Node<'_>) -> impl Iterator<Item = (usize, Node<'_>)> {
    doc.get("choices").into_iter().flat_map(Node::items).enumerate().map(|(at, choice)| {
        let index = choice.get_i64("index").and_then(|i| usize::try_from(i).ok());
        (index.unwrap_or(at), choice)
    })
}

/// Mistral's models behind Bedrock call it `stop_reason`, some gateways to Google `finishReason`. Some servers write the
/// word `null`.
pub(super) fn reason(choice: Node<'_>) -> Option<&str> {
    let reason = any!(choice, "finish_reason", "stop_reason", "finishReason").and_then(Node::str);
    reason.filter(|reason| !matches!(*reason, "" | "null"))
}
