//! The input and output of a price function.

use crate::model::Usage;
use crate::semconv::Fact;

/// The facts of a call that its price can depend on. It contains no content.
///
/// ```
/// use llm_trace::{Cost, PricedCall};
/// use tracing_subscriber::prelude::*;
///
/// // Media, one-hour cache writes and searches have separate prices.
/// let media_price = |call: &PricedCall<'_>| {
///     let input = [call.input_audio_tokens(), call.input_image_tokens(), call.input_video_tokens()];
///     let output = [call.output_audio_tokens(), call.output_image_tokens(), call.output_video_tokens()];
///     let sum = |counts: [Option<i64>; 3]| counts.into_iter().flatten().sum::<i64>() as f64;
///     let written = call.cache_creation_1h_tokens().unwrap_or(0) as f64;
///     let cost = Cost::new().input(sum(input) * 1e-5).output(sum(output) * 4e-5).cache_creation(written * 6e-6);
///     Some(cost.requests(call.searches().unwrap_or(0) as f64 * 0.01))
/// };
/// tracing_subscriber::registry().with(llm_trace::layer().with_prices(media_price)).init();
/// ```
///
/// A price list by model:
///
/// ```
/// use llm_trace::{Cost, PricedCall};
/// use tracing_subscriber::prelude::*;
///
/// let house_price = |call: &PricedCall<'_>| {
///     if call.response_model() == Some("free-model") {
///         return Some(Cost::total(0.0));
///     }
///     let per_token = match (call.operation(), call.provider(), call.model()) {
///         ("chat", Some("openai"), Some("gpt-4o")) if call.service_tier() != Some("priority") => 2.5e-6,
///         // An alias, priced independently of its current model.
///         (_, Some("my-gateway"), _) if call.request_model() == Some("cheap") => 1e-7,
///         _ => return None,
///     };
///     let cached = call.cache_read_tokens().unwrap_or(0) + call.cache_creation_tokens().unwrap_or(0);
///     let thought = call.reasoning_tokens().unwrap_or(0);
///     let price = |tokens: i64, times: f64| tokens as f64 * times * per_token;
///     let cost = Cost::new().input(price(call.input_tokens()? - cached, 1.0)).cache_read(price(cached, 0.5));
///     Some(cost.output(price(call.output_tokens()? - thought, 4.0)).reasoning(price(thought, 4.0)))
/// };
/// tracing_subscriber::registry().with(llm_trace::layer().with_prices(house_price)).init();
/// ```
#[derive(Clone, Copy, Debug)]
pub struct PricedCall<'a> {
    pub(crate) operation: &'a str,
    pub(crate) provider: Option<&'a str>,
    pub(crate) request_model: Option<&'a str>,
    pub(crate) response_model: Option<&'a str>,
    pub(crate) service_tier: Option<&'a str>,
    pub(crate) usage: &'a Usage,
}

impl<'a> PricedCall<'a> {
    /// `gen_ai.operation.name`.
    pub fn operation(&self) -> &'a str {
        self.operation
    }

    /// `gen_ai.provider.name`.
    pub fn provider(&self) -> Option<&'a str> {
        self.provider
    }

    /// The response model, or the request model if that is unknown.
    pub fn model(&self) -> Option<&'a str> {
        self.response_model.or(self.request_model)
    }

    /// `gen_ai.request.model`.
    pub fn request_model(&self) -> Option<&'a str> {
        self.request_model
    }

    /// `gen_ai.response.model`.
    pub fn response_model(&self) -> Option<&'a str> {
        self.response_model
    }

    /// The service tier that the provider reports.
    pub fn service_tier(&self) -> Option<&'a str> {
        self.service_tier
    }

    /// All input tokens, including cached ones.
    pub fn input_tokens(&self) -> Option<i64> {
        self.usage.input
    }

    /// All output tokens, including reasoning.
    pub fn output_tokens(&self) -> Option<i64> {
        self.usage.output
    }

    /// Input tokens read from the provider's cache.
    pub fn cache_read_tokens(&self) -> Option<i64> {
        self.usage.cache_read
    }

    /// Input tokens written to the provider's cache.
    pub fn cache_creation_tokens(&self) -> Option<i64> {
        self.usage.cache_creation
    }

    /// Input tokens written to the provider's cache for one hour; part of
    /// [`cache_creation_tokens`](Self::cache_creation_tokens).
    pub fn cache_creation_1h_tokens(&self) -> Option<i64> {
        self.usage.cache_creation_1h
    }

    /// Output tokens used for reasoning.
    pub fn reasoning_tokens(&self) -> Option<i64> {
        self.usage.reasoning
    }

    /// Audio input tokens, including cached ones.
    pub fn input_audio_tokens(&self) -> Option<i64> {
        self.usage.input_audio
    }

    /// Image input tokens, including cached ones.
    pub fn input_image_tokens(&self) -> Option<i64> {
        self.usage.input_image
    }

    /// Video input tokens, including cached ones.
    pub fn input_video_tokens(&self) -> Option<i64> {
        self.usage.input_video
    }

    /// Audio output tokens.
    pub fn output_audio_tokens(&self) -> Option<i64> {
        self.usage.output_audio
    }

    /// Image output tokens.
    pub fn output_image_tokens(&self) -> Option<i64> {
        self.usage.output_image
    }

    /// Video output tokens.
    pub fn output_video_tokens(&self) -> Option<i64> {
        self.usage.output_video
    }

    /// The number of searches that the provider bills individually; for a reranker, its search units.
    pub fn searches(&self) -> Option<i64> {
        self.usage.searches
    }

    /// Tokens of cited pages, which are no part of the input.
    ///
    /// ```
    /// use llm_trace::{Cost, PricedCall};
    /// use tracing_subscriber::prelude::*;
    ///
    /// let citation_price = |call: &PricedCall<'_>| Some(Cost::new().input(call.citation_tokens()? as f64 * 2e-6));
    /// tracing_subscriber::registry().with(llm_trace::layer().with_prices(citation_price)).init();
    /// ```
    pub fn citation_tokens(&self) -> Option<i64> {
        self.usage.citations
    }
}

/// The cost of a call, in US dollars.
///
/// The parts do not overlap: `input` excludes tokens read from or written to a cache, and `output` excludes reasoning.
/// The total is their sum, unless it is set explicitly.
///
/// ```
/// use llm_trace::Cost;
///
/// let cost = Cost::new().input(0.002).cache_read(0.0001).output(0.01);
/// assert_eq!(cost.sum(), Some(0.0121));
/// assert_eq!(Cost::total(0.0125).cache_creation(0.001).sum(), Some(0.0125));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    pub(crate) total: Option<f64>,
    pub(crate) input: Option<f64>,
    pub(crate) output: Option<f64>,
    pub(crate) cache_read: Option<f64>,
    pub(crate) cache_creation: Option<f64>,
    pub(crate) reasoning: Option<f64>,
    pub(crate) requests: Option<f64>,
    /// A part is unknown: the sum of the others is not the total.
    pub(crate) partial: bool,
}

impl Cost {
    /// A cost without any known part.
    pub fn new() -> Self {
        Self::default()
    }

    /// A cost of which only the total is known.
    pub fn total(dollars: f64) -> Self {
        Self { total: Some(dollars), ..Self::default() }
    }

    /// The cost of input, excluding caches.
    #[must_use]
    pub fn input(mut self, dollars: f64) -> Self {
        self.input = Some(dollars);
        self
    }

    /// The cost of output, excluding reasoning.
    #[must_use]
    pub fn output(mut self, dollars: f64) -> Self {
        self.output = Some(dollars);
        self
    }

    /// The cost of reading from the provider's cache.
    #[must_use]
    pub fn cache_read(mut self, dollars: f64) -> Self {
        self.cache_read = Some(dollars);
        self
    }

    /// The cost of writing to the provider's cache.
    #[must_use]
    pub fn cache_creation(mut self, dollars: f64) -> Self {
        self.cache_creation = Some(dollars);
        self
    }

    /// The cost of reasoning.
    #[must_use]
    pub fn reasoning(mut self, dollars: f64) -> Self {
        self.reasoning = Some(dollars);
        self
    }

    /// The cost of items priced by request or search instead of token.
    #[must_use]
    pub fn requests(mut self, dollars: f64) -> Self {
        self.requests = Some(dollars);
        self
    }

    /// Marks the cost as incomplete: the known parts are recorded, but no total.
    ///
    /// ```
    /// use llm_trace::Cost;
    ///
    /// assert_eq!(Cost::new().input(0.002).partial().sum(), None);
    /// ```
    #[must_use]
    pub fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// The total; `None` if a part is missing.
    pub fn sum(&self) -> Option<f64> {
        if self.partial || self.total.is_some() {
            return self.total.filter(|_| !self.partial);
        }
        let parts = self.parts();
        let known = parts.iter().any(|(_, part)| part.is_some());
        known.then(|| tidy(parts.iter().filter_map(|(_, part)| *part).sum()))
    }

    pub(crate) fn parts(&self) -> [(Fact, Option<f64>); 6] {
        [
            (Fact::CostInput, self.input),
            (Fact::CostOutput, self.output),
            (Fact::CostCacheRead, self.cache_read),
            (Fact::CostCacheWrite, self.cache_creation),
            (Fact::CostReasoning, self.reasoning),
            (Fact::CostRequests, self.requests),
        ]
    }

    /// The sum of both costs.
    pub(super) fn and(self, other: Cost) -> Cost {
        let add = |a: Option<f64>, b: Option<f64>| match (a, b) {
            (Some(a), Some(b)) => Some(tidy(a + b)),
            (a, b) => a.or(b),
        };
        let totals = (self.total.is_some() || other.total.is_some()).then(|| (self.sum(), other.sum()));
        let total = match totals {
            Some((Some(a), Some(b))) => Some(tidy(a + b)),
            _ => None,
        };
        Cost {
            total,
            input: add(self.input, other.input),
            output: add(self.output, other.output),
            cache_read: add(self.cache_read, other.cache_read),
            cache_creation: add(self.cache_creation, other.cache_creation),
            reasoning: add(self.reasoning, other.reasoning),
            requests: add(self.requests, other.requests),
            partial: self.partial || other.partial || (totals.is_some() && total.is_none()),
        }
    }

    /// The cost, if every number in it is valid.
    pub(super) fn checked(self) -> Option<Self> {
        let known = self.total.into_iter().chain(self.parts().into_iter().filter_map(|(_, part)| part));
        let mut any = false;
        for number in known {
            any = true;
            if !number.is_finite() || number < 0.0 {
                return None;
            }
        }
        any.then_some(self)
    }
}

/// Rounds off floating-point errors: prices per token have fewer digits than this.
pub(super) fn tidy(dollars: f64) -> f64 {
    (dollars * 1e15).round() / 1e15
}
