//! Building the tape from a `serde_json::Value`.

use std::borrow::Cow;

use serde_json::{Map, Value as Json};

use super::build::{Doc, Entry, Value, end, finish_array, place, pop_number, set};
use super::hash::Bits;
use super::keys::{Mode, Rule};
use super::{MAX_DEPTH, work};

/// There are too many values.
pub(super) struct Full;

/// Pushes one value with all that is below it, as far as the mode wants it.
// Inlined, so that only containers are calls.
#[inline(always)]
pub(super) fn push<'a>(
    tape: &mut Vec<Entry<'a>>,
    mode: Mode,
    rule: Rule,
    key: &'a str,
    value: &'a Json,
    depth: usize,
) -> Result<(), Full> {
    let at = tape.len();
    if at >= Doc::MAX_ENTRIES {
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
        Json::String(text) if mode.keeps_by(rule, text.len()) => Value::Str(Cow::Borrowed(text)),
        Json::String(text) => Value::ElidedStr(text.len()),
        Json::Array(items) if rule.arrays && depth < MAX_DEPTH => return array(tape, mode, rule, key, items, depth),
        Json::Object(fields) if rule.objects && depth < MAX_DEPTH => {
            return object(tape, mode, rule, key, fields, depth);
        }
        Json::Array(items) => Value::Elided(items.len()),
        Json::Object(fields) => Value::Elided(fields.len()),
    };
    work::node();
    tape.push(Entry { key: Cow::Borrowed(key), value: scalar, end: place(at + 1), hash: rule.hash });
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
    let at = enter(tape, rule, key, Value::Array(0));
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
    let at = enter(tape, rule, key, Value::Object(0, Bits::ALL));
    let mut bits = Bits::NONE;
    for (len, (key, value)) in fields.iter().enumerate() {
        // What numbers stand under is of no matter.
        let rule = match value {
            Json::Null | Json::Bool(_) | Json::Number(_) => Rule::scalar(key),
            _ => mode.rule(key, rule),
        };
        bits = bits.with(rule.hash);
        if push(tape, mode, rule, key, value, depth + 1).is_err() {
            set(tape, at, Value::Object(len, Bits::ALL));
            return Err(Full);
        }
    }
    set(tape, at, Value::Object(fields.len(), bits));
    end(tape, at);
    Ok(())
}

/// Begins a container, which is open until its end is known.
fn enter<'a>(tape: &mut Vec<Entry<'a>>, rule: Rule, key: &'a str, value: Value<'a>) -> usize {
    let at = tape.len();
    work::node();
    tape.push(Entry { key: Cow::Borrowed(key), value, end: 0, hash: rule.hash });
    at
}
