//! What a call's request and answer tell, apart from content: numbers, ids and reasons.
//!
//! Readers fill these; `otel` names them. Unknown is `None`, never zero.

/// A provider-specific attribute's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    Str(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Strs(Vec<String>),
}

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
    pub(crate) extra: Vec<(&'static str, Fact)>,
}

/// Token counts by the convention's rules: input includes cached tokens, output includes reasoning.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Usage {
    pub(crate) input: Option<i64>,
    pub(crate) output: Option<i64>,
    pub(crate) cache_read: Option<i64>,
    pub(crate) cache_creation: Option<i64>,
    pub(crate) reasoning: Option<i64>,
    pub(crate) input_text: Option<i64>,
    pub(crate) input_image: Option<i64>,
    pub(crate) input_audio: Option<i64>,
    pub(crate) output_text: Option<i64>,
    pub(crate) output_image: Option<i64>,
    pub(crate) output_audio: Option<i64>,
}

impl Usage {
    /// Takes over what a later report knows; what it does not mention stays.
    pub(crate) fn update(&mut self, later: Usage) {
        let Usage {
            input,
            output,
            cache_read,
            cache_creation,
            reasoning,
            input_text,
            input_image,
            input_audio,
            output_text,
            output_image,
            output_audio,
        } = later;
        for (known, new) in [
            (&mut self.input, input),
            (&mut self.output, output),
            (&mut self.cache_read, cache_read),
            (&mut self.cache_creation, cache_creation),
            (&mut self.reasoning, reasoning),
            (&mut self.input_text, input_text),
            (&mut self.input_image, input_image),
            (&mut self.input_audio, input_audio),
            (&mut self.output_text, output_text),
            (&mut self.output_image, output_image),
            (&mut self.output_audio, output_audio),
        ] {
            *known = new.or(*known);
        }
    }
}

/// Facts of an answer, or of as much of a stream as has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ResponseFacts {
    pub(crate) id: Option<String>,
    pub(crate) model: Option<String>,
    /// The provider's own words, in choice order; `None` where a choice has not said.
    pub(crate) finish_reasons: Vec<Option<String>>,
    pub(crate) usage: Usage,
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
    pub(crate) extra: Vec<(&'static str, Fact)>,
}

impl ResponseFacts {
    /// Sets the finish reason of one choice.
    pub(crate) fn set_finish_reason(&mut self, choice: usize, reason: &str) {
        // No API returns more choices than this; a wild index must not make a huge vector.
        if choice >= 1024 {
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
