//! Positions in a text where a credential may start.

use super::private_keys::DASHES;

/// Maximum length of a name, in bytes.
pub(super) const MAX_NAME: usize = 64;

/// The bytes that `may_start` judges.
static MARKS: [bool; 256] = {
    let (mut marks, mut at) = ([false; 256], 0);
    while at < SIGNS.len() {
        marks[SIGNS[at] as usize] = true;
        at += 1;
    }
    marks
};

const SIGNS: &[u8] = b"=:, +%-";

/// The position of the first mark.
pub(super) fn first_mark(bytes: &[u8]) -> Option<usize> {
    let is_mark = |byte: &u8| MARKS[usize::from(*byte)];
    // Few bytes are marks, and four at a time take fewer instructions.
    let (fours, _) = bytes.as_chunks::<4>();
    let has_mark = |four: &[u8; 4]| four.iter().fold(false, |any, byte| any | is_mark(byte));
    let plain = fours.iter().take_while(|four| !has_mark(four)).count() * 4;
    bytes.get(plain..)?.iter().position(is_mark).map(|at| plain + at)
}

/// Positions in a text where a credential may start: a sign, plain or encoded, the space or `+` after a scheme or a
/// flag, and the dashes before a private key.
pub(super) struct Marks<'t> {
    bytes: &'t [u8],
    /// Private keys are replaced already.
    without_keys: bool,
    /// Two dashes were found, so there may be flags.
    dashes: bool,
}

impl<'t> Marks<'t> {
    pub(super) fn new(text: &'t str, without_keys: bool) -> Self {
        Self { bytes: text.as_bytes(), without_keys, dashes: false }
    }

    /// The next position at or after `from`.
    pub(super) fn next(&mut self, mut from: usize) -> Option<usize> {
        loop {
            let at = from + first_mark(self.bytes.get(from..)?)?;
            if self.may_start(at) {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// Whether a credential may start at this mark.
    fn may_start(&mut self, at: usize) -> bool {
        let rest = self.bytes.get(at..).unwrap_or_default();
        match rest {
            [b'=' | b':' | b',', ..] => true,
            [b'-', ..] => {
                self.dashes |= rest.starts_with(b"--");
                !self.without_keys && rest.starts_with(DASHES)
            }
            [b'%', b'3', b'a' | b'A' | b'd' | b'D', ..] => true,
            [b'%', rest @ ..] => rest.starts_with(b"20") && scheme_before(self.bytes, at).is_some(),
            [b' ', ..] if self.dashes && is_flag(self.bytes, at) => true,
            _ => scheme_before(self.bytes, at).is_some(),
        }
    }
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
