//! Token counts.

use crate::semconv::Fact;

/// Token counts, by the convention's rules: input includes cached tokens, output includes reasoning.
///
/// What is not set is unknown, and absent on the span.
///
/// ```
/// use llm_trace::Usage;
///
/// let usage = Usage::new().input_tokens(120).cache_read_tokens(100).output_tokens(30).reasoning_tokens(20);
/// let first = Usage::new().input_tokens(120).cache_creation_tokens(100);
/// # let _ = first;
/// # let _ = usage;
/// ```
///
/// Source: [token usage](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-spans.md).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Usage {
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
    /// Nothing known.
    pub fn new() -> Self {
        Self::default()
    }

    /// All input tokens, cached ones included.
    #[must_use]
    pub fn input_tokens(mut self, tokens: i64) -> Self {
        self.input = Some(tokens);
        self
    }

    /// All output tokens, reasoning included.
    #[must_use]
    pub fn output_tokens(mut self, tokens: i64) -> Self {
        self.output = Some(tokens);
        self
    }

    /// Input tokens that the provider's cache served.
    #[must_use]
    pub fn cache_read_tokens(mut self, tokens: i64) -> Self {
        self.cache_read = Some(tokens);
        self
    }

    /// Input tokens written to the provider's cache.
    #[must_use]
    pub fn cache_creation_tokens(mut self, tokens: i64) -> Self {
        self.cache_creation = Some(tokens);
        self
    }

    /// Output tokens spent on reasoning.
    #[must_use]
    pub fn reasoning_tokens(mut self, tokens: i64) -> Self {
        self.reasoning = Some(tokens);
        self
    }

    /// The counts as facts, in the order in which a span has them.
    pub(crate) fn facts(&self) -> [(Fact, Option<i64>); 11] {
        [
            (Fact::UsageInput, self.input),
            (Fact::UsageOutput, self.output),
            (Fact::UsageCacheRead, self.cache_read),
            (Fact::UsageCacheWrite, self.cache_creation),
            (Fact::UsageReasoning, self.reasoning),
            (Fact::UsageTextInput, self.input_text),
            (Fact::UsageImageInput, self.input_image),
            (Fact::UsageAudioInput, self.input_audio),
            (Fact::UsageTextOutput, self.output_text),
            (Fact::UsageImageOutput, self.output_image),
            (Fact::UsageAudioOutput, self.output_audio),
        ]
    }

    /// Takes over what a later report knows; what it does not mention stays.
    pub(crate) fn update(&mut self, later: Usage) {
        self.with(later, |known, new| new.or(known));
    }

    /// Adds what another call used.
    pub(crate) fn add(&mut self, other: Usage) {
        self.with(other, |known, new| match (known, new) {
            (Some(known), Some(new)) => known.checked_add(new),
            (known, new) => known.or(new),
        });
    }

    fn with(&mut self, later: Usage, join: impl Fn(Option<i64>, Option<i64>) -> Option<i64>) {
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
            *known = join(*known, new);
        }
    }
}
