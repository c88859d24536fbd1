//! The walk over a `serde_json::Value`.

use std::borrow::Cow;

use serde_json::Value;

use super::found::{Elements, Found, Scalar, Step};
use super::trie::Trie;

/// Reads a value and the values that the paths select below it; the recursion is as deep as the paths.
pub(super) fn value<'a>(trie: &Trie, step: Step, value: &'a Value, found: &mut Found<'a>) {
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
        Value::String(text) if step.keeps(text.len()) => found.push(step, Scalar::Word(Cow::Borrowed(text))),
        Value::String(text) => found.push(step, Scalar::Text(text.len())),
        Value::Array(items) => {
            let Some(elements) = Elements::of(trie, step.to) else {
                found.push(step, Scalar::Array(items.len()));
                return;
            };
            let at = found.open(step, Scalar::Array(0));
            for item in items.iter().take(elements.most) {
                self::value(trie, elements.step, item, found);
            }
            found.close(at, items.len());
        }
        Value::Object(fields) if step.to == 0 => found.push(step, Scalar::Object(fields.len())),
        Value::Object(fields) => {
            let at = found.open(step, Scalar::Object(0));
            if let Some((first, _)) = fields.iter().next()
                && let Some(edge) = trie.edge(step.to, b"*")
            {
                let step = Step::of(edge);
                let is_word = step.keeps(first.len());
                found.push(step, if is_word { Scalar::Word(Cow::Borrowed(first)) } else { Scalar::Text(first.len()) });
            }
            for (key, value) in fields {
                if let Some(edge) = trie.field(step.to, key.as_bytes()) {
                    self::value(trie, Step::of(edge), value, found);
                }
            }
            found.close(at, fields.len());
        }
    }
}
