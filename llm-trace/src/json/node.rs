//! Access to the values of a document.

use std::collections::{HashMap, HashSet};

use super::build::{JsonView, Value};
use super::trie::Key;

/// A value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    doc: &'d JsonView<'d>,
    at: usize,
}

/// A text, or the length of a text that was not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Text<'d> {
    Plain(&'d str),
    /// Its length in bytes on the wire.
    Elided(usize),
}

impl Text<'_> {
    pub(crate) fn is_empty(self) -> bool {
        match self {
            Text::Plain(s) => s.is_empty(),
            Text::Elided(len) => len == 0,
        }
    }
}

/// The keys of an object with at most as many fields are compared with each other.
const SMALL: usize = 8;

impl JsonView<'_> {
    /// The document's root; `null` if nothing was read.
    pub(crate) fn root(&self) -> Node<'_> {
        Node::new(self, 0)
    }
}

impl<'d> Node<'d> {
    fn new(doc: &'d JsonView<'d>, at: usize) -> Self {
        Self { doc, at }
    }

    pub(super) fn value(self) -> &'d Value<'d> {
        static NULL: Value<'static> = Value::Null;
        self.doc.tape.get(self.at).map_or(&NULL, |entry| &entry.value)
    }

    fn end(self) -> usize {
        self.doc.tape.get(self.at).map_or(0, |entry| (entry.end as usize).min(self.doc.tape.len()))
    }

    /// The key of this value; empty in arrays and at the root.
    pub(crate) fn key(self) -> &'d str {
        self.doc.tape.get(self.at).map_or("", |entry| &entry.key)
    }

    /// The field of this object, even if it is null. If a key is repeated, the last one counts.
    fn field(self, key: &str) -> Option<Node<'d>> {
        let fields = self.is_object().then(|| self.items());
        fields?.filter(|field| field.key() == key).last()
    }

    /// The field of this object, unless it is absent or null.
    pub(crate) fn get(self, key: &str) -> Option<Node<'d>> {
        self.field(key).filter(|node| !node.is_null())
    }

    /// The field at the end of a path of keys.
    pub(crate) fn path(self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The first of these fields that is present.
    #[inline]
    pub(crate) fn any(self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// The children of an array or an object, in order; empty for scalars and skipped values.
    pub(crate) fn items(self) -> Items<'d> {
        let container = matches!(self.value(), Value::Array(_) | Value::Object(_));
        Items { doc: self.doc, at: self.at + 1, end: if container { self.end() } else { 0 } }
    }

    /// The fields of an object. A repeated key has its last value, as in a `serde_json::Value`.
    pub(crate) fn fields(self) -> impl Iterator<Item = Node<'d>> {
        let mut last: Option<HashMap<_, _>> =
            self.repeats_a_key().then(|| self.items().map(|field| (field.key(), field)).collect());
        self.items().filter_map(move |field| match &mut last {
            Some(last) => last.remove(field.key()),
            None => Some(field),
        })
    }

    fn repeats_a_key(self) -> bool {
        if self.len() > SMALL {
            let mut keys = HashSet::new();
            return !self.items().all(|field| keys.insert(field.key()));
        }
        let mut rest = self.items();
        while let Some(field) = rest.next() {
            if rest.clone().any(|later| later.key() == field.key()) {
                return true;
            }
        }
        false
    }

    /// The first element of an array.
    pub(crate) fn first(self) -> Option<Node<'d>> {
        self.items().next()
    }

    #[inline]
    pub(crate) fn is_null(self) -> bool {
        matches!(self.value(), Value::Null)
    }

    #[inline]
    pub(crate) fn is_object(self) -> bool {
        matches!(self.value(), Value::Object(_))
    }

    #[inline]
    pub(crate) fn is_array(self) -> bool {
        matches!(self.value(), Value::Array(_) | Value::Numbers(_))
    }

    /// Whether this is a string, kept or not.
    #[inline]
    pub(crate) fn is_str(self) -> bool {
        matches!(self.value(), Value::Str(_) | Value::ElidedStr(_))
    }

    /// The number of elements or fields of a container, or of bytes of a string, even if they were skipped.
    #[inline]
    pub(crate) fn len(self) -> usize {
        match *self.value() {
            Value::Str(ref s) => s.len(),
            Value::ElidedStr(n) | Value::Elided(n) | Value::Numbers(n) | Value::Array(n) | Value::Object(n) => n,
            _ => 0,
        }
    }

    /// The string, if it was kept.
    #[inline]
    pub(crate) fn str(self) -> Option<&'d str> {
        match self.value() {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// The string, kept or not.
    #[inline]
    pub(crate) fn text(self) -> Option<Text<'d>> {
        match self.value() {
            Value::Str(s) => Some(Text::Plain(s)),
            Value::ElidedStr(len) => Some(Text::Elided(*len)),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn bool(self) -> Option<bool> {
        match self.value() {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// A whole number in range, also if written as `3.0`.
    #[inline]
    pub(crate) fn i64(self) -> Option<i64> {
        match *self.value() {
            Value::Int(n) => Some(n),
            Value::Float(f) => whole(f),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn f64(self) -> Option<f64> {
        match *self.value() {
            Value::Int(n) => Some(n as f64),
            Value::UInt(n) => Some(n as f64),
            Value::Float(f) => Some(f),
            _ => None,
        }
    }

    // Shorthands for fields, which readers use most.

    /// A string field that is present and not empty. An empty string counts as unknown.
    #[inline(always)]
    pub(crate) fn get_str(self, key: &str) -> Option<&'d str> {
        self.get(key)?.str().filter(|value| !value.is_empty())
    }

    #[inline(always)]
    pub(crate) fn get_i64(self, key: &str) -> Option<i64> {
        self.get(key)?.i64()
    }

    #[inline(always)]
    pub(crate) fn get_bool(self, key: &str) -> Option<bool> {
        self.get(key)?.bool()
    }

    /// A text field that is present and not empty.
    #[inline]
    pub(crate) fn get_text(self, key: &str) -> Option<Text<'d>> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }
}

/// The whole number that a float represents.
pub(super) fn whole(f: f64) -> Option<i64> {
    // 2^53: larger floats do not represent every whole number.
    (f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0).then_some(f as i64)
}

/// The common interface of [`Node`] and [`FoundNode`](super::FoundNode), for readers.
pub(crate) trait Tree<'d>: Copy {
    /// The field of this object, even if it is null. If a key is repeated, the last one counts.
    fn field(self, key: Key) -> Option<Self>;
    /// The children of an array or an object, in order; empty for scalars and containers that were not entered.
    fn items(self) -> impl Iterator<Item = Self>;
    fn is_null(self) -> bool;
    fn is_object(self) -> bool;
    fn is_array(self) -> bool;
    /// The number of elements or fields of a container, or of bytes of a string.
    fn len(self) -> usize;
    /// The string, if it was kept.
    fn str(self) -> Option<&'d str>;
    /// The string, kept or not.
    fn text(self) -> Option<Text<'d>>;
    fn bool(self) -> Option<bool>;
    /// A whole number in range, also if written as `3.0`.
    fn i64(self) -> Option<i64>;
    fn f64(self) -> Option<f64>;

    /// The field of this object, unless it is absent or null.
    #[inline(always)]
    fn get(self, key: Key) -> Option<Self> {
        self.field(key).filter(|node| !node.is_null())
    }

    #[inline]
    fn has_field(self, key: Key) -> bool {
        self.field(key).is_some()
    }

    /// The field at the end of a path of keys.
    #[inline]
    fn path(self, keys: &[Key]) -> Option<Self> {
        keys.iter().try_fold(self, |node, key| node.get(*key))
    }

    /// The first of these fields that is present.
    #[inline]
    fn any(self, keys: &[Key]) -> Option<Self> {
        first_of(self, keys)
    }

    #[inline(always)]
    fn has(self, keys: &[Key]) -> bool {
        self.any(keys).is_some()
    }

    /// The first element of an array.
    #[inline]
    fn first(self) -> Option<Self> {
        self.items().next()
    }

    /// The elements of the array under a key.
    #[inline]
    fn each(self, key: Key) -> impl Iterator<Item = Self> {
        self.get(key).into_iter().flat_map(Self::items)
    }

    #[inline]
    fn is_str(self) -> bool {
        self.text().is_some()
    }

    /// A string field that is present and not empty. An empty string counts as unknown.
    #[inline]
    fn get_str(self, key: Key) -> Option<&'d str> {
        self.get(key)?.str().filter(|value| !value.is_empty())
    }

    #[inline]
    fn get_i64(self, key: Key) -> Option<i64> {
        self.get(key)?.i64()
    }

    #[inline]
    fn get_f64(self, key: Key) -> Option<f64> {
        self.get(key)?.f64()
    }

    #[inline]
    fn get_bool(self, key: Key) -> Option<bool> {
        self.get(key)?.bool()
    }

    /// A text field that is present and not empty.
    #[inline]
    fn get_text(self, key: Key) -> Option<Text<'d>> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }

    /// The strings of an array, or a single string in place of the array.
    fn strings(self) -> Vec<String> {
        match self.str() {
            Some(one) => vec![one.to_owned()],
            None => self.items().filter_map(|item| item.str().map(str::to_owned)).collect(),
        }
    }
}

/// The first of these fields that is present.
pub(super) fn first_of<'d, T: Tree<'d>>(node: T, keys: &[Key]) -> Option<T> {
    keys.iter().find_map(|key| node.get(*key))
}

macro_rules! tree_of_node {
    ($($name:ident -> $out:ty),*) => {
        impl<'d> Tree<'d> for Node<'d> {
            fn field(self, key: Key) -> Option<Self> {
                self.field(key.name)
            }

            fn items(self) -> impl Iterator<Item = Self> {
                Node::items(self)
            }

            $(fn $name(self) -> $out {
                Node::$name(self)
            })*
        }
    };
}

tree_of_node!(
    is_null -> bool, is_object -> bool, is_array -> bool, len -> usize, str -> Option<&'d str>,
    text -> Option<Text<'d>>, bool -> Option<bool>, i64 -> Option<i64>, f64 -> Option<f64>
);

/// The children of a node.
#[derive(Clone)]
pub(crate) struct Items<'d> {
    doc: &'d JsonView<'d>,
    at: usize,
    end: usize,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        if self.at >= self.end {
            return None;
        }
        let node = Node::new(self.doc, self.at);
        self.at = node.end().max(self.at + 1);
        Some(node)
    }
}
