//! Where a format keeps the parameters and counts that every format has: tables of dotted paths.

use crate::facts::{RequestFacts, Usage};
use crate::json::Node;

/// Dotted paths, in order of preference.
pub(super) type Paths = &'static [&'static str];

/// The value at the first of these paths that leads to one.
pub(super) fn find<'d>(doc: Node<'d>, paths: &[&str]) -> Option<Node<'d>> {
    // Most paths lead nowhere, and most of the others are one key: these are not split.
    paths.iter().filter(|path| doc.may_have(path)).find_map(|path| {
        doc.get(path).or_else(|| {
            let (first, rest) = path.split_once('.')?;
            rest.split('.').try_fold(doc.get(first)?, |node, key| node.get(key))
        })
    })
}

/// The string at the first of these paths that leads to one which is kept and not empty.
pub(super) fn find_str<'d>(doc: Node<'d>, paths: &[&str]) -> Option<&'d str> {
    find(doc, paths).and_then(Node::str).filter(|word| !word.is_empty())
}

/// The length of an embedding vector; a vector in base64 has none that the wire tells.
pub(super) fn vector_len(vector: Node<'_>) -> Option<i64> {
    if vector.is_str() { None } else { i64::try_from(vector.len()).ok().filter(|len| *len > 0) }
}

/// Where a request keeps its parameters.
#[derive(Clone, Copy)]
pub(super) struct RequestFields {
    pub(super) model: Paths,
    pub(super) temperature: Paths,
    pub(super) top_p: Paths,
    pub(super) top_k: Paths,
    pub(super) max_tokens: Paths,
    pub(super) frequency_penalty: Paths,
    pub(super) presence_penalty: Paths,
    pub(super) seed: Paths,
    pub(super) stop: Paths,
    pub(super) choices: Paths,
    pub(super) stream: Paths,
    pub(super) encodings: Paths,
    pub(super) dimensions: Paths,
    pub(super) reasoning_level: Paths,
}

impl RequestFields {
    /// The names that most formats share, at the top of the body.
    pub(super) const COMMON: Self = Self {
        model: &["model"],
        temperature: &["temperature"],
        top_p: &["top_p"],
        top_k: &["top_k"],
        max_tokens: &["max_tokens"],
        frequency_penalty: &["frequency_penalty"],
        presence_penalty: &["presence_penalty"],
        seed: &["seed"],
        stop: &["stop"],
        choices: &["n"],
        stream: &["stream"],
        encodings: &[],
        dimensions: &["dimensions"],
        reasoning_level: &["reasoning_effort"],
    };

    pub(super) fn read(&self, doc: Node<'_>, facts: &mut RequestFacts) {
        let float = |paths| find(doc, paths).and_then(Node::f64);
        let int = |paths| find(doc, paths).and_then(Node::i64);
        let word = |paths| find_str(doc, paths).map(str::to_owned);
        let words = |paths| find(doc, paths).map(Node::strings).filter(|words| !words.is_empty());
        facts.model = word(self.model);
        facts.temperature = float(self.temperature);
        facts.top_p = float(self.top_p);
        facts.top_k = float(self.top_k);
        facts.max_tokens = int(self.max_tokens);
        facts.frequency_penalty = float(self.frequency_penalty);
        facts.presence_penalty = float(self.presence_penalty);
        facts.seed = int(self.seed);
        facts.stop_sequences = words(self.stop);
        facts.choice_count = int(self.choices);
        facts.stream = find(doc, self.stream).and_then(Node::bool);
        facts.encoding_formats = words(self.encodings);
        facts.dimensions = int(self.dimensions);
        facts.reasoning_level = word(self.reasoning_level);
    }
}

/// Where an answer keeps its token counts, when they need no arithmetic.
#[derive(Clone, Copy)]
pub(super) struct UsageFields {
    pub(super) input: Paths,
    pub(super) output: Paths,
    pub(super) cache_read: Paths,
    pub(super) cache_creation: Paths,
    pub(super) reasoning: Paths,
}

impl UsageFields {
    pub(super) fn read(&self, doc: Node<'_>) -> Usage {
        let int = |paths| find(doc, paths).and_then(Node::i64);
        Usage {
            input: int(self.input),
            output: int(self.output),
            cache_read: int(self.cache_read),
            cache_creation: int(self.cache_creation),
            reasoning: int(self.reasoning),
            ..Usage::default()
        }
    }
}
