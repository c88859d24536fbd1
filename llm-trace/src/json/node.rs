//! Walking a document.

use super::build::{Entry, Value, bit};

/// One value of a document.
#[derive(Clone, Copy)]
pub(crate) struct Node<'d> {
    tape: &'d [Entry<'d>],
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
    pub(super) fn new(tape: &'d [Entry<'d>], at: usize) -> Self {
        Self { tape, at }
    }

    pub(super) fn value(self) -> &'d Value<'d> {
        static NULL: Value<'static> = Value::Null;
        self.tape.get(self.at).map_or(&NULL, |entry| &entry.value)
    }

    fn end(self) -> usize {
        self.tape.get(self.at).map_or(0, |entry| entry.end.min(self.tape.len()))
    }

    /// The key under which this value stands; empty in arrays and at the root.
    pub(crate) fn key(self) -> &'d str {
        self.tape.get(self.at).map_or("", |entry| &entry.key)
    }

    /// The field of this object, unless it is absent or null. The last of equal keys counts.
    // Inlined, so that the bit of a key that is written in the code is a constant.
    #[inline]
    pub(crate) fn get(self, key: &str) -> Option<Node<'d>> {
        match self.value() {
            Value::Object(_, bits) if bits & bit(key) != 0 => self.find(key),
            _ => None,
        }
    }

    /// Whether this object may have the first key of a dotted path.
    #[inline]
    pub(crate) fn may_have(self, path: &str) -> bool {
        matches!(self.value(), Value::Object(_, bits) if bits & bit(path) != 0)
    }

    fn find(self, key: &str) -> Option<Node<'d>> {
        self.items().filter(|child| child.key() == key).last().filter(|node| !node.is_null())
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
        Items { tape: self.tape, at: self.at + 1, end: if container { self.end() } else { 0 } }
    }

    /// The first element of an array.
    pub(crate) fn first(self) -> Option<Node<'d>> {
        self.items().next()
    }

    pub(crate) fn is_null(self) -> bool {
        matches!(self.value(), Value::Null)
    }

    pub(crate) fn is_object(self) -> bool {
        matches!(self.value(), Value::Object(..))
    }

    pub(crate) fn is_array(self) -> bool {
        matches!(self.value(), Value::Array(_) | Value::Numbers(_))
    }

    /// Whether this is a string, kept or not.
    pub(crate) fn is_str(self) -> bool {
        matches!(self.value(), Value::Str(_) | Value::ElidedStr(_))
    }

    /// How many elements or fields a container has, or bytes a string; also where they were skipped.
    pub(crate) fn len(self) -> usize {
        match *self.value() {
            Value::Str(ref s) => s.len(),
            Value::ElidedStr(n) | Value::Elided(n) | Value::Numbers(n) | Value::Array(n) | Value::Object(n, _) => n,
            _ => 0,
        }
    }

    /// A string that was kept.
    pub(crate) fn str(self) -> Option<&'d str> {
        match self.value() {
            Value::Str(s) => Some(s),
            _ => None,
        }
    }

    /// A string, kept or not.
    pub(crate) fn text(self) -> Option<Text<'d>> {
        match self.value() {
            Value::Str(s) => Some(Text::Plain(s)),
            Value::ElidedStr(len) => Some(Text::Elided(*len)),
            _ => None,
        }
    }

    pub(crate) fn bool(self) -> Option<bool> {
        match self.value() {
            Value::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// A whole number that fits, also when written as `3.0`.
    pub(crate) fn i64(self) -> Option<i64> {
        match *self.value() {
            Value::Int(n) => Some(n),
            // 2^53: above it a float no longer tells whole numbers apart.
            Value::Float(f) if f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0 => Some(f as i64),
            _ => None,
        }
    }

    pub(crate) fn f64(self) -> Option<f64> {
        match *self.value() {
            Value::Int(n) => Some(n as f64),
            Value::UInt(n) => Some(n as f64),
            Value::Float(f) => Some(f),
            _ => None,
        }
    }

    // Shorthands for the field of an object, which is what readers ask for most.

    pub(crate) fn get_str(self, key: &str) -> Option<&'d str> {
        self.get(key)?.str()
    }

    pub(crate) fn get_i64(self, key: &str) -> Option<i64> {
        self.get(key)?.i64()
    }

    pub(crate) fn get_f64(self, key: &str) -> Option<f64> {
        self.get(key)?.f64()
    }

    pub(crate) fn get_bool(self, key: &str) -> Option<bool> {
        self.get(key)?.bool()
    }

    /// A text field that is there and not empty.
    pub(crate) fn get_text(self, key: &str) -> Option<Text<'d>> {
        self.get(key)?.text().filter(|text| !text.is_empty())
    }

    /// A string field that is there and not empty.
    pub(crate) fn get_owned(self, key: &str) -> Option<String> {
        self.get_str(key).filter(|value| !value.is_empty()).map(str::to_owned)
    }

    /// The strings of an array of strings, or the one string that stands in its place.
    pub(crate) fn strings(self) -> Vec<String> {
        match self.str() {
            Some(one) => vec![one.to_owned()],
            None => self.items().filter_map(|item| item.str().map(str::to_owned)).collect(),
        }
    }
}

/// The children of a node.
#[derive(Clone)]
pub(crate) struct Items<'d> {
    tape: &'d [Entry<'d>],
    at: usize,
    end: usize,
}

impl<'d> Iterator for Items<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        if self.at >= self.end {
            return None;
        }
        let node = Node::new(self.tape, self.at);
        self.at = node.end().max(self.at + 1);
        Some(node)
    }
}
