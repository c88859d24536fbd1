//! The walk over JSON text. Values outside of the paths are skipped without validating their syntax.

use std::borrow::Cow;

use memchr::memchr2;

use super::found::{Elements, Found, Scalar, Step};
use super::trie::Trie;
use super::work;

/// A longer key is in no path. A key with escapes is decoded first.
const MAX_KEY: usize = 256;

/// Reads JSON text up to the first syntax error.
pub(super) fn scan<'a>(trie: &Trie, text: &'a [u8], found: &mut Found<'a>) {
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
    fn eat(&mut self, byte: u8) -> bool {
        self.space();
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
                found.push(step, self.text_of(step, text, escaped));
                Some(())
            }
            _ => {
                let value = scalar(self.word()?)?;
                found.push(step, value);
                Some(())
            }
        }
    }

    fn text_of(&self, step: Step, text: &'a [u8], escaped: bool) -> Scalar<'a> {
        if !step.keeps(text.len()) {
            return Scalar::Text(text.len());
        }
        let word = if escaped {
            let quoted = self.text.get(self.at - text.len() - 2..self.at).unwrap_or_default();
            serde_json::from_slice(quoted).ok().map(Cow::Owned)
        } else {
            str::from_utf8(text).ok().map(Cow::Borrowed)
        };
        word.map_or(Scalar::Text(text.len()), Scalar::Word)
    }

    fn object(&mut self, step: Step, found: &mut Found<'a>) -> Option<()> {
        if step.to == 0 {
            let at = found.open(step, Scalar::Object(0));
            let len = self.skip_container()?;
            found.close(at, len);
            return Some(());
        }
        let at = found.open(step, Scalar::Object(0));
        self.at += 1;
        let mut len = 0;
        if !self.eat(b'}') {
            loop {
                if !self.eat(b'"') {
                    return None;
                }
                let (key, escaped) = self.string()?;
                let unescaped = if escaped && key.len() <= MAX_KEY { self.unescaped(key) } else { None };
                if len == 0 {
                    self.first_key(step, key, unescaped.as_deref(), found);
                }
                let edge = match &unescaped {
                    Some(key) => self.trie.field(step.to, key.as_bytes()),
                    None => self.trie.field(step.to, key),
                };
                if !self.eat(b':') {
                    return None;
                }
                len += 1;
                found.grow(at, len);
                match edge {
                    Some(edge) => self.value(Step::of(edge), found)?,
                    None => self.skip()?,
                }
                if !self.eat(b',') {
                    break;
                }
            }
            if !self.eat(b'}') {
                return None;
            }
        }
        found.close(at, len);
        Some(())
    }

    fn unescaped(&self, key: &[u8]) -> Option<String> {
        serde_json::from_slice(self.text.get(self.at - key.len() - 2..self.at)?).ok()
    }

    /// Adds the name of the first field, if a path selects it as a fact.
    fn first_key(&self, step: Step, key: &'a [u8], unescaped: Option<&str>, found: &mut Found<'a>) {
        let Some(step) = self.trie.edge(step.to, b"*").map(Step::of) else { return };
        let name = match unescaped {
            Some(name) => Some(Cow::Owned(name.to_owned())),
            None => str::from_utf8(key).ok().map(Cow::Borrowed),
        };
        let name = name.filter(|name| step.keeps(name.len()));
        found.push(step, name.map_or(Scalar::Text(key.len()), Scalar::Word));
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
        if !self.eat(b']') {
            loop {
                len += 1;
                found.grow(at, len);
                if len <= elements.most {
                    self.value(elements.step, found)?;
                } else {
                    self.skip()?;
                }
                if !self.eat(b',') {
                    break;
                }
            }
            if !self.eat(b']') {
                return None;
            }
        }
        found.close(at, len);
        Some(())
    }

    /// The string after an opening quote, and whether it has escapes.
    #[inline]
    fn string(&mut self) -> Option<(&'a [u8], bool)> {
        let (start, mut escaped) = (self.at, false);
        let mut at = start + super::write::plain_len(self.text.get(start..)?.get(..SHORT).unwrap_or_default());
        loop {
            at += memchr2(b'"', b'\\', self.text.get(at..)?)?;
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
const SHORT: usize = 32;

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
