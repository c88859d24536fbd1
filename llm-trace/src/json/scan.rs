//! The walk over JSON text. Values outside of the paths are skipped without validating their syntax.

use memchr::memchr2;

use super::found::{Elements, Found, Scalar, Step};
use super::trie::{Edge, Trie};
use super::work;

/// A longer key is in no path. A key with escapes is decoded first.
const MAX_KEY: usize = 256;

impl<'a> Found<'a> {
    /// The facts of JSON text. Values before a syntax error are kept.
    pub(crate) fn from_json(trie: &Trie, text: &'a [u8]) -> Self {
        Self::new(false).json(trie, text)
    }

    /// The same, with the texts at the paths.
    pub(crate) fn from_json_with_content(trie: &Trie, text: &'a [u8]) -> Self {
        Self::new(true).json(trie, text)
    }

    fn json(mut self, trie: &Trie, text: &'a [u8]) -> Self {
        scan(trie, text, &mut self);
        self.finished()
    }
}

/// Reads JSON text up to the first syntax error.
fn scan<'a>(trie: &Trie, text: &'a [u8], found: &mut Found<'a>) {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    work::bytes(text.len());
    let _ = Scanner { trie, found }.value(Step::ROOT, text);
}

/// Each method reads from the start of a text, and returns the text that follows, or `None` at a syntax error.
struct Scanner<'t, 'f, 'a> {
    trie: &'t Trie,
    found: &'f mut Found<'a>,
}

impl<'t, 'a> Scanner<'t, '_, 'a> {
    /// The recursion is as deep as the paths; deeper values are skipped without recursion.
    fn value(&mut self, step: Step, text: &'a [u8]) -> Option<&'a [u8]> {
        match unspaced(text) {
            [b'"', rest @ ..] => {
                let (string, rest) = string(rest)?;
                let value = self.kept(step, string);
                self.found.push(step, value);
                Some(rest)
            }
            text @ [b'{', fields @ ..] => self.object(step, text, fields),
            text @ [b'[', elements @ ..] => self.array(step, text, elements),
            text => {
                let (value, rest) = scalar(text)?;
                self.found.push(step, value);
                Some(rest)
            }
        }
    }

    #[inline]
    fn kept(&mut self, step: Step, string: Quoted<'a>) -> Scalar<'a> {
        let Quoted { text, escaped } = string;
        if !self.found.wants(step, text.len()) {
            return Scalar::Text(text.len());
        }
        if escaped {
            return string.unescaped().map_or(Scalar::Text(text.len()), |word| self.found.copied(step, &word));
        }
        match str::from_utf8(text) {
            // Control characters are not valid JSON, so a parsed document has no such content.
            Ok(word) if step.is_word() || word.bytes().all(|byte| byte >= b' ') => self.found.borrowed(step, word),
            _ => Scalar::Text(text.len()),
        }
    }

    #[inline]
    fn object(&mut self, step: Step, text: &'a [u8], fields: &'a [u8]) -> Option<&'a [u8]> {
        let at = self.found.open_object(step);
        if step.to == 0 {
            let (len, rest) = skip_container(text)?;
            self.found.close(at, len);
            return Some(rest);
        }
        let (mut len, mut keys) = (0, 0);
        let rest = self.fields(step, fields, &mut len, &mut keys);
        match rest {
            Some(_) => self.found.close_object(at, len, keys),
            None => self.found.grow(at, len),
        }
        rest
    }

    /// Reads the fields of an object up to its end.
    #[inline]
    fn fields(&mut self, step: Step, text: &'a [u8], len: &mut usize, keys: &mut u64) -> Option<&'a [u8]> {
        let mut text = unspaced(text);
        if let [b'}', rest @ ..] = text {
            return Some(rest);
        }
        if step.names_first() {
            *keys |= self.first_name(step, text);
        }
        loop {
            let [b'"', rest @ ..] = unspaced(text) else { return None };
            let (key, rest) = string(rest)?;
            let edge = if key.escaped { self.escaped_field(step, key) } else { self.trie.field(step.to, key.text) };
            let [b':', rest @ ..] = unspaced(rest) else { return None };
            *len += 1;
            let rest = match edge {
                Some(edge) => {
                    let step = Step::of(edge);
                    *keys |= step.bit();
                    self.value(step, rest)?
                }
                None => skip(rest)?,
            };
            match unspaced(rest) {
                [b',', rest @ ..] => text = rest,
                [b'}', rest @ ..] => return Some(rest),
                _ => return None,
            }
        }
    }

    #[cold]
    fn escaped_field(&self, step: Step, key: Quoted<'a>) -> Option<&'t Edge> {
        let key = if key.text.len() <= MAX_KEY { key.unescaped()? } else { return None };
        self.trie.field(step.to, key.as_bytes())
    }

    /// Adds the name of the first field, if a path selects it as a fact. Returns the bit of its key.
    #[cold]
    fn first_name(&mut self, step: Step, fields: &'a [u8]) -> u64 {
        let (Some(step), [b'"', rest @ ..]) = (step.first_name(self.trie), fields) else { return 0 };
        let Some((name, _)) = string(rest) else { return 0 };
        let name = self.kept(step, name);
        self.found.push(step, name);
        step.bit()
    }

    #[inline]
    fn array(&mut self, step: Step, text: &'a [u8], elements: &'a [u8]) -> Option<&'a [u8]> {
        let at = self.found.open(step, Scalar::Array(0));
        let Some(paths) = Elements::of(self.trie, step.to) else {
            let (len, rest) = skip_container(text)?;
            self.found.close(at, len);
            return Some(rest);
        };
        let mut len = 0;
        let rest = self.elements(paths, elements, &mut len);
        match rest {
            Some(_) => self.found.close(at, len),
            None => self.found.grow(at, len),
        }
        rest
    }

    /// Reads the elements of an array up to its end.
    #[inline]
    fn elements(&mut self, paths: Elements, text: &'a [u8], len: &mut usize) -> Option<&'a [u8]> {
        let mut text = unspaced(text);
        if let [b']', rest @ ..] = text {
            return Some(rest);
        }
        loop {
            *len += 1;
            let rest = if *len <= usize::from(paths.most) { self.value(paths.step, text)? } else { skip(text)? };
            match unspaced(rest) {
                [b',', rest @ ..] => text = rest,
                [b']', rest @ ..] => return Some(rest),
                _ => return None,
            }
        }
    }
}

/// The text after whitespace. Most documents have little.
#[inline(always)]
fn unspaced(text: &[u8]) -> &[u8] {
    match text {
        [b' ' | b'\n' | b'\t' | b'\r', rest @ ..] => after_spaces(rest),
        _ => text,
    }
}

#[inline(never)]
fn after_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\n' | b'\t' | b'\r', rest @ ..] = text {
        text = rest;
    }
    text
}

/// A string without its quotes.
#[derive(Clone, Copy)]
struct Quoted<'a> {
    text: &'a [u8],
    escaped: bool,
}

impl Quoted<'_> {
    #[cold]
    fn unescaped(self) -> Option<String> {
        serde_json::from_slice(&[b"\"", self.text, b"\""].concat()).ok()
    }
}

/// The string after an opening quote.
#[inline]
fn string(text: &[u8]) -> Option<(Quoted<'_>, &[u8])> {
    let (mut at, mut escaped) = (mark(text)?, false);
    while text.get(at) == Some(&b'\\') {
        escaped = true;
        at += 2;
        at += mark(text.get(at..)?)?;
    }
    let (text, [_, rest @ ..]) = text.split_at_checked(at)? else { return None };
    Some((Quoted { text, escaped }, rest))
}

/// Skips a value.
fn skip(text: &[u8]) -> Option<&[u8]> {
    match unspaced(text) {
        [b'"', rest @ ..] => Some(string(rest)?.1),
        text @ [b'{' | b'[', ..] => Some(skip_container(text)?.1),
        text => Some(word(text)?.1),
    }
}

/// Skips an object or an array; returns its number of fields or elements.
fn skip_container(mut text: &[u8]) -> Option<(usize, &[u8])> {
    let (mut depth, mut commas, mut is_empty) = (0_usize, 0, true);
    loop {
        let (byte, rest) = text.split_first()?;
        text = rest;
        match byte {
            b'"' => {
                text = string(rest)?.1;
                is_empty = false;
            }
            b'{' | b'[' => {
                is_empty &= depth == 0;
                depth += 1;
            }
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some((if is_empty { 0 } else { commas + 1 }, rest));
                }
            }
            b',' => commas += usize::from(depth == 1),
            b' ' | b'\n' | b'\t' | b'\r' => {}
            _ => is_empty = false,
        }
    }
}

/// A number or a literal.
#[inline]
fn word(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let len = text.iter().position(|byte| !is_word(byte)).unwrap_or(text.len());
    text.split_at_checked(len).filter(|(word, _)| !word.is_empty())
}

#[inline]
fn is_word(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'+' | b'.' | b'E')
}

/// Most strings are shorter, so this many bytes are checked eight at a time before a search is set up.
const SHORT: usize = 64;

/// The position of the first quote or backslash.
#[inline(always)]
fn mark(text: &[u8]) -> Option<usize> {
    let (eights, _) = text.as_chunks::<8>();
    let mut at = 0;
    for eight in eights.iter().take(SHORT / 8) {
        let marks = marks(u64::from_le_bytes(*eight));
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    memchr2(b'"', b'\\', text.get(at..)?).map(|more| at + more)
}

/// A mask whose lowest bit is in the first quote or backslash of eight bytes. Higher bits may be wrong.
#[inline]
const fn marks(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const fn zeros(eight: u64) -> u64 {
        eight.wrapping_sub(ONES) & !eight & (ONES * 0x80)
    }
    zeros(eight ^ (ONES * b'"' as u64)) | zeros(eight ^ (ONES * b'\\' as u64))
}

/// A number or a literal as a value.
#[inline]
fn scalar<'a>(text: &[u8]) -> Option<(Scalar<'a>, &[u8])> {
    if let Some((n, rest)) = short_int(text) {
        return Some((Scalar::Int(n), rest));
    }
    let (word, rest) = word(text)?;
    let value = match word {
        b"null" => Scalar::Null,
        b"true" => Scalar::Bool(true),
        b"false" => Scalar::Bool(false),
        [b'-' | b'0'..=b'9', ..] => match serde_json::from_slice::<serde_json::Number>(word).ok()? {
            n if n.is_i64() => Scalar::Int(n.as_i64()?),
            n if n.is_u64() => Scalar::UInt(n.as_u64()?),
            n => Scalar::Float(n.as_f64()?),
        },
        _ => return None,
    };
    Some((value, rest))
}

/// An unsigned whole number that is short enough to fit.
#[inline]
fn short_int(text: &[u8]) -> Option<(i64, &[u8])> {
    let (mut n, mut digits, mut rest) = (0, 0, text);
    while let [digit @ b'0'..=b'9', after @ ..] = rest {
        if digits == MAX_DIGITS {
            return None;
        }
        (n, digits, rest) = (n * 10 + i64::from(digit - b'0'), digits + 1, after);
    }
    let is_short = digits == 1 || (digits > 1 && text.first() != Some(&b'0'));
    (is_short && !rest.first().is_some_and(is_word)).then_some((n, rest))
}

/// Any number with as many digits fits into an `i64`.
const MAX_DIGITS: usize = 18;

#[cfg(test)]
mod tests {
    use super::super::Tree;
    use super::{Found, mark};
    use crate::wire::paths::{PATHS, key};

    /// A whole number is the one that `serde_json` reads, as far as the facts' `i64` goes.
    #[track_caller]
    fn assert_read(number: &str) {
        let text = format!("{{\"seed\": {number}}}");
        let known: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let whole = |v: f64| (v.fract() == 0.0 && v.abs() <= 9_007_199_254_740_992.0).then_some(v as i64);
        let expected = known.and_then(|v| v["seed"].as_i64().or_else(|| v["seed"].as_f64().and_then(whole)));
        let found = Found::from_json(&PATHS, text.as_bytes());
        assert_eq!(found.root().get_i64(key!("seed")), expected, "{number}");
    }

    #[test]
    fn numbers_at_the_limits_are_read_like_serde_json_reads_them() {
        for number in [
            "0",
            "-0",
            "00",
            "01",
            "7",
            "10",
            "999999999999999999",
            "1000000000000000000",
            "9223372036854775807",
            "9223372036854775808",
            "9999999999999999999",
            "18446744073709551615",
            "18446744073709551616",
            "99999999999999999999999999",
            "-9223372036854775808",
            "-9223372036854775809",
            "1e3",
            "1.0",
            "1.5",
            "1e400",
            "1a",
            "1-",
            "1.",
            "1e",
            "0x1",
            "+1",
        ] {
            assert_read(number);
        }
    }

    proptest::proptest! {
        #[test]
        fn numbers_are_read_like_serde_json_reads_them(number in "-?[0-9]{1,22}([.eE][0-9]{1,3})?") {
            assert_read(&number);
        }

        #[test]
        fn the_first_mark_is_found(text in proptest::collection::vec(proptest::prop_oneof![
            8 => proptest::num::u8::ANY,
            8 => b'!'..b'#',
            1 => proptest::strategy::Just(b'\\'),
        ], 0..100), from in 0..100_usize) {
            let mut text = text;
            // Mostly late, and never first.
            text.iter_mut().take(from).for_each(|byte| *byte = byte.wrapping_add(u8::from(matches!(*byte, b'"' | b'\\'))));
            let first = text.iter().position(|byte| matches!(byte, b'"' | b'\\'));
            proptest::prop_assert_eq!(mark(&text), first);
        }
    }
}
