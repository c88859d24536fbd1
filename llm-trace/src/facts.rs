//! What a call's request and answer tell, apart from content: numbers, ids and reasons.
//!
//! Readers fill these; `otel` names them. Unknown is `None`, never zero.

use std::borrow::Cow;

pub(crate) use crate::usage::Usage;

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
    /// Emitted only if it is not 1.
    pub(crate) choice_count: Option<i64>,
    /// Emitted only if true.
    pub(crate) stream: Option<bool>,
    /// `text`, `json`, `image` or `speech`.
    pub(crate) output_type: Option<&'static str>,
    pub(crate) encoding_formats: Option<Vec<String>>,
    /// The number of dimensions asked for, of an embeddings request.
    pub(crate) dimensions: Option<i64>,
    /// As sent; `auto` is not emitted.
    pub(crate) service_tier: Option<String>,
    pub(crate) conversation_id: Option<String>,
    pub(crate) previous_response_id: Option<String>,
    pub(crate) reasoning_level: Option<String>,
    pub(crate) prompt_name: Option<String>,
    pub(crate) prompt_version: Option<String>,
    /// Attributes of one provider's own namespace.
    pub(crate) extra: Vec<(&'static str, Cow<'static, str>)>,
}

/// Facts of an answer, or of as much of a stream as has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ResponseFacts {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    /// The provider's own words, in choice order; `None` where a choice has not said.
    pub(crate) finish_reasons: Vec<Option<String>>,
    pub(crate) usage: Usage,
    /// What other models used of it: those that a server consulted on its way to the answer.
    pub(crate) usage_by_others: Vec<(String, Usage)>,
    pub(crate) service_tier: Option<String>,
    pub(crate) system_fingerprint: Option<String>,
    pub(crate) output_type: Option<&'static str>,
    pub(crate) conversation_id: Option<String>,
    /// `gen_ai.response.status` of the newest conventions.
    pub(crate) status: Option<String>,
    /// The length of the first embedding vector.
    pub(crate) dimensions: Option<i64>,
    /// What the provider says the call cost, in US dollars.
    pub(crate) cost: Option<f64>,
    pub(crate) error: Option<ErrorFacts>,
    pub(crate) extra: Vec<(&'static str, Cow<'static, str>)>,
}

impl ResponseFacts {
    /// Sets the finish reason of one choice.
    pub(crate) fn set_finish_reason(&mut self, choice: usize, reason: &str) {
        // No API returns more choices than this; a wild index must not make a huge vector.
        if choice >= 1024 || reason.is_empty() {
            return;
        }
        if self.finish_reasons.len() <= choice {
            self.finish_reasons.resize(choice + 1, None);
        }
        self.finish_reasons[choice] = Some(reason.to_owned());
    }
}

/// An error as a provider states it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ErrorFacts {
    /// The provider's machine-readable code, in preference to its type.
    pub(crate) code: Option<String>,
    /// The provider's error type or status word.
    pub(crate) kind: Option<String>,
    /// The HTTP status, where the body states it.
    pub(crate) status: Option<u16>,
    /// Content: may echo the prompt. Empty unless content was asked for.
    pub(crate) message: Option<String>,
}

impl ErrorFacts {
    /// The low-cardinality name for `error.type`, where the provider gave one.
    pub(crate) fn name(&self) -> Option<&str> {
        self.code.as_deref().or(self.kind.as_deref())
    }
}
