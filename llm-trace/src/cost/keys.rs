//! The keys of LiteLLM's price table, and what each is the price of.

/// What has a price of its own.
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
    /// A search of the web on the way to an answer.
    Search,
    /// A query of a reranker.
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
    /// These where they are given, else the others.
    pub(super) fn or(mut self, other: &Self) -> Self {
        for (own, other) in self.0.iter_mut().zip(other.0) {
            *own = own.or(other);
        }
        self
    }
}

/// The one key whose value is an object: a price for each size of a search's context.
pub(super) const SEARCH_KEY: &str = "search_context_cost_per_query";

/// The keys that are honoured. Those of tokens also with `_above_<n>k_tokens`, `_priority`, `_flex` and `_batches`.
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
    ("output_cost_per_audio_token", Kind::OutputAudio),
    ("output_cost_per_image_token", Kind::OutputImage),
    ("output_cost_per_video_token", Kind::OutputVideo),
    (SEARCH_KEY, Kind::Search),
    ("input_cost_per_query", Kind::Query),
    ("input_cost_per_request", Kind::Request),
];

/// Keys that are not honoured, by how they begin, and what has another price where one of them is there: by the
/// second, the character, the picture, the step. Tokens of that kind are billed only at a rate of their own.
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

/// What a key, without its endings, is the price of.
pub(super) fn kind_of(name: &str) -> Option<Kind> {
    KEYS.iter().find(|(key, _)| *key == name).map(|(_, kind)| *kind)
}
