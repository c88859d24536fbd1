//! Dotted paths of values, resolved at compile time, and the counts of each format.

use super::paths::PATHS;
use crate::json::{FoundNode, Key, Node, Tree, first_step};
use crate::model::Usage;

/// Dotted paths, in order of preference.
pub(super) type Paths = &'static [&'static str];

/// A path, key by key, resolved at compile time against the table of paths.
#[derive(Clone, Copy)]
pub(super) struct FieldPath {
    first: Key,
    below: [Option<Key>; 2],
}

impl FieldPath {
    pub(super) const NONE: Self = Self { first: PATHS.key("model"), below: [None; 2] };

    /// Resolves a path relative to a prefix of the table: empty for the root, otherwise ending in a dot.
    #[allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "it runs at compile time, where a wrong index is an error"
    )]
    pub(super) const fn new(at: &str, path: &str) -> Self {
        let (key, mut rest) = first_step(path);
        let (first, mut place) = PATHS.step(PATHS.place(at), key);
        let (mut below, mut len) = ([None; 2], 0);
        while !rest.is_empty() {
            let (step, key);
            (step, rest) = first_step(rest);
            (key, place) = PATHS.step(place, step);
            below[len] = Some(key);
            len += 1;
        }
        Self { first, below }
    }

    /// The value at the end of the path.
    #[inline(always)]
    pub(super) fn find<'d, T: Tree<'d>>(&self, doc: T) -> Option<T> {
        self.below.iter().flatten().try_fold(doc.get(self.first)?, |node, key| node.get(*key))
    }

    /// Whether the path leads to a value of this kind, including null.
    fn ends_in<'d, T: Tree<'d>>(&self, doc: T, is: impl Fn(T) -> bool) -> bool {
        let (mut above, mut last) = (Some(doc), self.first);
        for key in self.below.iter().flatten() {
            (above, last) = (above.and_then(|node| node.get(last)), *key);
        }
        above.and_then(|node| node.field(last)).is_some_and(is)
    }
}

/// Paths of one value, in order of preference.
#[derive(Clone, Copy)]
pub(super) struct FieldPaths(pub(super) &'static [FieldPath]);

impl FieldPaths {
    #[allow(
        clippy::arithmetic_side_effects,
        clippy::indexing_slicing,
        reason = "it runs at compile time, where a wrong index is an error"
    )]
    pub(super) const fn resolve<const N: usize>(at: &str, paths: [&str; N]) -> [FieldPath; N] {
        let (mut list, mut path) = ([FieldPath::NONE; N], 0);
        while path < N {
            list[path] = FieldPath::new(at, paths[path]);
            path += 1;
        }
        list
    }

    /// The value at the first path that exists.
    pub(super) fn find<'d, T: Tree<'d>>(&self, doc: T) -> Option<T> {
        self.0.iter().find_map(|path| path.find(doc))
    }

    /// Whether a path leads to a value of this kind, including null.
    pub(super) fn ends_in<'d, T: Tree<'d>>(&self, doc: T, is: impl Fn(T) -> bool) -> bool {
        self.0.iter().any(|path| path.ends_in(doc, &is))
    }

    /// The non-empty string at the first path that exists.
    pub(super) fn find_str<'d, T: Tree<'d>>(&self, doc: T) -> Option<&'d str> {
        self.find(doc)?.str().filter(|word| !word.is_empty())
    }
}

/// Paths from the root, or from a prefix of the table.
macro_rules! field_paths {
    ($($path:literal),* $(,)?) => {
        field_paths!("" => $($path),*)
    };
    ($at:literal => $($path:literal),* $(,)?) => {
        $crate::wire::fields::FieldPaths(const { &$crate::wire::fields::FieldPaths::resolve($at, [$($path),*]) })
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

/// The locations of a response's token counts, for formats whose counts need no arithmetic.
#[derive(Clone, Copy)]
pub(super) struct UsageFields {
    pub(super) input: FieldPaths,
    pub(super) output: FieldPaths,
    pub(super) cache_read: FieldPaths,
    pub(super) cache_creation: FieldPaths,
    pub(super) reasoning: FieldPaths,
}

impl UsageFields {
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
            field_paths!["seed", "options.seed", "inferenceConfig.topK"],
            field_paths!["options.seed", "seed"],
            field_paths!["usage.cost.total_cost", "usage.cached_tokens", "seed"],
            field_paths![],
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
