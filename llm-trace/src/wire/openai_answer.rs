//! The fields that responses in OpenAI's formats share.

use super::openai_usage;
use super::paths::{key, keys};
use crate::json::{FoundNode, Key, Tree};
use crate::model::facts::ResponseFacts;
use crate::semconv::Fact;

/// The fields that responses and chunks share.
pub(super) fn envelope(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    // Some servers give each chunk its own id. The first one is the response's.
    if !facts.has(Fact::ResponseId) {
        facts.update_text(Fact::ResponseId, doc.get_str(key!("id")));
    }
    facts.update_text(Fact::ResponseModel, doc.get_str(key!("model")).or_else(|| doc.get_str(key!("model_id"))));
    facts.update_text(Fact::ResponseServiceTier, doc.get_str(key!("service_tier")));
    facts.update_text(Fact::ResponseSystemFingerprint, doc.get_str(key!("system_fingerprint")));
    openai_usage::of_answer(doc, facts);
}

/// The choices, each with its own number.
pub(super) fn choices<'d, T: Tree<'d>>(doc: T) -> impl Iterator<Item = (usize, T)> {
    doc.each(key!("choices")).enumerate().map(|(at, choice)| (number(choice).unwrap_or(at), choice))
}

fn number<'d, T: Tree<'d>>(choice: T) -> Option<usize> {
    choice.get_i64(key!("index")).and_then(|index| usize::try_from(index).ok())
}

/// Reads the facts of a whole response.
pub(super) fn response(doc: FoundNode<'_>, facts: &mut ResponseFacts) {
    envelope(doc, facts);
    for (index, choice) in choices(doc) {
        if let Some(reason) = reason(choice) {
            facts.set_finish_reason(index, reason);
        }
    }
}

/// The only choice of an event, if it does not finish.
pub(super) fn unfinished_choice(event: FoundNode<'_>) -> Option<(usize, FoundNode<'_>)> {
    let choices = event.get(key!("choices"))?;
    let choice = choices.first().filter(|choice| choices.len() == 1 && !choice.has(REASON))?;
    Some((number(choice).unwrap_or(0), choice))
}

/// Mistral's models behind Bedrock name it `stop_reason`, some gateways to Google `finishReason`.
const REASON: &[Key] = keys!["finish_reason", "stop_reason", "finishReason"];

/// The finish reason of a choice. Some servers send the text `null`.
pub(super) fn reason<'d, T: Tree<'d>>(choice: T) -> Option<&'d str> {
    let reason = choice.any(REASON).and_then(Tree::str);
    reason.filter(|reason| !matches!(*reason, "" | "null"))
}
