//! Facts of a response, without content: numbers, identifiers and reasons.
//!
//! `wire` reads them and `sink` writes them. An unknown fact is `None`, never zero.

pub(crate) use super::usage::Usage;
use crate::semconv::identifier::{is_cost, is_identifier, most};
use crate::semconv::{AttributeValue, Fact, Facts};

/// Facts of a response, or of the part of a stream received so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ResponseFacts {
    /// Facts without a structure of their own: ids, models, tiers.
    pub(crate) facts: Facts,
    /// The provider's values, in choice order; `None` for a choice without one.
    pub(crate) finish_reasons: Vec<Option<String>>,
    pub(crate) usage: Usage,
    /// The part of the usage by other models that the server called for the response.
    pub(crate) usage_by_others: Vec<(String, Usage)>,
    /// The cost that the provider states, in US dollars.
    pub(crate) cost: Option<f64>,
    pub(crate) error: Option<ErrorFacts>,
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

/// Removes a text that is not an identifier, and counts it.
fn retain(omitted: &mut u64, fact: Fact, text: &mut Option<String>) {
    if text.as_deref().is_some_and(|text| !is_identifier(fact, text)) {
        *text = None;
        *omitted += 1;
    }
}

impl ResponseFacts {
    /// Removes texts that are not identifiers, and impossible counts and costs. Returns their number. The facts of the
    /// list were checked when they were set.
    pub(crate) fn retain_identifiers(&mut self) -> u64 {
        let omitted = &mut 0;
        *omitted += self.finish_reasons.len().saturating_sub(most(Fact::FinishReasons)) as u64;
        self.finish_reasons.truncate(most(Fact::FinishReasons));
        for reason in &mut self.finish_reasons {
            retain(omitted, Fact::FinishReasons, reason);
        }
        if let Some(error) = &mut self.error {
            retain(omitted, Fact::ErrorCode, &mut error.code);
            retain(omitted, Fact::ErrorCode, &mut error.kind);
        }
        if self.cost.is_some_and(|cost| !is_cost(cost)) {
            self.cost = None;
            *omitted += 1;
        }
        *omitted + self.usage.retain_sane()
    }

    /// Adds the facts of an earlier response, except counts, the cost and the error.
    pub(crate) fn fill(&mut self, earlier: ResponseFacts) {
        self.facts.fill(earlier.facts);
        if self.finish_reasons.is_empty() {
            self.finish_reasons = earlier.finish_reasons;
        }
    }

    /// Applies the facts of a later response, except counts, the cost and the error.
    pub(crate) fn merge(&mut self, later: ResponseFacts) {
        self.facts.merge(later.facts);
        if !later.finish_reasons.is_empty() {
            self.finish_reasons = later.finish_reasons;
        }
    }

    /// Sets a fact to a value, if the value is known.
    pub(crate) fn update(&mut self, fact: Fact, value: Option<impl Into<AttributeValue>>) {
        self.facts.update(fact, value);
    }

    /// Sets a fact to a text, if the text is known.
    pub(crate) fn update_text(&mut self, fact: Fact, text: Option<&str>) {
        self.facts.update_text(fact, text);
    }

    /// Sets an id that a program may choose, from a wire format whose ids have no spaces.
    pub(crate) fn update_word(&mut self, fact: Fact, text: Option<&str>) {
        self.facts.update_word(fact, text);
    }

    /// Whether a fact is known.
    pub(crate) fn has(&self, fact: Fact) -> bool {
        self.facts.has(fact)
    }

    /// Moves the facts that a request can state too to those of the request. They replace the request's, except for the
    /// conversation.
    pub(crate) fn move_shared(&mut self, request: &mut Facts) {
        for fact in [Fact::OutputType, Fact::Dimensions, Fact::AwsGuardrailId] {
            request.update(fact, self.facts.take(fact));
        }
        let conversation = self.facts.take(Fact::ConversationId);
        if !request.has(Fact::ConversationId) {
            request.update(Fact::ConversationId, conversation);
        }
    }

    /// The model that generated the response.
    pub(crate) fn model(&self) -> Option<&str> {
        self.facts.text(Fact::ResponseModel)
    }

    /// Sets the finish reason of one choice.
    pub(crate) fn set_finish_reason(&mut self, choice: usize, reason: &str) {
        // Few APIs return more choices than this. An invalid index must not allocate a huge vector.
        if choice >= most(Fact::FinishReasons) || reason.is_empty() {
            return;
        }
        while self.finish_reasons.len() <= choice {
            self.finish_reasons.push(None);
        }
        match &mut self.finish_reasons[choice] {
            // Events of a stream repeat the reason.
            Some(known) => reason.clone_into(known),
            unknown => *unknown = Some(reason.to_owned()),
        }
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
