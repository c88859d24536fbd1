//! Building the tape from a `serde_json::Value`.

use std::borrow::Cow;

use serde_json::Value as Json;

use super::build::{Doc, Entry, OPEN, Value, bit, end, finish_array, open, pop_number, set};
use super::keys::{Mode, Rule};

/// There are too many values.
pub(super) struct Full;

/// Pushes one value with all that is below it, as far as the mode wants it.
pub(super) fn push<'a>(
    tape: &mut Vec<Entry<'a>>,
    mode: Mode,
    rule: Rule,
    key: &'a str,
    value: &'a Json,
) -> Result<(), Full> {
    if tape.len() >= Doc::MAX_ENTRIES {
        return Err(Full);
    }
    let at = tape.len();
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
        Json::Array(items) if rule.arrays => {
            enter(tape, key, Value::Array(0));
            let mut numbers = 0;
            for (len, item) in (1..).zip(items) {
                let element = tape.len();
                push(tape, mode, rule, "", item)?;
                if rule.count_numbers && pop_number(tape, element) {
                    numbers += 1;
                }
                set(tape, at, Value::Array(len - numbers));
            }
            finish_array(tape, at, items.len(), numbers);
            return Ok(());
        }
        Json::Object(fields) if rule.objects => {
            enter(tape, key, Value::Object(0, OPEN));
            let mut bits = 0;
            for (len, (key, value)) in (1..).zip(fields) {
                bits |= bit(key);
                push(tape, mode, mode.rule(key, rule), key, value)?;
                set(tape, at, Value::Object(len, OPEN));
            }
            set(tape, at, Value::Object(fields.len(), bits));
            end(tape, at);
            return Ok(());
        }
        Json::Array(items) => Value::Elided(items.len()),
        Json::Object(fields) => Value::Elided(fields.len()),
    };
    tape.push(Entry { key: Cow::Borrowed(key), value: scalar, end: at + 1 });
    Ok(())
}

fn enter<'a>(tape: &mut Vec<Entry<'a>>, key: &'a str, value: Value<'a>) {
    let at = tape.len();
    tape.push(Entry { key: Cow::Borrowed(key), value, end: at + 1 });
    open(tape, at);
}
