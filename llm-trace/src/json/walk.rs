//! The walk over a `serde_json::Value`.

use serde_json::Value;

use super::found::{Elements, Found, Scalar, Step};
use super::trie::Trie;

impl<'a> Found<'a> {
    /// The facts of a value, with the texts at the paths if `content`.
    pub(crate) fn from_value(trie: &Trie, value: &'a Value, content: bool) -> Self {
        let mut found = Self::new(content);
        self::value(trie, Step::ROOT, value, &mut found);
        found.finished()
    }
}

/// Reads a value and the values that the paths select below it; the recursion is as deep as the paths.
fn value<'a>(trie: &Trie, step: Step, value: &'a Value, found: &mut Found<'a>) {
    match value {
        Value::Null => found.push(step, Scalar::Null),
        Value::Bool(v) => found.push(step, Scalar::Bool(*v)),
        Value::Number(n) => {
            let number = match (n.as_i64(), n.as_u64()) {
                (Some(n), _) => Scalar::Int(n),
                (None, Some(n)) => Scalar::UInt(n),
                (None, None) => n.as_f64().map_or(Scalar::Null, Scalar::Float),
            };
            found.push(step, number);
        }
        Value::String(text) => found.push(step, found.borrowed(step, text)),
        Value::Array(items) => {
            let Some(elements) = Elements::of(trie, step.to) else {
                found.push(step, Scalar::Array(items.len()));
                return;
            };
            let at = found.open(step, Scalar::Array(0));
            for item in items.iter().take(usize::from(elements.most)) {
                self::value(trie, elements.step, item, found);
            }
            found.close(at, items.len());
        }
        Value::Object(fields) if step.to == 0 => found.push(step, Scalar::Object { len: fields.len(), keys: 0 }),
        Value::Object(fields) => {
            let (at, mut keys) = (found.open_object(step), 0);
            if let Some(step) = step.first_name(trie)
                && let Some((first, _)) = fields.iter().next()
            {
                keys |= step.bit();
                found.push(step, found.borrowed(step, first));
            }
            for (key, value) in fields {
                if let Some(step) = trie.field(step.to, key.as_bytes()).map(Step::of) {
                    keys |= step.bit();
                    self::value(trie, step, value, found);
                }
            }
            found.close_object(at, fields.len(), keys);
        }
    }
}
