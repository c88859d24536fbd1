//! Facts of a call's request and response, without content: numbers, identifiers and reasons.
//!
//! `wire` reads them and `sink` writes them. An unknown fact is `None`, never zero.

use std::borrow::Cow;

pub(crate) use super::usage::Usage;
use crate::semconv::Fact;
use crate::semconv::identifier::{is_cost, is_identifier, is_word, most};

/// Facts of a request.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RequestFacts {
    pub(crate) model: Option<String>,
    pub(crate) temperature: Option<f64>,
    pub(crate) top_p: Option<f64>,
    pub(crate) top_k: Option<f64>,
    pub(crate) max_tokens: Option<i64>,
    pub(crate) frequency_penalty: Option<f64>,
    pub(crate) presence_penalty: Option<f64>,
    pub(crate) seed: Option<i64>,
    pub(crate) stop_sequences: Option<Vec<String>>,
    /// Recorded only if it is not 1.
    pub(crate) choice_count: Option<i64>,
    /// Recorded only if true.
    pub(crate) stream: Option<bool>,
    /// `text`, `json`, `image` or `speech`.
    pub(crate) output_type: Option<&'static str>,
    pub(crate) encoding_formats: Option<Vec<String>>,
    /// The number of dimensions requested for embeddings.
    pub(crate) dimensions: Option<i64>,
    /// As sent; `auto` is not recorded.
    pub(crate) service_tier: Option<String>,
    pub(crate) conversation_id: Option<String>,
    pub(crate) previous_response_id: Option<String>,
    pub(crate) reasoning_level: Option<String>,
    pub(crate) prompt_name: Option<String>,
    pub(crate) prompt_version: Option<String>,
    /// Attributes in the namespace of one provider.
    pub(crate) extra: Vec<(&'static str, Cow<'static, str>)>,
}

/// Facts of a response, or of the part of a stream received so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ResponseFacts {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    /// The provider's values, in choice order; `None` for a choice without one.
    pub(crate) finish_reasons: Vec<Option<String>>,
    pub(crate) usage: Usage,
    /// The part of the usage by other models that the server called for the response.
    pub(crate) usage_by_others: Vec<(String, Usage)>,
    pub(crate) service_tier: Option<String>,
    pub(crate) system_fingerprint: Option<String>,
    pub(crate) output_type: Option<&'static str>,
    pub(crate) conversation_id: Option<String>,
    /// `gen_ai.response.status` of the latest conventions.
    pub(crate) status: Option<String>,
    /// The length of the first embedding vector.
    pub(crate) dimensions: Option<i64>,
    /// The cost that the provider states, in US dollars.
    pub(crate) cost: Option<f64>,
    pub(crate) error: Option<ErrorFacts>,
    pub(crate) extra: Vec<(&'static str, Cow<'static, str>)>,
}

/// Removes a text that is not an identifier, and counts it.
fn retain(refused: &mut u64, fact: Fact, text: &mut Option<String>) {
    if text.as_deref().is_some_and(|text| !is_identifier(fact, text)) {
        *text = None;
        *refused += 1;
    }
}

/// Like [`retain`], for an id that the program may choose but whose wire format has no spaces.
fn retain_word(refused: &mut u64, text: &mut Option<String>) {
    if text.as_deref().is_some_and(|text| !is_word(text)) {
        *text = None;
        *refused += 1;
    }
}

fn retain_all(refused: &mut u64, fact: Fact, texts: &mut Option<Vec<String>>) {
    if let Some(list) = texts {
        let before = list.len();
        list.retain(|text| is_identifier(fact, text));
        list.truncate(most(fact));
        *refused += (before - list.len()) as u64;
    }
}

fn retain_extra(refused: &mut u64, extra: &mut Vec<(&'static str, Cow<'static, str>)>) {
    let before = extra.len();
    extra.retain(|(_, text)| is_word(text));
    *refused += (before - extra.len()) as u64;
}

/// The most models in a list of usage by model: more than any response consults.
const MAX_MODELS: usize = 64;

/// Adds usage of a model.
pub(crate) fn add_by_model(known: &mut Vec<(String, Usage)>, model: &str, usage: Usage) {
    if let Some((_, known)) = known.iter_mut().find(|(known, _)| known == model) {
        known.add(usage);
    } else if known.len() < MAX_MODELS {
        known.push((model.to_owned(), usage));
    }
}

/// Replaces a known text, in its memory, as events of a stream often repeat texts. `None` changes nothing.
pub(crate) fn update_text(known: &mut Option<String>, stated: Option<&str>) {
    match (known, stated) {
        (_, None) => {}
        (Some(known), Some(stated)) => stated.clone_into(known),
        (known, Some(stated)) => *known = Some(stated.to_owned()),
    }
}

impl RequestFacts {
    /// Removes texts that are not identifiers. Returns their number.
    pub(crate) fn retain_identifiers(&mut self) -> u64 {
        let refused = &mut 0;
        retain(refused, Fact::RequestModel, &mut self.model);
        retain(refused, Fact::RequestServiceTier, &mut self.service_tier);
        retain_word(refused, &mut self.conversation_id);
        retain(refused, Fact::RequestPreviousResponseId, &mut self.previous_response_id);
        retain(refused, Fact::RequestReasoningLevel, &mut self.reasoning_level);
        retain(refused, Fact::RequestPromptName, &mut self.prompt_name);
        retain(refused, Fact::RequestPromptVersion, &mut self.prompt_version);
        retain_all(refused, Fact::RequestEncodingFormats, &mut self.encoding_formats);
        // A list with any text that is not an identifier counts as one piece of content.
        let stop = self.stop_sequences.as_deref().unwrap_or_default();
        let fits = |text: &String| is_identifier(Fact::RequestStopSequences, text);
        if stop.len() > most(Fact::RequestStopSequences) || !stop.iter().all(fits) {
            self.stop_sequences = None;
            *refused += 1;
        }
        retain_extra(refused, &mut self.extra);
        *refused
    }
}

impl ResponseFacts {
    /// Removes texts that are not identifiers, and impossible counts and costs. Returns their number.
    pub(crate) fn retain_identifiers(&mut self) -> u64 {
        let refused = &mut 0;
        retain(refused, Fact::ResponseId, &mut self.id);
        retain(refused, Fact::ResponseModel, &mut self.model);
        retain(refused, Fact::ResponseServiceTier, &mut self.service_tier);
        retain(refused, Fact::ResponseSystemFingerprint, &mut self.system_fingerprint);
        retain_word(refused, &mut self.conversation_id);
        retain(refused, Fact::ResponseStatus, &mut self.status);
        *refused += self.finish_reasons.len().saturating_sub(most(Fact::FinishReasons)) as u64;
        self.finish_reasons.truncate(most(Fact::FinishReasons));
        for reason in &mut self.finish_reasons {
            retain(refused, Fact::FinishReasons, reason);
        }
        if let Some(error) = &mut self.error {
            retain(refused, Fact::ErrorCode, &mut error.code);
            retain(refused, Fact::ErrorCode, &mut error.kind);
        }
        if self.cost.is_some_and(|cost| !is_cost(cost)) {
            self.cost = None;
            *refused += 1;
        }
        retain_extra(refused, &mut self.extra);
        *refused + self.usage.retain_sane()
    }

    /// Sets the finish reason of one choice.
    pub(crate) fn set_finish_reason(&mut self, choice: usize, reason: &str) {
        // Few APIs return more choices than this. An invalid index must not allocate a huge vector.
        if choice >= most(Fact::FinishReasons) || reason.is_empty() {
            return;
        }
        if self.finish_reasons.len() <= choice {
            self.finish_reasons.resize(choice + 1, None);
        }
        update_text(&mut self.finish_reasons[choice], Some(reason));
    }
}

/// An error as reported by a provider.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ErrorFacts {
    /// The provider's machine-readable code, preferred to its type.
    pub(crate) code: Option<String>,
    /// The provider's error type or status name.
    pub(crate) kind: Option<String>,
    /// The HTTP status, if the body states it.
    pub(crate) status: Option<u16>,
    /// Content, because it may repeat the prompt. Empty unless content is captured.
    pub(crate) message: Option<String>,
}

impl ErrorFacts {
    /// The low-cardinality name for `error.type`, if the provider gave one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.code.as_deref().or(self.kind.as_deref())
    }
}
