//! Where a format keeps the parameters and counts that every format has: tables of dotted paths.

use crate::facts::{RequestFacts, Usage};
use crate::json::{Bits, First, Node};

/// Dotted paths, in order of preference.
pub(super) type Paths = &'static [&'static str];

/// Paths with what can be known of them when this is compiled.
#[derive(Clone, Copy)]
pub(super) struct Masked {
    /// Where none of their first keys is, none of the paths is looked up.
    bits: Bits,
    firsts: [First; MOST],
    paths: Paths,
}

/// The paths of one parameter are no more than this.
const MOST: usize = 13;

impl Masked {
    pub(super) const fn new(paths: Paths) -> Self {
        let (mut firsts, mut at) = ([First::of(""); MOST], 0);
        while at < paths.len() {
            firsts[at] = First::of(paths[at]);
            at += 1;
        }
        Self { bits: Bits::of(paths), firsts, paths }
    }

    fn find<'d>(&self, doc: Node<'d>) -> Option<Node<'d>> {
        if !doc.may_have(self.bits) {
            return None;
        }
        self.paths.iter().zip(&self.firsts).find_map(|(path, first)| at(doc, path, *first))
    }
}

/// The value at the first of these paths that leads to one.
pub(super) fn find<'d>(doc: Node<'d>, paths: &[&str]) -> Option<Node<'d>> {
    paths.iter().find_map(|path| at(doc, path, First::of(path)))
}

fn at<'d>(doc: Node<'d>, path: &str, first: First) -> Option<Node<'d>> {
    let node = doc.first_of(path, first)?;
    match path.get(first.len() + 1..) {
        None => Some(node),
        Some(rest) => rest.split('.').try_fold(node, |node, key| node.get(key)),
    }
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

    /// Made ready to be read by.
    pub(super) const fn masked(self) -> RequestFields<Masked> {
        RequestFields {
            model: Masked::new(self.model),
            temperature: Masked::new(self.temperature),
            top_p: Masked::new(self.top_p),
            top_k: Masked::new(self.top_k),
            max_tokens: Masked::new(self.max_tokens),
            frequency_penalty: Masked::new(self.frequency_penalty),
            presence_penalty: Masked::new(self.presence_penalty),
            seed: Masked::new(self.seed),
            stop: Masked::new(self.stop),
            choices: Masked::new(self.choices),
            stream: Masked::new(self.stream),
            encodings: Masked::new(self.encodings),
            dimensions: Masked::new(self.dimensions),
            reasoning_level: Masked::new(self.reasoning_level),
        }
    }
}

impl RequestFields<Masked> {
    pub(super) fn read(&self, doc: Node<'_>, facts: &mut RequestFacts) {
        let float = |at: &Masked| at.find(doc).and_then(Node::f64);
        let int = |at: &Masked| at.find(doc).and_then(Node::i64);
        let word = |at: &Masked| at.find(doc).and_then(Node::str).filter(|word| !word.is_empty()).map(str::to_owned);
        let words = |at: &Masked| at.find(doc).map(Node::strings).filter(|words| !words.is_empty());
        facts.model = word(&self.model);
        facts.temperature = float(&self.temperature);
        facts.top_p = float(&self.top_p);
        facts.top_k = float(&self.top_k);
        facts.max_tokens = int(&self.max_tokens);
        facts.frequency_penalty = float(&self.frequency_penalty);
        facts.presence_penalty = float(&self.presence_penalty);
        facts.seed = int(&self.seed);
        facts.stop_sequences = words(&self.stop);
        facts.choice_count = int(&self.choices);
        facts.stream = self.stream.find(doc).and_then(Node::bool);
        facts.encoding_formats = words(&self.encodings);
        facts.dimensions = int(&self.dimensions);
        facts.reasoning_level = word(&self.reasoning_level);
    }
}

/// Where an answer keeps its token counts, when they need no arithmetic.
#[derive(Clone, Copy)]
pub(super) struct UsageFields<P = Paths> {
    pub(super) input: P,
    pub(super) output: P,
    pub(super) cache_read: P,
    pub(super) cache_creation: P,
    pub(super) reasoning: P,
}

impl UsageFields {
    /// Made ready to be read by.
    pub(super) const fn masked(self) -> UsageFields<Masked> {
        UsageFields {
            input: Masked::new(self.input),
            output: Masked::new(self.output),
            cache_read: Masked::new(self.cache_read),
            cache_creation: Masked::new(self.cache_creation),
            reasoning: Masked::new(self.reasoning),
        }
    }
}

impl UsageFields<Masked> {
    pub(super) fn read(&self, doc: Node<'_>) -> Usage {
        let int = |at: &Masked| at.find(doc).and_then(Node::i64);
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
    use crate::json::{Doc, Mode};

    #[test]
    fn the_first_path_that_leads_to_a_value_counts() {
        const TABLES: [Masked; 4] = [
            Masked::new(&["seed", "options.seed", "a.b.c"]),
            Masked::new(&["options.seed", "seed"]),
            Masked::new(&["a.b.c", "a.b.d", "seed"]),
            Masked::new(&[]),
        ];
        for (text, expected) in [
            (r#"{"seed":1,"options":{"seed":2}}"#, [Some(1), Some(2), Some(1), None]),
            (r#"{"seed":null,"options":{"seed":2}}"#, [Some(2), Some(2), None, None]),
            (r#"{"options":{"speed":2},"a":{"b":{"d":4}}}"#, [None, None, Some(4), None]),
            (r#"{"a":{"b":{"c":3,"d":4}}}"#, [Some(3), None, Some(3), None]),
            (r#"{"a":[],"options":7}"#, [None; 4]),
            ("[1]", [None; 4]),
        ] {
            let doc = Doc::from_slice(text.as_bytes(), Mode::Facts);
            let found = TABLES.map(|table| table.find(doc.root()).and_then(Node::i64));
            assert_eq!(found, expected, "{text}");
            let plain = TABLES.map(|table| find(doc.root(), table.paths).and_then(Node::i64));
            assert_eq!(plain, expected, "{text}");
        }
    }
}
