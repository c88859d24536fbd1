//! Walking a document.

use super::build::{Doc, Value};
use super::hash::{Bits, First, Hash, hash};

/// One value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    doc: &'d Doc<'d>,
    at: usize,
}

/// A text that is there, or was there and was not kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Text<'d> {
    Plain(&'d str),
    /// The number of bytes it had on the wire.
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

impl<'d> Node<'d> {
    pub(super) fn new(doc: &'d Doc<'d>, at: usize) -> Self {
        Self { doc, at }
    }

    pub(super) fn value(self) -> &'d Value<'d> {
        static NULL: Value<'static> = Value::Null;
        self.doc.tape.get(self.at).map_or(&NULL, |entry| &entry.value)
    }

    fn end(self) -> usize {
        self.doc.tape.get(self.at).map_or(0, |entry| (entry.end as usize).min(self.doc.tape.len()))
    }

    /// The key under which this value stands; empty in arrays and at the root.
    pub(crate) fn key(self) -> &'d str {
        self.doc.tape.get(self.at).map_or("", |entry| &entry.key)
    }

    /// The field of this object, unless it is absent or null. The last of equal keys counts.
    // Inlined, so that the hash of a key that is written in the code is a constant.
    #[inline(always)]
    pub(crate) fn get(self, key: &str) -> Option<Node<'d>> {
        let hash = hash(key);
        match self.value() {
            Value::Object(_, bits) if bits.has(hash) => self.find(key, hash, *bits),
            _ => None,
        }
    }

    /// The field under the first key of a path.
    #[inline]
    pub(crate) fn first_of(self, path: &str, first: First) -> Option<Node<'d>> {
        match self.value() {
            Value::Object(_, bits) if bits.has(first.hash) => self.find(path.get(..first.len())?, first.hash, *bits),
            _ => None,
        }
    }

    /// Whether this object may have one of the keys with these bits.
    #[inline]
    pub(crate) fn may_have(self, keys: Bits) -> bool {
        matches!(self.value(), Value::Object(_, bits) if bits.meets(keys))
    }

    fn find(self, key: &str, hash: Hash, bits: Bits) -> Option<Node<'d>> {
        let known = |at| Some(Node::new(self.doc, at)).filter(|node| !node.is_null());
        if self.at == 0 && self.doc.index.is_there() {
            return self.doc.index.get(&self.doc.tape, key, hash).and_then(known);
        }
        let end = self.end();
        let (mut at, mut found) = (self.at + 1, None);
        while let Some(entry) = self.doc.tape.get(at).filter(|_| at < end) {
            if entry.hash == hash && entry.key == key {
                found = Some(at);
                if bits.are_unique() {
                    break;
                }
            }
            at = (entry.end as usize).max(at + 1);
        }
        found.and_then(known)
    }

    /// The field at the end of a path of keys.
    pub(crate) fn path(self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The first of these fields that is there.
    #[inline]
    pub(crate) fn any(self, keys: &[&str]) -> Option<Node<'d>> {
        keys.iter().find_map(|key| self.get(key))
    }

    /// The children of an array or an object, in order; nothing for scalars and skipped values.
    pub(crate) fn items(self) -> Items<'d> {
        let container = matches!(self.value(), Value::Array(_) | Value::Object(..));
        Items { doc: self.doc, at: self.at + 1, end: if container { self.end() } else { 0 } }
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
        matches!(self.value(), Value::Object(..))
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

    /// How many elements or fields a container has, or bytes a string; also where they were skipped.
    #[inline]
    pub(crate) fn len(self) -> usize {
        match *self.value() {
            Value::Str(ref s) => s.len(),
            Value::ElidedStr(n) | Value::Elided(n) | Value::Numbers(n) | Value::Array(n) | Value::Object(n, _) => n,
            _ => 0,
        }
    }

    /// A string that was kept.
    #[inline]
    pub(crate) fn str(self) -> Option<&'d str> {
        match self.value() {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// A string, kept or not.
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

    /// A whole number that fits, also when written as `3.0`.
    #[inline]
    pub(crate) fn i64(self) -> Option<i64> {
        match *self.value() {
            Value::Int(n) => Some(n),
            // 2^53: above it a float no longer tells whole numbers apart.
            Value::Float(f) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => Some(f as i64),
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

    // Shorthands for the field of an object, which is what readers ask for most.

    /// A string field that is there and not empty: an empty one is unknown.
    #[inline(always)]
    pub(crate) fn get_str(self, key: &str) -> Option<&'d str> {
        self.get(key)?.str().filter(|value| !value.is_empty())
    }

    #[inline(always)]
    pub(crate) fn get_i64(self, key: &str) -> Option<i64> {
        self.get(key)?.i64()
    }

    #[inline(always)]
    pub(crate) fn get_f64(self, key: &str) -> Option<f64> {
        self.get(key)?.f64()
    }

    #[inline(always)]
    pub(crate) fn get_bool(self, key: &str) -> Option<bool> {
        self.get(key)?.bool()
    }

    /// A text field that is there and not empty.
    #[inline]
    pub(crate) fn get_text(self, key: &str) -> Option<Text<'d>> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }

    /// A string field that is there and not empty.
    #[inline(always)]
    pub(crate) fn get_owned(self, key: &str) -> Option<String> {
        self.get_str(key).map(str::to_owned)
    }

    /// The strings of an array of strings, or the one string that stands in its place.
    pub(crate) fn strings(self) -> Vec<String> {
        match self.str() {
            Some(one) => vec![one.to_owned()],
            None => self.items().filter_map(|item| item.str().map(str::to_owned)).collect(),
        }
    }
}

/// The first of these fields that is there, as [`Node::any`]; where none can be, told by one look.
macro_rules! any {
    ($node:expr, $($key:literal),+ $(,)?) => {{
        const KEYS: &[&str] = &[$($key),+];
        const BITS: $crate::json::Bits = $crate::json::Bits::of(KEYS);
        let node: $crate::json::Node<'_> = $node;
        if node.may_have(BITS) { node.any(KEYS) } else { None }
    }};
}
pub(crate) use any;

/// The children of a node.
#[derive(Clone)]
pub(crate) struct Items<'d> {
    doc: &'d Doc<'d>,
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
