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
    let mut rest = text;
    loop {
        let (plain, special) = rest.split_at(plain_len(rest.as_bytes()));
        out.push_str(plain);
        let Some(byte) = special.as_bytes().first() else { return };
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(b'0' + (byte >> 4)));
                out.push(char::from_digit(u32::from(byte & 0xf), 16).unwrap_or('0'));
            }
        }
        rest = special.get(1..).unwrap_or_default();
    }
}

/// The number of bytes before the first one that JSON escapes.
#[inline]
fn plain_len(bytes: &[u8]) -> usize {
    let (eights, tail) = bytes.as_chunks::<8>();
    let mut at = 0;
    for eight in eights {
        let specials = specials(u64::from_le_bytes(*eight));
        if specials != 0 {
            return at + specials.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    at + tail.iter().position(|byte| is_special(*byte)).unwrap_or(tail.len())
}

/// Whether JSON escapes this byte.
pub(crate) const fn is_special(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\')
}

/// A mask whose lowest bit is in the first of eight bytes that is a quote, a backslash or a control character. Higher
/// bits may be wrong.
const fn specials(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const TOPS: u64 = ONES * 0x80;
    const fn below(eight: u64, limit: u64) -> u64 {
        eight.wrapping_sub(ONES * limit) & !eight & TOPS
    }
    let quote = eight ^ (ONES * b'"' as u64);
    let backslash = eight ^ (ONES * b'\\' as u64);
    below(eight, 0x20) | below(quote, 1) | below(backslash, 1)
}

/// Whether `text` is a JSON value that can be a tool argument: an object, an array or null.
pub(crate) fn is_json(text: &str) -> bool {
    is_document(text) || (text.trim_start().starts_with("null") && parses(text))
}

/// Whether a text is a JSON object or array.
pub(crate) fn is_document(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && parses(text)
}

fn parses(text: &str) -> bool {
    let text = text.trim_start();
    super::work::bytes(text.len());
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
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
                for (i, item) in self.fields().enumerate() {
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

#[cfg(test)]
mod tests {
    use super::write_str;

    proptest::proptest! {
        #[test]
        fn texts_are_written_like_serde_json_writes_them(text in proptest::collection::vec(proptest::prop_oneof![
            6 => "[a-z\u{80}-\u{7ff}]{0,9}",
            1 => "[\"\\\\\u{0}-\u{21}\u{7f}-\u{a2}\u{5b}-\u{5d}]{0,3}",
        ], 0..20)) {
            let text = text.concat();
            let mut out = String::new();
            write_str(&mut out, &text);
            proptest::prop_assert_eq!(out, serde_json::to_string(&text).unwrap_or_default());
        }
    }
}
