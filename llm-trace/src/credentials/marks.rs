//! Positions in a text where a credential may start.

use memchr::{memchr, memchr3};

/// Maximum length of a name, in bytes.
pub(super) const MAX_NAME: usize = 64;

const SIGN: u8 = 1;
const PERCENT: u8 = 2;
const SPACE: u8 = 4;
/// Two dashes, with which private keys and flags of a command line start.
pub(super) const DASHES: u8 = 8;

/// The kinds of bytes before which a credential's name may stand. Most short texts have none.
pub(super) fn kinds(text: &str) -> u8 {
    let (mut kinds, mut before) = (0, 0);
    for byte in text.bytes() {
        kinds |= match byte {
            b'=' | b':' | b',' => SIGN,
            b'%' => PERCENT,
            b' ' => SPACE,
            b'-' if before == b'-' => DASHES,
            _ => 0,
        };
        before = byte;
    }
    kinds
}

/// Positions in a text where a credential may start. Each byte is read once.
pub(super) struct Marks<'t> {
    bytes: &'t [u8],
    /// The kinds of bytes in the text.
    kinds: u8,
    /// The next `=`, `:` or `,`, or the text's length if there is none.
    sign: usize,
    /// Like `sign`, for a percent-encoded sign or space.
    encoded: usize,
}

impl<'t> Marks<'t> {
    pub(super) fn new(text: &'t str, kinds: u8) -> Self {
        let mut marks = Self { bytes: text.as_bytes(), kinds, sign: 0, encoded: 0 };
        marks.find_sign(0);
        marks.find_encoded(0);
        marks
    }

    fn find_sign(&mut self, from: usize) {
        let rest = self.bytes.get(from..).filter(|_| self.kinds & SIGN != 0).unwrap_or_default();
        self.sign = memchr3(b'=', b':', b',', rest).map_or(self.bytes.len(), |at| from + at);
    }

    fn find_encoded(&mut self, mut from: usize) {
        while self.kinds & PERCENT != 0
            && let Some(at) = memchr(b'%', self.bytes.get(from..).unwrap_or_default())
        {
            self.encoded = from + at;
            match self.bytes.get(self.encoded + 1..self.encoded + 3) {
                Some([b'3', b'a' | b'A' | b'd' | b'D']) => return,
                Some(b"20") if scheme_before(self.bytes, self.encoded).is_some() => return,
                _ => from = self.encoded + 1,
            }
        }
        self.encoded = self.bytes.len();
    }

    /// The next sign at or after `from`, or the space after a scheme or a flag if it comes first.
    pub(super) fn next(&mut self, mut from: usize) -> Option<usize> {
        if self.sign < from {
            self.find_sign(from);
        }
        if self.encoded < from {
            self.find_encoded(from);
        }
        let sign = self.sign.min(self.encoded);
        while let Some(blank) = memchr(b' ', self.bytes.get(from..sign)?) {
            let at = from + blank;
            if scheme_before(self.bytes, at).is_some() || self.kinds & DASHES != 0 && is_flag(self.bytes, at) {
                return Some(at);
            }
            from = at + 1;
        }
        (sign < self.bytes.len()).then_some(sign)
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
    SCHEMES.into_iter().find(|scheme| {
        let Some(start) = at.checked_sub(scheme.len()) else { return false };
        bytes[start..at].eq_ignore_ascii_case(scheme)
            && !start.checked_sub(1).is_some_and(|before| bytes[before].is_ascii_alphanumeric())
    })
}
