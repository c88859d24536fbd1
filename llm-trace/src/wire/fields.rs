//! Tables of dotted paths: the location of the common parameters and counts in each format.

use super::paths::PATHS;
use crate::json::{FoundNode, Key, Node, Tree};
use crate::model::Usage;
use crate::semconv::{Fact, Facts};

/// Dotted paths, in order of preference.
pub(super) type Paths = &'static [&'static str];

/// Paths of facts, resolved at compile time against the table of paths.
#[derive(Clone, Copy)]
pub(super) struct FieldPaths {
    list: [FieldPath; MAX_PATHS],
    len: usize,
}

/// A path, key by key.
#[derive(Clone, Copy)]
struct FieldPath {
    keys: [Key; DEPTH],
    len: usize,
}

/// Maximum number of paths per parameter.
const MAX_PATHS: usize = 13;

const DEPTH: usize = 3;

const NO_PATH: FieldPath = FieldPath { keys: [PATHS.key("model"); DEPTH], len: 0 };

impl FieldPaths {
    /// Resolves paths relative to a prefix of the table: empty for the root, otherwise ending in a dot.
    #[allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "it runs at compile time, where a wrong index is an error"
    )]
    pub(super) const fn new(at: &str, paths: Paths) -> Self {
        let (mut list, mut path, start) = ([NO_PATH; MAX_PATHS], 0, PATHS.place(at));
        while path < paths.len() {
            let field_path = &mut list[path];
            let (mut rest, mut place) = (paths[path], start);
            while !rest.is_empty() {
                let key;
                (key, rest) = crate::json::first_step(rest);
                (field_path.keys[field_path.len], place) = PATHS.step(place, key);
                field_path.len += 1;
            }
            path += 1;
        }
        Self { list, len: paths.len() }
    }

    /// The value at the first path that exists.
    pub(super) fn find<'d, T: Tree<'d>>(&self, doc: T) -> Option<T> {
        self.list.iter().take(self.len).find_map(|field_path| {
            field_path.keys.iter().take(field_path.len).try_fold(doc, |node, key| node.get(*key))
        })
    }

    /// Whether a path leads to a value of this kind, including null.
    pub(super) fn ends_in<'d, T: Tree<'d>>(&self, doc: T, is: impl Fn(T) -> bool) -> bool {
        self.list.iter().take(self.len).any(|field_path| {
            let keys = field_path.keys.get(..field_path.len).and_then(<[Key]>::split_last);
            let field = keys.and_then(|(last, above)| doc.path(above)?.field(*last));
            field.is_some_and(&is)
        })
    }

    /// The non-empty string at the first path that exists.
    pub(super) fn find_str<'d, T: Tree<'d>>(&self, doc: T) -> Option<&'d str> {
        self.find(doc)?.str().filter(|word| !word.is_empty())
    }
}

/// Paths from the root, or from a prefix of the table.
macro_rules! field_paths {
    ($($path:literal),+ $(,)?) => {
        field_paths!("" => $($path),+)
    };
    ($at:literal => $($path:literal),+ $(,)?) => {
        const { &$crate::wire::fields::FieldPaths::new($at, &[$($path),+]) }
    };
}
pub(super) use field_paths;

/// The value in a content document at the first path that exists.
pub(super) fn find<'d>(doc: Node<'d>, paths: &[&str]) -> Option<Node<'d>> {
    paths.iter().find_map(|path| path.split('.').try_fold(doc, |node, key| node.get(key)))
}

/// The length of an embedding vector; unknown for a vector in base64.
pub(super) fn vector_len(vector: FoundNode<'_>) -> Option<i64> {
    if vector.is_str() { None } else { i64::try_from(vector.len()).ok().filter(|len| *len > 0) }
}

/// The first vector of a list, or the list itself if it is a vector.
pub(super) fn first_vector(list: FoundNode<'_>) -> FoundNode<'_> {
    list.first().filter(|first| first.is_array() || first.is_object() || first.is_str()).unwrap_or(list)
}

/// The locations of a request's parameters.
#[derive(Clone, Copy)]
pub(super) struct RequestFields<P = Paths> {
    pub(super) model: P,
    pub(super) temperature: P,
    pub(super) top_p: P,
    pub(super) top_k: P,
    pub(super) max_tokens: P,
    pub(super) frequency_penalty: P,
    pub(super) presence_penalty: P,
    pub(super) seed: P,
    pub(super) stop: P,
    pub(super) choices: P,
    pub(super) stream: P,
    pub(super) encodings: P,
    pub(super) dimensions: P,
    pub(super) reasoning_level: P,
}

impl RequestFields {
    /// The names that most formats share, at the top level of the body.
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

    /// Resolves the paths relative to a prefix of the table.
    pub(super) const fn at(prefix: &str, fields: RequestFields) -> RequestFields<FieldPaths> {
        RequestFields {
            model: FieldPaths::new(prefix, fields.model),
            temperature: FieldPaths::new(prefix, fields.temperature),
            top_p: FieldPaths::new(prefix, fields.top_p),
            top_k: FieldPaths::new(prefix, fields.top_k),
            max_tokens: FieldPaths::new(prefix, fields.max_tokens),
            frequency_penalty: FieldPaths::new(prefix, fields.frequency_penalty),
            presence_penalty: FieldPaths::new(prefix, fields.presence_penalty),
            seed: FieldPaths::new(prefix, fields.seed),
            stop: FieldPaths::new(prefix, fields.stop),
            choices: FieldPaths::new(prefix, fields.choices),
            stream: FieldPaths::new(prefix, fields.stream),
            encodings: FieldPaths::new(prefix, fields.encodings),
            dimensions: FieldPaths::new(prefix, fields.dimensions),
            reasoning_level: FieldPaths::new(prefix, fields.reasoning_level),
        }
    }
}

impl RequestFields<FieldPaths> {
    pub(super) fn read(&self, doc: FoundNode<'_>, facts: &mut Facts) {
        let float = |at: &FieldPaths| at.find(doc).and_then(Tree::f64);
        let int = |at: &FieldPaths| at.find(doc).and_then(Tree::i64);
        let words = |at: &FieldPaths| at.find(doc).map(Tree::strings);
        facts.update_text(Fact::RequestModel, self.model.find_str(doc));
        facts.update(Fact::RequestStream, self.stream.find(doc).and_then(Tree::bool));
        facts.update(Fact::RequestTemperature, float(&self.temperature));
        facts.update(Fact::RequestMaxTokens, int(&self.max_tokens));
        facts.update(Fact::RequestTopP, float(&self.top_p));
        facts.update(Fact::RequestTopK, float(&self.top_k));
        facts.update(Fact::RequestFrequencyPenalty, float(&self.frequency_penalty));
        facts.update(Fact::RequestPresencePenalty, float(&self.presence_penalty));
        facts.update(Fact::RequestSeed, int(&self.seed));
        facts.update(Fact::RequestStopSequences, words(&self.stop));
        facts.update(Fact::RequestChoiceCount, int(&self.choices));
        facts.update(Fact::RequestEncodingFormats, words(&self.encodings));
        facts.update_text(Fact::RequestReasoningLevel, self.reasoning_level.find_str(doc));
        facts.update(Fact::Dimensions, int(&self.dimensions));
    }
}

/// The locations of a response's token counts, for formats whose counts need no arithmetic.
#[derive(Clone, Copy)]
pub(super) struct UsageFields<P = Paths> {
    pub(super) input: P,
    pub(super) output: P,
    pub(super) cache_read: P,
    pub(super) cache_creation: P,
    pub(super) reasoning: P,
}

impl UsageFields {
    /// Resolves the paths relative to a prefix of the table.
    pub(super) const fn at(prefix: &str, fields: UsageFields) -> UsageFields<FieldPaths> {
        UsageFields {
            input: FieldPaths::new(prefix, fields.input),
            output: FieldPaths::new(prefix, fields.output),
            cache_read: FieldPaths::new(prefix, fields.cache_read),
            cache_creation: FieldPaths::new(prefix, fields.cache_creation),
            reasoning: FieldPaths::new(prefix, fields.reasoning),
        }
    }
}

impl UsageFields<FieldPaths> {
    pub(super) fn read(&self, doc: FoundNode<'_>) -> Usage {
        let int = |at: &FieldPaths| at.find(doc).and_then(Tree::i64);
        Usage {
            input: int(&self.input),
            output: int(&self.output),
            cache_read: int(&self.cache_read),
            cache_creation: int(&self.cache_creation),
            reasoning: int(&self.reasoning),
            ..Usage::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Found;

    #[test]
    fn the_first_path_that_leads_to_a_value_counts() {
        const TABLES: [FieldPaths; 4] = [
            FieldPaths::new("", &["seed", "options.seed", "inferenceConfig.topK"]),
            FieldPaths::new("", &["options.seed", "seed"]),
            FieldPaths::new("", &["usage.cost.total_cost", "usage.cached_tokens", "seed"]),
            FieldPaths::new("", &[]),
        ];
        for (text, expected) in [
            (r#"{"seed":1,"options":{"seed":2}}"#, [Some(1), Some(2), Some(1), None]),
            (r#"{"seed":null,"options":{"seed":2}}"#, [Some(2), Some(2), None, None]),
            (r#"{"options":{"speed":2},"usage":{"cached_tokens":4}}"#, [None, None, Some(4), None]),
            (r#"{"usage":{"cost":{"total_cost":3},"cached_tokens":4}}"#, [None, None, Some(3), None]),
            (r#"{"usage":[],"options":7}"#, [None; 4]),
            ("[1]", [None; 4]),
        ] {
            let found = Found::from_json(&PATHS, text.as_bytes());
            assert_eq!(TABLES.map(|table| table.find(found.root()).and_then(Tree::i64)), expected, "{text}");
        }
    }
}
