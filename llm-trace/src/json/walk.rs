//! The walk over a document in memory: a `serde_json::Value`, or a view that was built for the content.

use serde_json::Value as Json;

use super::build::{JsonView, Value};
use super::found::{Elements, Found, Scalar, Step};
use super::node::Node;
use super::trie::Trie;

impl<'a> Found<'a> {
    /// The facts of a value, with the texts at the paths if `content`.
    pub(crate) fn from_value(trie: &Trie, value: &'a Json, content: bool) -> Self {
        Self::of(trie, value, content)
    }

    /// The facts of a view. `None` if the view may lack some.
    pub(crate) fn from_view(trie: &Trie, view: &'a JsonView<'a>) -> Option<Self> {
        view.has_all().then(|| Self::of(trie, view.root(), false))
    }

    fn of(trie: &Trie, root: impl Walk<'a>, content: bool) -> Self {
        let mut found = Self::new(content);
        walk(trie, Step::ROOT, root, &mut found);
        found.finished()
    }
}

/// A value of a document, with its elements or fields.
enum Item<'a, E, F> {
    Scalar(Scalar<'a>),
    Text(&'a str),
    Array(usize, E),
    Object(usize, F),
}

/// A document in memory.
trait Walk<'a>: Sized {
    fn item(self) -> Item<'a, impl Iterator<Item = Self>, impl Iterator<Item = (&'a str, Self)>>;
}

impl<'a> Walk<'a> for &'a Json {
    #[inline]
    fn item(self) -> Item<'a, impl Iterator<Item = Self>, impl Iterator<Item = (&'a str, Self)>> {
        match self {
            Json::Null => Item::Scalar(Scalar::Null),
            Json::Bool(v) => Item::Scalar(Scalar::Bool(*v)),
            Json::Number(n) => Item::Scalar(match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => Scalar::Int(n),
                (None, Some(n)) => Scalar::UInt(n),
                (None, None) => n.as_f64().map_or(Scalar::Null, Scalar::Float),
            }),
            Json::String(text) => Item::Text(text),
            Json::Array(items) => Item::Array(items.len(), items.iter()),
            Json::Object(fields) => Item::Object(fields.len(), fields.iter().map(|(key, value)| (key.as_str(), value))),
        }
    }
}

impl<'a> Walk<'a> for Node<'a> {
    #[inline]
    fn item(self) -> Item<'a, impl Iterator<Item = Self>, impl Iterator<Item = (&'a str, Self)>> {
        match self.value() {
            Value::Null => Item::Scalar(Scalar::Null),
            Value::Bool(v) => Item::Scalar(Scalar::Bool(*v)),
            Value::Int(n) => Item::Scalar(Scalar::Int(*n)),
            Value::UInt(n) => Item::Scalar(Scalar::UInt(*n)),
            Value::Float(v) => Item::Scalar(Scalar::Float(*v)),
            Value::Str(text) => Item::Text(text),
            Value::ElidedStr(len) => Item::Scalar(Scalar::Text(*len)),
            // Vectors, and values below the maximum depth: no path goes there.
            Value::Numbers(len) | Value::Elided(len) => Item::Scalar(Scalar::Array(*len)),
            Value::Array(len) => Item::Array(*len, self.items()),
            Value::Object(len) => Item::Object(*len, self.items().map(|field| (field.key(), field))),
        }
    }
}

/// Reads a value and the values that the paths select below it; the recursion is as deep as the paths.
fn walk<'a>(trie: &Trie, step: Step, value: impl Walk<'a>, found: &mut Found<'a>) {
    match value.item() {
        Item::Scalar(scalar) => found.push(step, scalar),
        Item::Text(text) => found.push(step, found.borrowed(step, text)),
        Item::Array(len, items) => {
            let Some(elements) = Elements::of(trie, step.to) else {
                found.push(step, Scalar::Array(len));
                return;
            };
            let at = found.open(step, Scalar::Array(0));
            for item in items.take(usize::from(elements.most)) {
                walk(trie, elements.step, item, found);
            }
            found.close(at, len);
        }
        Item::Object(len, _) if step.to == 0 => found.push(step, Scalar::Object { len, keys: 0 }),
        Item::Object(len, mut fields) => {
            let (at, mut keys) = (found.open_object(step), 0);
            let mut next = fields.next();
            if let Some(step) = step.first_name(trie)
                && let Some((first, _)) = &next
            {
                keys |= step.bit();
                found.push(step, found.borrowed(step, first));
            }
            while let Some((key, value)) = next {
                if let Some(step) = trie.field(step.to, key.as_bytes()).map(Step::of) {
                    keys |= step.bit();
                    walk(trie, step, value, found);
                }
                next = fields.next();
            }
            found.close_object(at, len, keys);
        }
    }
}
