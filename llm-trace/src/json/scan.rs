//! The walk over JSON text. Values outside of the paths are skipped without validating their syntax.

use memchr::memchr2;

use super::found::{Elements, Found, Scalar, Step};
use super::trie::Trie;
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
    // The recursion is as deep as the paths; deeper values are skipped without recursion.
    let _ = Scanner { trie, text, at: 0 }.value(Step::ROOT, found);
}

struct Scanner<'t, 'a> {
    trie: &'t Trie,
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'_, 'a> {
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    #[inline(always)]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Consumes the next byte after whitespace if it is `byte`.
    #[inline(always)]
    fn consume(&mut self, byte: u8) -> bool {
        if self.peek() != Some(byte) {
            self.space();
        }
        let eats = self.peek() == Some(byte);
        self.at += usize::from(eats);
        eats
    }

    fn value(&mut self, step: Step, found: &mut Found<'a>) -> Option<()> {
        self.space();
        match self.peek()? {
            b'{' => self.object(step, found),
            b'[' => self.array(step, found),
            b'"' => {
                self.at += 1;
                let (text, escaped) = self.string()?;
                let text = self.text_of(step, text, escaped, found);
                found.push(step, text);
                Some(())
            }
            _ => {
                let value = scalar(self.word()?)?;
                found.push(step, value);
                Some(())
            }
        }
    }

    fn text_of(&self, step: Step, text: &'a [u8], escaped: bool, found: &mut Found<'a>) -> Scalar<'a> {
        if !found.wants(step, text.len()) {
            return Scalar::Text(text.len());
        }
        if escaped {
            let quoted = self.text.get(self.at - text.len() - 2..self.at).unwrap_or_default();
            let word: Option<String> = serde_json::from_slice(quoted).ok();
            return word.map_or(Scalar::Text(text.len()), |word| found.copied(step, &word));
        }
        match str::from_utf8(text) {
            // Control characters are not valid JSON, so a parsed document has no such content.
            Ok(word) if step.is_word() || word.bytes().all(|byte| byte >= b' ') => found.borrowed(step, word),
            _ => Scalar::Text(text.len()),
        }
    }

    fn object(&mut self, step: Step, found: &mut Found<'a>) -> Option<()> {
        if step.to == 0 {
            let at = found.open_object(step);
            let len = self.skip_container()?;
            found.close(at, len);
            return Some(());
        }
        let at = found.open_object(step);
        self.at += 1;
        let (mut len, mut keys) = (0, 0);
        let read = self.fields(step, &mut len, &mut keys, found);
        match read {
            Some(()) => found.close_object(at, len, keys),
            None => found.grow(at, len),
        }
        read
    }

    /// Reads the fields of an object up to its end.
    #[inline]
    fn fields(&mut self, step: Step, len: &mut usize, keys: &mut u64, found: &mut Found<'a>) -> Option<()> {
        if self.consume(b'}') {
            return Some(());
        }
        loop {
            if !self.consume(b'"') {
                return None;
            }
            let (key, escaped) = self.string()?;
            let unescaped = if escaped && key.len() <= MAX_KEY { self.unescaped(key) } else { None };
            if *len == 0 && step.names_first() {
                *keys |= self.first_key(step, key, unescaped.as_deref(), found);
            }
            let edge = match &unescaped {
                Some(key) => self.trie.field(step.to, key.as_bytes()),
                None => self.trie.field(step.to, key),
            };
            if !self.consume(b':') {
                return None;
            }
            *len += 1;
            match edge {
                Some(edge) => {
                    let step = Step::of(edge);
                    *keys |= step.bit();
                    self.value(step, found)?;
                }
                None => self.skip()?,
            }
            if !self.consume(b',') {
                return self.consume(b'}').then_some(());
            }
        }
    }

    fn unescaped(&self, key: &[u8]) -> Option<String> {
        serde_json::from_slice(self.text.get(self.at - key.len() - 2..self.at)?).ok()
    }

    /// Adds the name of the first field, if a path selects it as a fact. Returns the bit of its key.
    fn first_key(&self, step: Step, key: &'a [u8], unescaped: Option<&str>, found: &mut Found<'a>) -> u64 {
        let Some(step) = step.first_name(self.trie) else { return 0 };
        let name = match unescaped {
            Some(name) => found.copied(step, name),
            None => str::from_utf8(key).map_or(Scalar::Text(key.len()), |name| found.borrowed(step, name)),
        };
        found.push(step, name);
        step.bit()
    }

    fn array(&mut self, step: Step, found: &mut Found<'a>) -> Option<()> {
        let Some(elements) = Elements::of(self.trie, step.to) else {
            let at = found.open(step, Scalar::Array(0));
            let len = self.skip_container()?;
            found.close(at, len);
            return Some(());
        };
        let at = found.open(step, Scalar::Array(0));
        self.at += 1;
        let mut len = 0;
        let read = self.elements(elements, &mut len, found);
        match read {
            Some(()) => found.close(at, len),
            None => found.grow(at, len),
        }
        read
    }

    /// Reads the elements of an array up to its end.
    #[inline]
    fn elements(&mut self, elements: Elements, len: &mut usize, found: &mut Found<'a>) -> Option<()> {
        if self.consume(b']') {
            return Some(());
        }
        loop {
            *len += 1;
            if *len <= usize::from(elements.most) {
                self.value(elements.step, found)?;
            } else {
                self.skip()?;
            }
            if !self.consume(b',') {
                return self.consume(b']').then_some(());
            }
        }
    }

    /// The string after an opening quote, and whether it has escapes.
    #[inline]
    fn string(&mut self) -> Option<(&'a [u8], bool)> {
        let (start, mut escaped) = (self.at, false);
        let mut at = start;
        loop {
            at += mark(self.text.get(at..)?)?;
            if self.text.get(at) == Some(&b'"') {
                self.at = at + 1;
                return Some((self.text.get(start..at)?, escaped));
            }
            escaped = true;
            at += 2;
        }
    }

    /// Skips a value.
    fn skip(&mut self) -> Option<()> {
        self.space();
        match self.peek()? {
            b'"' => {
                self.at += 1;
                self.string()?;
            }
            b'{' | b'[' => {
                self.skip_container()?;
            }
            _ => {
                self.word()?;
            }
        }
        Some(())
    }

    /// Skips an object or an array; returns its number of fields or elements.
    fn skip_container(&mut self) -> Option<usize> {
        let (mut depth, mut commas, mut is_empty) = (0_usize, 0, true);
        loop {
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    self.string()?;
                    is_empty = false;
                    continue;
                }
                b'{' | b'[' => {
                    is_empty &= depth == 0;
                    depth += 1;
                }
                b'}' | b']' => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return Some(if is_empty { 0 } else { commas + 1 });
                    }
                }
                b',' => commas += usize::from(depth == 1),
                b' ' | b'\n' | b'\t' | b'\r' => {}
                _ => is_empty = false,
            }
            self.at += 1;
        }
    }

    /// A number or a literal.
    #[inline]
    fn word(&mut self) -> Option<&'a [u8]> {
        let rest = self.text.get(self.at..)?;
        let len = rest
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'-' | b'+' | b'.' | b'E'))
            .count();
        self.at += len;
        rest.get(..len).filter(|word| !word.is_empty())
    }
}

/// Most strings are shorter, so this many bytes are checked eight at a time before a search is set up.
const SHORT: usize = 64;

/// The position of the first quote or backslash.
#[inline]
fn mark(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(eight) = text.get(at..).filter(|_| at < SHORT).and_then(<[u8]>::first_chunk::<8>) {
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

fn scalar<'a>(word: &[u8]) -> Option<Scalar<'a>> {
    Some(match word {
        b"null" => Scalar::Null,
        b"true" => Scalar::Bool(true),
        b"false" => Scalar::Bool(false),
        [b'-' | b'0'..=b'9', ..] => match short_int(word) {
            Some(n) => Scalar::Int(n),
            None => match serde_json::from_slice::<serde_json::Number>(word).ok()? {
                n if n.is_i64() => Scalar::Int(n.as_i64()?),
                n if n.is_u64() => Scalar::UInt(n.as_u64()?),
                n => Scalar::Float(n.as_f64()?),
            },
        },
        _ => return None,
    })
}

/// An unsigned whole number that is short enough to fit.
#[inline]
fn short_int(word: &[u8]) -> Option<i64> {
    if word.len() > 18 || (word.len() > 1 && word.first() == Some(&b'0')) {
        return None;
    }
    word.iter().try_fold(0_i64, |n, byte| byte.is_ascii_digit().then(|| n * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::mark;

    proptest::proptest! {
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
