//! Builds the tape from a `serde_json::Value`.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::build::{Entry, JsonView, Value, end, finish_array, place, pop_number, set};
use super::keys::{Mode, Rule};
use super::{MAX_DEPTH, work};

impl<'a> JsonView<'a> {
    /// Borrows from a `serde_json::Value`.
    pub(crate) fn from_value(value: &'a Json, mode: Mode) -> Self {
        let mut doc = Self::new(mode);
        doc.complete = push(&mut doc.tape, mode, Rule::root(mode), "", value, 0).is_ok();
        doc.finished()
    }
}

/// The maximum number of values is reached.
struct Full;

/// Pushes a value and its children, as far as the mode keeps them.
// Inlined, so that only containers are calls.
#[inline(always)]
fn push<'a>(
    tape: &mut Vec<Entry<'a>>,
    mode: Mode,
    rule: Rule,
    key: &'a str,
    value: &'a Json,
    depth: usize,
) -> Result<(), Full> {
    let at = tape.len();
    if at >= JsonView::MAX_ENTRIES {
        return Err(Full);
    }
    let scalar = match value {
        Json::Null => Value::Null,
        Json::Bool(v) => Value::Bool(*v),
        Json::Number(n) => match (n.as_i64(), n.as_u64()) {
            (Some(n), _) => Value::Int(n),
            (None, Some(n)) => Value::UInt(n),
            (None, None) => n.as_f64().map_or(Value::Null, Value::Float),
        },
        Json::String(text) if mode.keeps(rule, text.len()) => Value::Str(Cow::Borrowed(text)),
        Json::String(text) => Value::ElidedStr(text.len()),
        Json::Array(items) if rule.enter && depth < MAX_DEPTH => return array(tape, mode, rule, key, items, depth),
        Json::Object(fields) if rule.enter && depth < MAX_DEPTH => {
            return object(tape, mode, rule, key, fields, depth);
        }
        Json::Array(items) => Value::Elided(items.len()),
        Json::Object(fields) => Value::Elided(fields.len()),
    };
    work::node();
    tape.push(Entry { key: Cow::Borrowed(key), value: scalar, end: place(at + 1) });
    Ok(())
}

fn array<'a>(
    tape: &mut Vec<Entry<'a>>,
    mode: Mode,
    rule: Rule,
    key: &'a str,
    items: &'a [Json],
    depth: usize,
) -> Result<(), Full> {
    let at = enter(tape, key, Value::Array(0));
    let mut numbers = 0;
    for (len, item) in items.iter().enumerate() {
        let element = tape.len();
        if push(tape, mode, rule, "", item, depth + 1).is_err() {
            set(tape, at, Value::Array(len - numbers));
            return Err(Full);
        }
        if rule.count_numbers && pop_number(tape, element) {
            numbers += 1;
        }
    }
    finish_array(tape, at, items.len(), numbers);
    Ok(())
}

fn object<'a>(
    tape: &mut Vec<Entry<'a>>,
    mode: Mode,
    rule: Rule,
    key: &'a str,
    fields: &'a Map<String, Json>,
    depth: usize,
) -> Result<(), Full> {
    let at = enter(tape, key, Value::Object(0));
    for (len, (key, value)) in fields.iter().enumerate() {
        // The key does not affect numbers and booleans, so its rule is not looked up.
        let rule = match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => rule,
            _ => mode.rule(key, rule),
        };
        if push(tape, mode, rule, key, value, depth + 1).is_err() {
            set(tape, at, Value::Object(len));
            return Err(Full);
        }
    }
    set(tape, at, Value::Object(fields.len()));
    end(tape, at);
    Ok(())
}

/// Adds an open container.
fn enter<'a>(tape: &mut Vec<Entry<'a>>, key: &'a str, value: Value<'a>) -> usize {
    let at = tape.len();
    work::node();
    tape.push(Entry { key: Cow::Borrowed(key), value, end: 0 });
    at
}
