//! Positions in a text where a credential may start.

use memchr::{memchr, memchr3};

/// Maximum length of a name, in bytes.
pub(super) const MAX_NAME: usize = 64;

/// Whether a text has two dashes in a row, with which private keys and flags of a command line start.
pub(super) fn has_dashes(text: &str) -> bool {
    let from = memchr(b'-', text.as_bytes()).and_then(|at| text.as_bytes().get(at..));
    from.is_some_and(|rest| rest.windows(2).any(|pair| pair == b"--"))
}

/// Positions in a text where a credential may start: a sign, plain or encoded, or the space or `+` after a scheme or a
/// flag.
pub(super) struct Marks<'t> {
    bytes: &'t [u8],
    /// Whether the text may have flags.
    dashes: bool,
    /// The next `=`, `:` or `,` that was found, or the text's length.
    sign: usize,
    /// Like `sign`, for a space, a `%` and a `+`.
    blank: usize,
}

impl<'t> Marks<'t> {
    /// `dashes` is the result of [`has_dashes`].
    pub(super) fn new(text: &'t str, dashes: bool) -> Self {
        let bytes = text.as_bytes();
        Self { bytes, dashes, sign: next_sign(bytes, 0), blank: next_blank(bytes, 0) }
    }

    /// The next position at or after `from`.
    pub(super) fn next(&mut self, from: usize) -> Option<usize> {
        if self.sign < from {
            self.sign = next_sign(self.bytes, from);
        }
        if self.blank < from {
            self.blank = next_blank(self.bytes, from);
        }
        while self.blank < self.sign {
            if self.may_start(self.blank) {
                return Some(self.blank);
            }
            self.blank = next_blank(self.bytes, self.blank + 1);
        }
        (self.sign < self.bytes.len()).then_some(self.sign)
    }

    /// Whether a credential may start at the space or sign at `at`.
    fn may_start(&self, at: usize) -> bool {
        match self.bytes.get(at..).unwrap_or_default() {
            [b'%', b'3', b'a' | b'A' | b'd' | b'D', ..] => true,
            [b'+', ..] => scheme_before(self.bytes, at).is_some(),
            [b'%', rest @ ..] => rest.starts_with(b"20") && scheme_before(self.bytes, at).is_some(),
            _ => scheme_before(self.bytes, at).is_some() || self.dashes && is_flag(self.bytes, at),
        }
    }
}

fn next_sign(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).and_then(|rest| memchr3(b'=', b':', b',', rest)).map_or(bytes.len(), |at| from + at)
}

fn next_blank(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).and_then(|rest| memchr3(b' ', b'%', b'+', rest)).map_or(bytes.len(), |at| from + at)
}

/// Whether the flag of a command line ends at `end`: `--api-key`.
fn is_flag(bytes: &[u8], end: usize) -> bool {
    bytes[name_before(bytes, end)..end].starts_with(b"--")
}

/// The start of the name that ends at `end`.
pub(super) fn name_before(bytes: &[u8], end: usize) -> usize {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'%');
    end - bytes[..end].iter().rev().take(MAX_NAME).take_while(is_part).count()
}

pub(super) const SCHEMES: [&[u8]; 4] = [b"bearer", b"basic", b"digest", b"apikey"];

/// The scheme that ends before the space at `at`.
pub(super) fn scheme_before(bytes: &[u8], at: usize) -> Option<&'static [u8]> {
    let last = bytes.get(at.checked_sub(1)?)?.to_ascii_lowercase();
    // Each scheme has another last letter, and few words have one of these.
    let scheme = SCHEMES.into_iter().find(|scheme| scheme.last() == Some(&last))?;
    let start = at.checked_sub(scheme.len())?;
    let is_word = !start.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric());
    (is_word && bytes[start..at].eq_ignore_ascii_case(scheme)).then_some(scheme)
}
