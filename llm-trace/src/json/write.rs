//! Writes values as JSON text.

use super::build::Value;
use super::node::Node;

/// Appends `text` as a JSON string.
pub(crate) fn write_str(out: &mut String, text: &str) {
    if text.len() >= LONG {
        make_room(out, text.len() + text.len() / 8 + 64);
    }
    out.push('"');
    escape_into(out, text);
    out.push('"');
}

/// For longer texts the buffer grows by about their length instead of doubling.
const LONG: usize = 1 << 10;

fn make_room(out: &mut String, more: usize) {
    if out.capacity() - out.len() < more {
        // At least a quarter, so that many appends do not each reallocate.
        out.reserve_exact(more.max(out.capacity() / 4));
    }
}

/// Appends `text` with JSON escapes, without quotes.
fn escape_into(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        at += plain_len(&bytes[at..]);
        let eight = bytes.len().min(at + 8);
        while at < eight {
            let byte = bytes[at];
            at += 1;
            let escaped = match byte {
                b'"' => "\\\"",
                b'\\' => "\\\\",
                b'\n' => "\\n",
                b'\r' => "\\r",
                b'\t' => "\\t",
                0x08 => "\\b",
                0x0c => "\\f",
                0..=0x1f => "",
                _ => continue,
            };
            out.push_str(&text[from..at - 1]);
            from = at;
            if escaped.is_empty() {
                out.push_str("\\u00");
                out.push(char::from(b'0' + (byte >> 4)));
                out.push(char::from_digit(u32::from(byte & 0xf), 16).unwrap_or('0'));
            } else {
                out.push_str(escaped);
            }
        }
    }
    out.push_str(&text[from..]);
}

/// A lower bound of the bytes before the first one that JSON escapes, in multiples of eight.
pub(crate) fn plain_len(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(eight) = bytes.get(at..at + 8).and_then(|eight| eight.try_into().ok()) {
        if has_special(u64::from_le_bytes(eight)) {
            break;
        }
        at += 8;
    }
    at
}

/// Whether one of eight bytes is a quote, a backslash or a control character.
const fn has_special(eight: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES * 0x80;
    const fn below(eight: u64, limit: u64) -> u64 {
        eight.wrapping_sub(ONES * limit) & !eight & TOPS
    }
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    below(eight, 0x20) | below(quote, 1) | below(backslash, 1) != 0
}

/// Whether `text` is a JSON value that can be a tool argument: an object, an array or null.
pub(crate) fn is_json(text: &str) -> bool {
    let text = text.trim_start();
    let may_be = text.starts_with(['{', '[']) || text.starts_with("null");
    super::work::bytes(if may_be { text.len() } else { 0 });
    may_be && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

/// Controls how strings, keys and numbers are written.
pub(crate) trait JsonOutput {
    /// Writes a complete JSON value for a string.
    fn string(&mut self, out: &mut String, text: &str);

    /// Writes a JSON string for a key.
    fn key(&mut self, out: &mut String, key: &str) {
        write_str(out, key);
    }

    /// Writes a complete JSON value for a number.
    fn number(&mut self, out: &mut String, digits: &str) {
        out.push_str(digits);
    }
}

impl<F: FnMut(&mut String, &str)> JsonOutput for F {
    fn string(&mut self, out: &mut String, text: &str) {
        self(out, text);
    }
}

impl Node<'_> {
    /// This value as compact JSON.
    pub(crate) fn to_json(self) -> String {
        let mut out = String::new();
        self.write_json(&mut out, &mut |out: &mut String, text: &str| write_str(out, text));
        out
    }

    /// Appends this value as compact JSON, written through `sink`.
    pub(crate) fn write_json(self, out: &mut String, sink: &mut dyn JsonOutput) {
        match self.value() {
            Value::Null | Value::ElidedStr(_) | Value::Elided(_) | Value::Numbers(_) => out.push_str("null"),
            Value::Bool(true) => out.push_str("true"),
            Value::Bool(false) => out.push_str("false"),
            Value::Int(n) => sink.number(out, &n.to_string()),
            Value::UInt(n) => sink.number(out, &n.to_string()),
            Value::Float(f) => match serde_json::Number::from_f64(*f) {
                Some(number) => sink.number(out, &number.to_string()),
                None => out.push_str("null"),
            },
            Value::Str(s) => sink.string(out, s),
            Value::Array(_) => {
                out.push('[');
                for (i, item) in self.items().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_json(out, sink);
                }
                out.push(']');
            }
            Value::Object(_) => {
                out.push('{');
                for (i, item) in self.items().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    sink.key(out, item.key());
                    out.push(':');
                    item.write_json(out, sink);
                }
                out.push('}');
            }
        }
    }
}
