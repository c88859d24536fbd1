//! The keys of LiteLLM's price table and their meanings.

/// A kind of usage with a separate price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Input,
    Output,
    CacheRead,
    CacheReadAudio,
    CacheWrite,
    CacheWriteHour,
    Reasoning,
    InputAudio,
    InputImage,
    InputVideo,
    OutputAudio,
    OutputImage,
    OutputVideo,
    /// Pages that the response cites.
    Citation,
    /// A web search during the response.
    Search,
    /// A reranker query.
    Query,
    Request,
}

const COUNT: usize = Kind::Request as usize + 1;

/// One value for each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Kinds<T>([T; COUNT]);

impl<T: Copy> Kinds<T> {
    pub(super) fn get(&self, kind: Kind) -> T {
        self.0[kind as usize]
    }

    pub(super) fn get_mut(&mut self, kind: Kind) -> &mut T {
        &mut self.0[kind as usize]
    }
}

impl<T: Copy> Kinds<Option<T>> {
    /// These values, with missing ones taken from `other`.
    pub(super) fn or(mut self, other: &Self) -> Self {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.or(other);
        }
        self
    }
}

/// The only key with an object value: a price for each context size of a search.
pub(super) const SEARCH_KEY: &str = "search_context_cost_per_query";

/// The supported keys. Those of tokens can have the suffixes `_above_<n>k_tokens`, `_priority`, `_flex` and `_batches`.
const KEYS: &[(&str, Kind)] = &[
    ("input_cost_per_token", Kind::Input),
    ("output_cost_per_token", Kind::Output),
    ("cache_read_input_token_cost", Kind::CacheRead),
    ("input_cost_per_token_cache_hit", Kind::CacheRead),
    ("cache_read_input_audio_token_cost", Kind::CacheReadAudio),
    ("cache_read_input_token_cost_per_audio_token", Kind::CacheReadAudio),
    ("cache_creation_input_token_cost", Kind::CacheWrite),
    ("cache_creation_input_token_cost_above_1hr", Kind::CacheWriteHour),
    ("output_cost_per_reasoning_token", Kind::Reasoning),
    ("input_cost_per_audio_token", Kind::InputAudio),
    ("input_cost_per_image_token", Kind::InputImage),
    ("input_cost_per_video_token", Kind::InputVideo),
    ("citation_cost_per_token", Kind::Citation),
    ("output_cost_per_audio_token", Kind::OutputAudio),
    ("output_cost_per_image_token", Kind::OutputImage),
    ("output_cost_per_video_token", Kind::OutputVideo),
    (SEARCH_KEY, Kind::Search),
    ("input_cost_per_query", Kind::Query),
    ("input_cost_per_request", Kind::Request),
];

/// Prefixes of unsupported keys, with the kinds that they price by second, character, picture or step. Tokens of these
/// kinds are billed only at a separate token rate.
pub(super) const OTHER_KEYS: &[(&str, &[Kind])] = &[
    ("input_cost_per_audio_per_second", &[Kind::InputAudio]),
    ("input_cost_per_second", &[Kind::InputAudio]),
    ("input_cost_per_character", &[Kind::Input]),
    ("input_cost_per_image", &[Kind::InputImage]),
    ("input_cost_per_pixel", &[Kind::InputImage]),
    ("input_cost_per_video_per_second", &[Kind::InputVideo]),
    ("cache_creation_input_audio_token_cost", &[Kind::CacheWrite]),
    ("output_cost_per_audio_per_second", &[Kind::OutputAudio]),
    ("output_cost_per_second", &[Kind::OutputAudio, Kind::OutputVideo]),
    ("output_cost_per_character", &[Kind::Output]),
    ("output_cost_per_image", &[Kind::OutputImage]),
    ("output_cost_per_pixel", &[Kind::OutputImage]),
    ("output_cost_per_video_per_second", &[Kind::OutputVideo]),
    ("tiered_pricing", &[Kind::Input, Kind::Output]),
    (SEARCH_KEY, &[Kind::Search]),
];

/// The kind that a key without suffixes is the price of.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    KEYS.iter().find(|(key, _)| *key == name).map(|(_, kind)| *kind)
}
