//! Token counts.

use crate::semconv::Fact;
use crate::semconv::identifier::is_count;

/// Token counts by the rules of the conventions: input includes cached tokens, output includes reasoning.
///
/// Unset counts are unknown and omitted from the span.
///
/// ```
/// use llm_trace::Usage;
///
/// let usage = Usage::new().input_tokens(120).cache_read_tokens(100).output_tokens(30).reasoning_tokens(20);
/// let first = Usage::new().input_tokens(120).cache_creation_tokens(100);
/// assert_ne!(usage, first);
/// ```
///
/// Media, one-hour cache writes and searches, if the provider reports them:
///
/// ```
/// use llm_trace::{LlmCall, Usage};
///
/// let input = Usage::new().input_tokens(900).input_audio_tokens(300).input_image_tokens(200).input_video_tokens(100);
/// let usage = input.output_tokens(70).output_audio_tokens(40).output_image_tokens(20).output_video_tokens(10);
/// LlmCall::current().usage(usage.cache_creation_1h_tokens(50).searches(2));
/// ```
///
/// Source: [token
/// usage](https://github.com/open-telemetry/semantic-conventions/blob/v1.41.1/docs/gen-ai/gen-ai-spans.md).
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
    pub(crate) input_video: Option<i64>,
    pub(crate) output_text: Option<i64>,
    pub(crate) output_image: Option<i64>,
    pub(crate) output_audio: Option<i64>,
    pub(crate) output_video: Option<i64>,
    /// The part of `cache_creation` that is cached for an hour.
    pub(crate) cache_creation_1h: Option<i64>,
    /// The audio part of `cache_read`.
    pub(crate) cache_read_audio: Option<i64>,
    /// Searches that are billed individually.
    pub(crate) searches: Option<i64>,
    /// Tokens of cited pages, which are no part of `input`.
    pub(crate) citations: Option<i64>,
}

impl Usage {
    /// Creates a value without counts.
    pub fn new() -> Self {
        Self::default()
    }

    /// All input tokens, including cached ones.
    #[must_use]
    pub fn input_tokens(mut self, tokens: i64) -> Self {
        self.input = Some(tokens);
        self
    }

    /// All output tokens, including reasoning.
    #[must_use]
    pub fn output_tokens(mut self, tokens: i64) -> Self {
        self.output = Some(tokens);
        self
    }

    /// Input tokens read from the provider's cache.
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

    /// Output tokens used for reasoning.
    #[must_use]
    pub fn reasoning_tokens(mut self, tokens: i64) -> Self {
        self.reasoning = Some(tokens);
        self
    }

    /// The part of the cache writes that the provider keeps for an hour.
    #[must_use]
    pub fn cache_creation_1h_tokens(mut self, tokens: i64) -> Self {
        self.cache_creation_1h = Some(tokens);
        self
    }

    /// Audio input tokens.
    #[must_use]
    pub fn input_audio_tokens(mut self, tokens: i64) -> Self {
        self.input_audio = Some(tokens);
        self
    }

    /// Image input tokens.
    #[must_use]
    pub fn input_image_tokens(mut self, tokens: i64) -> Self {
        self.input_image = Some(tokens);
        self
    }

    /// Video input tokens.
    #[must_use]
    pub fn input_video_tokens(mut self, tokens: i64) -> Self {
        self.input_video = Some(tokens);
        self
    }

    /// Audio output tokens.
    #[must_use]
    pub fn output_audio_tokens(mut self, tokens: i64) -> Self {
        self.output_audio = Some(tokens);
        self
    }

    /// Image output tokens.
    #[must_use]
    pub fn output_image_tokens(mut self, tokens: i64) -> Self {
        self.output_image = Some(tokens);
        self
    }

    /// Video output tokens.
    #[must_use]
    pub fn output_video_tokens(mut self, tokens: i64) -> Self {
        self.output_video = Some(tokens);
        self
    }

    /// Searches that the provider made and bills individually.
    #[must_use]
    pub fn searches(mut self, searches: i64) -> Self {
        self.searches = Some(searches);
        self
    }

    /// Tokens of cited pages that the provider bills beside the input.
    ///
    /// ```
    /// use llm_trace::Usage;
    ///
    /// let usage = Usage::new().input_tokens(33).citation_tokens(19_028);
    /// assert_ne!(usage, Usage::new().input_tokens(33));
    /// ```
    #[must_use]
    pub fn citation_tokens(mut self, tokens: i64) -> Self {
        self.citations = Some(tokens);
        self
    }

    /// The counts as facts, in attribute order.
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

    /// Applies a later report: its counts replace known ones, and missing counts are kept.
    pub(crate) fn update(&mut self, later: Usage) {
        self.with(&later, |known, new| *known = Some(new));
    }

    /// Adds the usage of another call.
    pub(crate) fn add(&mut self, other: Usage) {
        self.with(&other, |known, new| *known = known.map_or(Some(new), |known| known.checked_add(new)));
    }

    /// Subtracts the part that another model used.
    pub(crate) fn subtract(&mut self, part: Usage) {
        self.with(&part, |known, part| {
            *known = known.and_then(|known| known.checked_sub(part)).map(|rest| rest.max(0));
        });
    }

    /// Removes impossible counts. Returns their number.
    pub(crate) fn retain_sane(&mut self) -> u64 {
        let mut omitted = 0;
        let counts = *self;
        self.with(&counts, |known, count| {
            if !is_count(count) {
                *known = None;
                omitted += 1;
            }
        });
        omitted
    }

    /// Changes the counts that `other` has.
    #[inline]
    fn with(&mut self, other: &Usage, mut change: impl FnMut(&mut Option<i64>, i64)) {
        macro_rules! each {
            ($($field:ident),+ $(,)?) => {{
                let Usage { $($field),+ } = other;
                $(if let Some(count) = *$field {
                    change(&mut self.$field, count);
                })+
            }};
        }
        each!(
            input,
            output,
            cache_read,
            cache_creation,
            reasoning,
            input_text,
            input_image,
            input_audio,
            input_video,
            output_text,
            output_image,
            output_audio,
            output_video,
            cache_creation_1h,
            cache_read_audio,
            searches,
            citations,
        );
    }
}
