//! The extent of a value after the name of a credential.

use std::ops::Range;

use memchr::{memchr, memchr2};

use super::harmless::{is_stand_in, is_state};
use super::is_token;
use super::marks::{MAX_NAME, SCHEMES};

/// The end of a value without quotes.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Extent {
    /// The end of a word.
    Word,
    /// The next parameter of a URL's query.
    Query,
    /// The end of the line.
    Line,
}

impl Extent {
    /// Whether a value ends before the byte at `at`.
    fn ends_at(self, bytes: &[u8], at: usize) -> bool {
        match bytes[at] {
            byte if byte.is_ascii_whitespace() => true,
            b'"' | b'\'' | b'`' | b'<' | b'>' => true,
            b'&' => self == Extent::Query || is_separator(bytes, at),
            b'#' => self == Extent::Query,
            // A URL may stand in brackets.
            b'|' | b')' | b']' | b'}' => {
                self != Extent::Query || !bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric)
            }
            b',' | b';' => self != Extent::Query && is_separator(bytes, at),
            _ => false,
        }
    }
}

/// Whether a `,` or `;` separates a value from the next one, rather than being part of it: a space, the end or a name
/// with a sign follows.
fn is_separator(bytes: &[u8], at: usize) -> bool {
    let rest = &bytes[at + 1..];
    let name = rest.iter().take(MAX_NAME).take_while(|byte| byte.is_ascii_alphanumeric() || b"_-. \"'".contains(byte));
    match rest.first() {
        None => true,
        Some(byte) => !byte.is_ascii_alphanumeric() || matches!(rest.get(name.count()), Some(b'=' | b':')),
    }
}

/// Pairs of typographic quotes.
const TYPOGRAPHIC: &[(&str, &str)] = &[("“", "”"), ("„", "“"), ("‘", "’"), ("«", "»")];

/// The value that starts at or after `from`. With `may_nest`, it may be a list or an object.
pub(super) fn value(text: &str, from: usize, extent: Extent, may_nest: bool) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let skip = |from: usize, set: &[u8]| from + bytes[from..].iter().take_while(|byte| set.contains(byte)).count();
    let first = skip(from, b" \t=><*");
    let mut start = first;
    let mut arguments = None;
    // `Some("..")`, `Some(SecretString("..")`, `Secret { .. }`.
    for _ in 0..4 {
        let wrapper = bytes[start..].iter().take(24).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let is_type = bytes.get(start).is_some_and(u8::is_ascii_uppercase);
        let after = skip(start + wrapper, b" ");
        match bytes.get(after) {
            Some(b'(') if is_type && after == start + wrapper => {
                arguments = Some(after);
                start = skip(after, b"( \t\r\n");
            }
            Some(b'{') if is_type && may_nest => start = after,
            _ => break,
        }
    }
    if may_nest && text.get(start..).is_some_and(is_stand_in) {
        return None;
    }
    if may_nest && matches!(bytes.get(start), Some(b'[' | b'{')) {
        let end = container_end(bytes, start);
        let is_empty = text.get(start + 1..end).is_none_or(|inner| inner.trim_matches([' ', ']', '}']).is_empty());
        return (!is_empty).then_some(first..end);
    }
    // A literal of bytes or a raw string: `b".."`, `r#".."#`.
    let prefix = bytes[start..].iter().take(2).take_while(|byte| b"bcr".contains(byte)).count();
    let literal = skip(start + prefix, b"#");
    if prefix > 0 && bytes.get(literal) == Some(&b'"') {
        start = literal;
    }
    // Only a quoted text has a wrapper.
    if !matches!(bytes.get(start), Some(b'"' | b'\'' | b'`' | b'\\')) {
        start = first;
    }
    if let Some((open, close)) =
        TYPOGRAPHIC.iter().find(|(open, _)| text.get(start..).is_some_and(|text| text.starts_with(open)))
    {
        start += open.len();
        return Some(start..text[start..].find(close).map_or(text.len(), |end| start + end))
            .filter(|found| !found.is_empty());
    }
    let open = start;
    start = skip(start, b"\\\"'`");
    let quote = bytes[open..start].iter().rposition(|byte| b"\"'`".contains(byte)).map(|at| open + at);
    let escapes = quote.map_or(0, |at| backslashes(&bytes[open..at]));
    let end = match quote {
        Some(at) => closing_quote(bytes, start, bytes[at], escapes).map_or(bytes.len(), |at| at - escapes),
        None if extent == Extent::Line && !is_state(&text[start..]) => {
            memchr2(b'\n', b'\r', &bytes[start..]).map_or(bytes.len(), |len| start + len)
        }
        None => (start..bytes.len()).find(|at| extent.ends_at(bytes, *at)).unwrap_or(bytes.len()),
    };
    let mut end = end.max(start);
    // `Key("id", "..")`: any of the arguments may be the credential.
    if let (Some(arguments), Some(quote)) = (arguments, quote) {
        let close = container_end(bytes, arguments);
        let rest = bytes.get(end + escapes + 1..close).unwrap_or_default();
        if memchr(bytes[quote], rest).is_some() {
            return Some(first..close);
        }
    }
    // The scheme may be kept.
    let scheme = SCHEMES.into_iter().find(|scheme| {
        bytes[start..end].len() > scheme.len()
            && bytes[start..start + scheme.len()].eq_ignore_ascii_case(scheme)
            && bytes[start + scheme.len()] == b' '
    });
    if let Some(scheme) = scheme {
        start = skip(start + scheme.len(), b" ");
        if quote.is_none() && start >= end {
            end = start + bytes[start..].iter().take_while(|byte| is_token(**byte)).count();
        }
    } else if quote.is_none() && SCHEMES.into_iter().any(|scheme| bytes[start..end].eq_ignore_ascii_case(scheme)) {
        // The scan continues at the scheme's space and finds the token after it.
        return None;
    }
    (start < end && text.get(start..end).is_some()).then_some(start..end)
}

/// The number of backslashes at the end.
fn backslashes(bytes: &[u8]) -> usize {
    bytes.iter().rev().take_while(|byte| **byte == b'\\').count()
}

/// The quote that closes a text. `escapes` is the number of backslashes before the opening quote: in JSON inside of
/// JSON, one backslash closes the text and three do not.
fn closing_quote(bytes: &[u8], start: usize, quote: u8, escapes: usize) -> Option<usize> {
    let mask = escapes.saturating_mul(2).saturating_add(1);
    let mut from = start;
    loop {
        let at = from + memchr(quote, &bytes[from..])?;
        if backslashes(&bytes[start..at]) & mask == escapes {
            return Some(at);
        }
        from = at + 1;
    }
}

/// The end of a list, an object or arguments that start at `start`, or of the text if they are not closed.
fn container_end(bytes: &[u8], start: usize) -> usize {
    let (mut depth, mut at) = (0_usize, start);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'[' | b'{' | b'(' => depth += 1,
            b']' | b'}' | b')' => depth = depth.saturating_sub(1),
            b'"' => at = closing_quote(bytes, at + 1, b'"', backslashes(&bytes[start..at])).unwrap_or(bytes.len()),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
        at += 1;
    }
    bytes.len()
}
